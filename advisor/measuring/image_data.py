"""Labelled images: found in class folders or a table, chosen, known by their content, and read one by one."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from advisor.catalog.csv_table import stream_csv
from advisor.digests import digest
from advisor.errors import AdvisorError, Fault, reason_of, shown, with_all_faults

ENDINGS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""How the names of images end, as torchvision's `ImageFolder` has it."""

SEED = 0
"""Of the choice of images, so that the same are chosen everywhere."""

CALIBRATING = 128
"""By so many images int8 ranges are set: more change them little."""

MOST_NAMED = 20
UNREADABLE = "leave out what cannot be read: --skip-bad"


@dataclass(frozen=True)
class LabelledImage:
    """One image of a data set.

    Attributes:
        path: where it lies, as an absolute path.
        label: the index of its class; what a file of annotations calls it where it has boxes.
        content: a digest of its file.
    """

    path: str
    label: int
    content: str = ""

    def read(self) -> bytes:
        """The file as it was when the data set was read.

        Raises:
            ChangedError: it is another now, or gone.
        """
        try:
            found = Path(self.path).read_bytes()
        except OSError as error:
            raise ChangedError(f"{self.path}: {reason_of(error)}") from None
        if digest(found) != self.content:
            raise ChangedError(f"{self.path} has changed since this run began")
        return found


class ChangedError(AdvisorError):
    """A data set is not what it was when the run began."""


@dataclass(frozen=True)
class ImageSet:
    """The images that networks are evaluated on.

    Attributes:
        place: the folder, or the table, that they were found by.
        classes: what the classes are called, in the order of their indices; none where indices are given.
        images: those that were chosen, in the order in which they were found.
        found: how many there are in all.
        unreadable: files that could not be read, and why.
        notes: what is to be said of them.
    """

    place: Path
    classes: tuple[str, ...]
    images: tuple[LabelledImage, ...]
    found: int
    unreadable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def content(self) -> str:
        """A digest of the images and their labels, whatever they are called and wherever they lie."""
        lines = sorted(f"{each.label} {each.content}" for each in self.images)
        return blake2b("\n".join(lines).encode(), digest_size=6).hexdigest()

    @property
    def name(self) -> str:
        """What the data set is called unless its user says so."""
        return f"images-{self.content}"

    def check_classes(self, outputs: int, network: str) -> None:
        """Refuse a network that has other classes than the images are of.

        Args:
            outputs: how many classes it has.
            network: the network.

        Raises:
            AdvisorError: it is such.
        """
        hint = "say by a CSV file of path and label which output is which: --data images.csv"
        if self.classes and len(self.classes) != outputs:
            raise AdvisorError(
                f"{self.place} has {len(self.classes)} classes, and {network} has {outputs}",
                hint,
            )
        beyond = [each for each in self.images if each.label >= outputs]
        if beyond:
            raise AdvisorError(
                f"{self.place}: {len(beyond)} labels are out of range, such as {beyond[0].label} of "
                f"{beyond[0].path}: {network} has {outputs} classes",
                f"labels are 0 to {outputs - 1}",
            )

    def check_listing(self) -> None:
        """See that no image came or went while networks ran on them.

        Raises:
            ChangedError: one did.
        """
        if _listed(self.place)[0] and len(_listed(self.place)[0]) != self.found:
            raise ChangedError(
                f"{self.place}: images came or went since this run began", "run it again"
            )


def read_image_set(
    place: Path,
    most: int | None = None,
    *,
    skip_bad: bool = False,
    on_progress: Callable[[str, float], None] = lambda what, remaining_s: None,  # noqa: ARG005
) -> ImageSet:
    """Find labelled images, choose some, and take the digest of each.

    Args:
        place: a folder with a folder for each class, whose sorted names are the indices, as torchvision's
            `ImageFolder` has them; or a CSV file with the columns `path` and `label`. A label is an index
            from 0; where any is none, labels are names, and their sorted order gives the indices.
        most: how many to choose, by a fixed seed; `None` for all.
        skip_bad: whether files that cannot be read, and empty class folders, are left out.
        on_progress: hears of the progress.

    Raises:
        AdvisorError: there are no images, a label is none, or a file cannot be read.
    """
    listed, classes, notes = _listed(place)
    _check_classes(place, listed, classes, skip_bad=skip_bad)
    images, bad = digested(place, chosen_of(listed, most), skip_bad, on_progress)
    return ImageSet(place, classes, images, len(listed), bad, notes)


def digested(
    place: Path,
    chosen: Sequence[LabelledImage],
    skip_bad: bool,
    on_progress: Callable[[str, float], None],
) -> tuple[tuple[LabelledImage, ...], tuple[str, ...]]:
    """Images with the digests of their files, and why others cannot be read; see `read_image_set`."""
    images, bad = [], []
    for count, each in enumerate(chosen):
        if count % 1000 == 0:
            on_progress(f"reading {len(chosen)} images", 0.0)
        try:
            content = digest(Path(each.path).read_bytes())
        except OSError as error:
            bad.append(Fault(Path(each.path), 0, "", reason_of(error), "", explains=True))
        else:
            images.append(LabelledImage(each.path, each.label, content))
    if bad and not skip_bad:
        raise with_all_faults(bad, UNREADABLE)
    if not images:
        raise AdvisorError(f"{place}: none of its {len(chosen)} images can be read")
    return tuple(images), tuple(map(str, bad))


