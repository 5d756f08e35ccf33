"""A small network trained on scikit-learn's digits, and these as image files: what is evaluated in tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

from advisor.measuring.preprocessing import Preprocessing, decoded

SIDE = 16
HOW = Preprocessing(SIDE, SIDE, 1, SIDE, (0.5,), (0.25,))
"""What `--crop 1 --mean 0.5 --std 0.25` says."""
OPTIONS = ("--crop", "1", "--mean", "0.5", "--std", "0.25")
CODE = """\
from torch import nn

def make():
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.BatchNorm2d(12), nn.ReLU(),
        nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 16, 10),
    )
"""


@dataclass(frozen=True)
class Digits:
    """Where all of it lies.

    Attributes:
        folder: beside the code of the network, `digit_net.py`.
        data: 360 images that the network has not seen, in class folders.
        training: some of those that it has.
        weights: its state dict.
        right: for each image of `data`, in `ImageFolder`'s order, whether a plain loop has it right.
    """

    folder: Path
    data: Path
    training: Path
    weights: Path
    right: tuple[bool, ...]


def write_images(folder: Path, images: Any, labels: Any) -> None:
    """Digits as PNG files, each twice as large, in a folder for each class."""
    for count, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        grey = np.kron(np.minimum(pixels * 16, 255), np.ones((2, 2))).astype(np.uint8)
        Image.fromarray(grey).save(place / f"{count:04}.png")


def files_in(data: Path) -> list[tuple[Path, int]]:
    """The images of class folders with their labels, in `ImageFolder`'s order."""
    classes = sorted(each for each in data.iterdir() if each.is_dir())
    return [(file, label) for label, each in enumerate(classes) for file in sorted(each.iterdir())]


def pixels_of(files: list[tuple[Path, int]]) -> torch.Tensor:
    """The images as the network takes them; shape (images, 1, 16, 16)."""
    return torch.from_numpy(np.stack([decoded(file.read_bytes(), HOW) for file, _ in files]))


def made_digits(folder: Path) -> Digits:
    """Write the images, train the network on them, and ask it by a plain loop."""
    digits = load_digits()
    write_images(folder / "train", digits.images[:1200], digits.target[:1200])
    write_images(folder / "test", digits.images[1437:], digits.target[1437:])
    (folder / "digit_net.py").write_text(CODE)
    scope: dict[str, Any] = {}
    exec(CODE, scope)  # noqa: S102
    torch.manual_seed(1)
    network: nn.Module = scope["make"]()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so small a network more only wait for one another
    _train(network, files_in(folder / "train"))
    torch.set_num_threads(threads)
    weights = folder / "digits.pth"
    torch.save(network.state_dict(), weights)
    files = files_in(folder / "test")
    with torch.inference_mode():
        answers = network.eval()(pixels_of(files)).numpy()
    right = [
        bool(np.argmax(each) == label) for each, (_, label) in zip(answers, files, strict=True)
    ]
    return Digits(folder, folder / "test", folder / "train", weights, tuple(right))


def _train(network: nn.Module, files: list[tuple[Path, int]]) -> None:
    images, labels = pixels_of(files), torch.tensor([label for _, label in files])
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    network.train()
    for _ in range(6):
        for some in torch.split(torch.randperm(len(labels)), 64):
            optimiser.zero_grad()
            off = nn.functional.cross_entropy(network(images[some]), labels[some])
            off.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
