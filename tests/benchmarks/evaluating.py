"""How fast `advisor evaluate` is beside a plain loop of PyTorch, and how its memory grows with the images.

    python -m tests.benchmarks.evaluating [--images 512] [--rounds 5] [--memory 1000,20000]

Images per second of ResNet-18 on JPEG files in eager fp32 at batch 32, alternating with a loop that opens,
prepares and classifies the same files; both from weights in a file to the last answer, libraries loaded. The
ratio is the median over the rounds, and is to be 0.9 at least; that of the processor's seconds says it on a
busy machine. Then, by the number of images, the peak
resident memory of the process that evaluates and of its largest child: of a network of two layers and small
images, so that it takes minutes. Meant for a quiet machine; the whole takes ten minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from PIL import Image

CODE = """\
from torch import nn

def tiny():
    first = nn.Conv2d(3, 8, 3, stride=4)
    return nn.Sequential(first, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
"""
BATCH = 32
DIFFERENT = 64
"""So many images are made; the others are copies of their files."""


def write_images(folder: Path, count: int, side: tuple[int, int]) -> Path:
    """JPEG files of smooth noise, and the table of their labels."""
    random = np.random.default_rng(0)
    folder.mkdir()
    lines = ["path,label"]
    for place in range(count):
        file = folder / f"{place:05}.jpg"
        if place < DIFFERENT:
            coarse = random.integers(0, 256, (side[1] // 16, side[0] // 16, 3), dtype=np.uint8)
            image = Image.fromarray(coarse).resize(side, Image.Resampling.BICUBIC)
            image.save(file, quality=90)
        else:
            shutil.copyfile(folder / f"{place % DIFFERENT:05}.jpg", file)
        lines.append(f"{file.name},{place % 10}")
    table = folder / "images.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


def by_advisor(table: Path, weights: Path, folder: Path) -> float:
    """Seconds that `advisor.evaluate` takes."""
    import advisor

    catalog = Path(tempfile.mkdtemp(dir=folder))
    began = time.perf_counter()
    found = advisor.evaluate("tv:resnet18", table, weights=weights, batch=BATCH, catalog=catalog)
    seconds = time.perf_counter() - began
    assert found.ways[0].accuracy_percent is not None
    return seconds


def by_loop(table: Path, weights: Path) -> float:
    """Seconds that a plain loop takes."""
    import torch

    from advisor.architectures.libraries import torchvision_models

    models: Any = torchvision_models()
    from torchvision.transforms._presets import ImageClassification

    began = time.perf_counter()
    network = models.resnet18(weights=None)
    network.load_state_dict(torch.load(weights, weights_only=True))
    network.eval()
    prepare = ImageClassification(crop_size=224, resize_size=256)
    rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
    right = 0
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            images = []
            for name, _ in some:
                with Image.open(table.parent / name) as opened:
                    images.append(prepare(opened.convert("RGB")))
            answers = network(torch.stack(images)).argmax(1).tolist()
            right += sum(
                answer == int(label) for answer, (_, label) in zip(answers, some, strict=True)
            )
    return time.perf_counter() - began


def speed(folder: Path, images: int, rounds: int) -> None:
    """Print images per second of both, round by round."""
    import torch

    from advisor.architectures.libraries import torchvision_models

    models: Any = torchvision_models()
    torch.manual_seed(0)
    weights = folder / "resnet18-random.pth"
    torch.save(models.resnet18(weights=None).state_dict(), weights)
    table = write_images(folder / "images", images, (480, 360))
    small = write_images(folder / "few", BATCH, (480, 360))
    by_advisor(small, weights, folder)
    by_loop(small, weights)
    ways = {
        "loop": lambda: by_loop(table, weights),
        "advisor": lambda: by_advisor(table, weights, folder),
    }
    wall: list[float] = []
    processor: list[float] = []
    for turn in range(rounds):
        took = {}
        for name in sorted(ways, reverse=bool(turn % 2)):
            before = processor_seconds()
            seconds = ways[name]()
            took[name] = seconds, processor_seconds() - before
        wall.append(took["loop"][0] / took["advisor"][0])
        processor.append(took["loop"][1] / took["advisor"][1])
        speeds = ", ".join(f"{name} {images / each[0]:.1f}" for name, each in took.items())
        print(
            f"round {turn + 1}: {speeds} images/s, ratio {wall[-1]:.3f}; of the processor's seconds "
            f"{processor[-1]:.3f}",
            flush=True,
        )
    print(
        f"median ratio {median(wall):.3f} (to be 0.9 at least), of the processor's seconds "
        f"{median(processor):.3f}"
    )


def processor_seconds() -> float:
    """What this process and all that it started have taken of the processor."""
    own = psutil.Process()
    return sum(sum(each.cpu_times()[:4]) for each in [own, *own.children(recursive=True)])


ALONE = """
import json, resource, sys
import advisor
found = advisor.evaluate("tiny=tiny_net:tiny@32", sys.argv[1], batch=32, catalog=sys.argv[2])
assert found.ways[0].accuracy_percent is not None
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000))
"""


def memory(folder: Path, images: int) -> tuple[float, float, float]:
    """Peak MB of the process and of its largest child, and seconds, for so many images."""
    table = write_images(folder / f"small-{images}", images, (64, 48))
    catalog = Path(tempfile.mkdtemp(dir=folder))
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE, str(table), str(catalog)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(folder)])},
        stdout=subprocess.PIPE,
    )
    largest = [0.0]

    def watch() -> None:
        own = psutil.Process(process.pid)
        while process.poll() is None:
            for each in own.children(recursive=True) if own.is_running() else ():
                try:
                    largest[0] = max(largest[0], each.memory_info().rss / 1e6)
                except psutil.Error:  # it has ended meanwhile
                    continue
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = process.communicate()
    watcher.join()
    return float(json.loads(out)), largest[0], time.perf_counter() - began


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", default="1000,20000")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tiny_net.py").write_text(CODE)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        if asked.rounds:
            speed(folder, asked.images, asked.rounds)
        for count in map(int, filter(None, asked.memory.split(","))):
            own, child, seconds = memory(folder, count)
            print(
                f"{count} images: the process takes {own:.0f} MB at most, its largest child {child:.0f} MB; "
                f"{count / seconds:.0f} images/s",
                flush=True,
            )


if __name__ == "__main__":
    main()