def chosen_of(images: Sequence[LabelledImage], most: int | None) -> list[LabelledImage]:
    """So many of the images, by a fixed seed, in their order; all where there are no more."""
    if most is None or most >= len(images):
        return list(images)
    places = random.Random(SEED).sample(range(len(images)), most)  # noqa: S311  (a choice, no secret)
    return [images[place] for place in sorted(places)]


def calibrating_images(folder: Path) -> tuple[LabelledImage, ...]:
    """Images of a folder, and of those below, by which int8 ranges are set: a few, by a fixed seed.

    Raises:
        AdvisorError: there are none, or one cannot be read.
    """
    listed = [LabelledImage(path, 0) for path in image_files(folder)]
    if not listed:
        raise AdvisorError(f"{folder}: there is no image in it", "name a folder of images")
    images = []
    for each in chosen_of(listed, CALIBRATING):
        try:
            images.append(LabelledImage(each.path, 0, digest(Path(each.path).read_bytes())))
        except OSError as error:
            raise AdvisorError(f"{each.path}: {reason_of(error)}") from None
    return tuple(images)


def image_files(folder: Path) -> list[str]:
    """The images in a folder and in all folders below, sorted as torchvision sorts them.

    Raises:
        AdvisorError: it is no folder, or cannot be listed.
    """
    if not folder.is_dir():
        raise AdvisorError(f"{folder}: there is no such folder")
    found = []
    for root, _, names in sorted(os.walk(folder, onerror=_refuse, followlinks=True)):
        found += [
            str(Path(root, name).resolve())
            for name in sorted(names)
            if name.lower().endswith(ENDINGS) and not name.startswith(".")
        ]
    return found


def _refuse(error: OSError) -> None:
    raise AdvisorError(f"{error.filename}: {reason_of(error)}")


def _listed(place: Path) -> tuple[list[LabelledImage], tuple[str, ...], tuple[str, ...]]:
    """All images with their labels, the names of the classes, and what is to be said."""
    if place.is_dir():
        return _in_folders(place)
    if not place.exists():
        raise AdvisorError(f"{place}: there is no such folder or file")
    return _in_table(place)


def _in_folders(place: Path) -> tuple[list[LabelledImage], tuple[str, ...], tuple[str, ...]]:
    try:
        with os.scandir(place) as entries:
            names = sorted(each.name for each in entries if each.is_dir())
    except OSError as error:
        raise AdvisorError(f"{place}: {reason_of(error)}") from None
    hidden = [name for name in names if name.startswith(".")]
    classes = tuple(name for name in names if not name.startswith("."))
    notes = (f"{place}: {', '.join(hidden)} is no class",) if hidden else ()
    images = [
        LabelledImage(path, label)
        for label, name in enumerate(classes)
        for path in image_files(place / name)
    ]
    if not classes:
        raise AdvisorError(
            f"{place}: it has no class folders",
            "put the images of each class into a folder, or give a CSV file of path and label",
        )
    return images, classes, notes


def _in_table(place: Path) -> tuple[list[LabelledImage], tuple[str, ...], tuple[str, ...]]:
    hint = "give a folder of class folders, or a CSV file with the columns path and label"
    rows: list[tuple[str, str]] = []
    faults = []
    for number, cells in enumerate(stream_csv(place, ("path", "label"), hint=hint), start=2):
        if cells is None or not all(cells):
            faults.append(Fault(place, number, "", "a row without a path or a label", "both"))
        else:
            rows.append((cells[0], cells[1]))
    words = {label for _, label in rows}
    indices = {word: int(word) for word in words if word.isascii() and word.isdecimal()}
    negative = [word for word in words if word.removeprefix("-").isdecimal() and word[0] == "-"]
    if negative:
        found = shown(min(negative))
        faults.append(Fault(place, 0, "label", found, "an index from 0, or the name of a class"))
    if faults:
        raise with_all_faults(faults)
    classes: tuple[str, ...] = ()
    if len(indices) < len(words):
        classes = tuple(sorted(words))
        indices = {word: index for index, word in enumerate(classes)}
    images = [
        LabelledImage(str((place.parent / path).resolve()), indices[label]) for path, label in rows
    ]
    return images, classes, ()


def _check_classes(
    place: Path, images: Sequence[LabelledImage], classes: Sequence[str], *, skip_bad: bool
) -> None:
    """Refuse classes without images, and a data set without any.

    Raises:
        AdvisorError: there are such.
    """
    if not images:
        endings = ", ".join(ENDINGS)
        raise AdvisorError(f"{place}: there is no image in it", f"images end in {endings}")
    there = {each.label for each in images}
    empty = [name for index, name in enumerate(classes) if index not in there]
    if empty and not skip_bad:
        raise AdvisorError(
            f"{place}: no image in {few(empty)}",
            "an empty class folder still counts as a class; if that is meant: --skip-bad",
        )


def few(names: Iterable[str]) -> str:
    """Names in a message, no more than fit one."""
    every = list(names)
    more = f" and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else ""
    return ", ".join(every[:MOST_NAMED]) + more
