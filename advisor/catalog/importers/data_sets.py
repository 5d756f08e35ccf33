"""Of which data set a table like timm's results is: as its name, its columns and its figures have it.

timm publishes a table each for ImageNet-1k, for sets that test how robust networks are (-A, -R, -V2, Sketch),
for better labels (Real), and for ImageNet-1k's images of the classes of -A and -R (`-clean`). All look alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from advisor.errors import AdvisorError, shown_path
from advisor.quality import IMAGENET, read_data_set

FILES = (
    (r"imagenet-?a-clean", "imagenet-a-clean"),
    (r"imagenet-?r-clean", "imagenet-r-clean"),
    (r"imagenet-?a", "imagenet-a"),
    (r"imagenet-?r", "imagenet-r"),
    (r"imagenet-?real", "imagenet-real"),
    (r"(?:imagenet-?)?sketch", "imagenet-sketch"),
    (r"imagenet-?v2.*", "imagenet-v2"),
    (r"imagenet(?:-?1k)?", IMAGENET),
)
"""How timm's tables are named behind `results-`."""

COMPARED = "top1_diff"
"""A column of tables that hold other data sets against ImageNet-1k."""

TORCHVISIONS = "tv_in1k", "IMAGENET1K_V1"
"""What timm and torchvision call the weights that both publish."""

FAR_OFF = 1.5
"""In points; timm finds torchvision's weights within 0.3 of what torchvision states."""

Key = tuple[str, str]
Figures = Mapping[Key, float]
"""Accuracies in percent by (architecture, name of the set)."""


def data_set_of(
    path: Path,
    figures: Figures,
    known: Figures,
    stated: str | None,
    *,
    compares: bool,
) -> str:
    """Of which data set a table is.

    Args:
        path: the table.
        figures: its accuracies.
        known: what is known of ImageNet-1k.
        stated: what the user says that it is.
        compares: whether it has columns that compare it with ImageNet-1k.

    Raises:
        AdvisorError: its name or the user says one thing, its columns or figures another; or nothing says
            anything.
    """
    named = read_data_set(stated) if stated else _by_name(path)
    said = f"is said to be of {named}" if stated else f"is called {shown_path(path.name)}"
    hint = "say which data set it is of: advisor import accuracies FILE --data-set imagenet-a-clean"
    off = _differences(figures, known)
    is_off = bool(off) and median(each for *_, each in off) > FAR_OFF
    if named in (None, IMAGENET):
        if compares:
            found = f"its column {COMPARED} compares it with {IMAGENET}"
            raise AdvisorError(f"{path} is not of {IMAGENET}: {found}", hint)
        if is_off:
            key, other, _ = max(off, key=lambda each: each[2])
            here, there = figures[key], known[other]
            found = f"{key[0]} with {key[1]} has {here:.2f} % in it, and {there:.2f} % there"
            raise AdvisorError(f"{path} is not of {IMAGENET}: {found}", hint)
        if named is None and not off:
            raise AdvisorError(
                f"{path}: neither its name nor any accuracy that is known says of which data set it is",
                hint.replace("imagenet-a-clean", IMAGENET),
            )
        return IMAGENET
    if off and not is_off:
        raise AdvisorError(f"{path} {said}, but has the figures of {IMAGENET}", hint)
    return named


def _by_name(path: Path) -> str | None:
    """The data set that the name of a file says; `None` where it says none."""
    stem = re.sub(r"^results[-_]", "", path.stem.lower().replace("_", "-"))
    return next((found for pattern, found in FILES if re.fullmatch(pattern, stem)), None)


def _differences(figures: Figures, known: Figures) -> list[tuple[Key, Key, float]]:
    """By how many points sets of weights are off what is known of them; torchvision's, else timm's own."""
    by_torchvision, by_timm = [], []
    for key, percent in figures.items():
        theirs = key[0].replace("timm:", "tv:", 1), TORCHVISIONS[1]
        if key[1] == TORCHVISIONS[0] and theirs in known:
            by_torchvision.append((key, theirs, abs(percent - known[theirs])))
        if key in known:
            by_timm.append((key, key, abs(percent - known[key])))
    return by_torchvision or by_timm
