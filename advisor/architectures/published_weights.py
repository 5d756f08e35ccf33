"""The weights that torchvision and timm publish, by their files' names, and how images are made ready."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.architectures.design import Design
from advisor.architectures.libraries import find, timm_library, torchvision_models
from advisor.errors import AdvisorError, first_line, shown
from advisor.folders import ready_cache

KEPT_IN = "weights"
"""The folder of the cache in which downloaded weights lie."""


@dataclass(frozen=True)
class PublishedSet:
    """A set of weights as its library publishes it.

    Attributes:
        name: the set's name.
        url: where its file lies; "" where the library fetches it itself.
        resize: to how many pixels the shorter side of an image is brought.
        crop: how many pixels of that are taken.
        mean: what is taken off each channel, whose values go from 0 to 1.
        std: what is divided by then.
        interpolation: how sizes are changed.
    """

    name: str
    url: str
    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.url.rpartition("/")[2]


def published_set(network: str, file: str = "") -> tuple[PublishedSet, bool] | None:
    """The set of weights in a file of that name; else the one that the library takes unless asked.

    Args:
        network: a library's network, as the catalog calls it.
        file: the file's name.

    Returns:
        The set, and whether the file is known to hold it; `None` for a network of no library.
    """
    sets = _sets_of(network)
    for each in sets:
        if file and each.file == file:
            return each, True
    return (sets[0], False) if sets else None


def downloaded(network: str, wanted: str = "") -> tuple[Path, PublishedSet]:
    """The weights that a library publishes of a network, fetched by the library's own means and kept.

    Args:
        network: a library's network, as the catalog calls it.
        wanted: what the set is called; "" for the one that the library takes unless asked.

    Raises:
        AdvisorError: there are none, or they cannot be fetched.
    """
    import torch

    sets = _sets_of(network)
    if not sets:
        raise AdvisorError(
            f"{network}: no library publishes its weights", "give them: --weights FILE"
        )
    chosen, design = next((each for each in sets if each.name == wanted), sets[0]), find(network)
    if wanted not in ("", chosen.name):
        known = ", ".join(each.name for each in sets)
        raise AdvisorError(
            f"{network}: its library does not give its weights {shown(wanted)}", f"it has {known}"
        )
    by_file = design.library == "torchvision"  # timm's files need its own way of reading them
    name = chosen.file if by_file else f"{design.name}-{chosen.name}.pth"
    path = ready_cache(KEPT_IN) / name
    try:
        if by_file:
            torch.hub.load_state_dict_from_url(
                chosen.url, model_dir=str(path.parent), progress=False, weights_only=True
            )
        elif not path.exists():
            module = timm_library().create_model(design.name, pretrained=True)
            begun = path.with_suffix(".part")
            torch.save(module.state_dict(), begun)
            begun.replace(path)
    except Exception as error:  # noqa: BLE001  (whatever a download, or the library, raises is reported)
        raise AdvisorError(
            f"the weights of {network} cannot be fetched: {first_line(error, with_kind=True)}",
            "give them: --weights FILE",
        ) from None
    return path, chosen


def _sets_of(network: str) -> list[PublishedSet]:
    """The sets of weights that a network's library publishes, its default first; none of other networks."""
    try:
        design = find(network)
    except AdvisorError:
        return []
    return list(_of_torchvision(design) if design.library == "torchvision" else _of_timm(design))


def _of_torchvision(design: Design) -> Iterator[PublishedSet]:
    """Its sets, the default first."""
    models: Any = torchvision_models()
    sets = models.get_model_weights(design.name)
    for each in dict.fromkeys([sets.DEFAULT, *sets]):
        said = each.transforms.keywords
        yield PublishedSet(
            each.name,
            each.url,
            int(said.get("resize_size", 256)),
            int(said["crop_size"]),
            tuple(said.get("mean", (0.485, 0.456, 0.406))),
            tuple(said.get("std", (0.229, 0.224, 0.225))),
            getattr(said.get("interpolation"), "value", "bilinear"),
        )


def _of_timm(design: Design) -> Iterator[PublishedSet]:
    """The set that it takes unless asked."""
    said = timm_library().models.get_pretrained_cfg(design.name, allow_unregistered=False)
    side = int(said.input_size[-1])
    yield PublishedSet(
        said.tag or "default",
        said.url or "",
        math.floor(side / said.crop_pct),
        side,
        tuple(said.mean),
        tuple(said.std),
        said.interpolation if said.interpolation in ("bilinear", "bicubic") else "bicubic",
    )
