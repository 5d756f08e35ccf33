"""Images with the boxes of what is on them, as COCO's files of annotations have them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from advisor.digests import digest
from advisor.errors import AdvisorError, BrokenFileError, Fault, reason_of, shown, with_all_faults
from advisor.measuring.image_data import (
    UNREADABLE,
    ImageSet,
    LabelledImage,
    chosen_of,
    digested,
    few,
    image_files,
)

ANNOTATIONS = "annotations"
"""The folder in which a file of annotations may lie, beside the folders of its images."""

ORDER, IDS, NAMES = "order", "ids", "names"
"""How a network's classes become categories: by the order of their ids, as these ids, or by their names."""

WHICH_IS_WHICH = (
    "say which class is which category: --classes ids, or the names of the network's classes in its order, "
    "--classes NAME,NAME,... or a file with a name a line"
)

MOST_PIXELS = 1e6
"""No image is as wide or as high."""

AS_EXPECTED = (
    "as COCO's instances files are: images, annotations and categories, each a list of objects"
)


@dataclass(frozen=True)
class Box:
    """What is on an image.

    Attributes:
        image: the image's id.
        category: the id of what it is.
        corner: the left upper corner: x and y, in pixels.
        size: width and height.
        crowd: whether it holds many of them, so that finding it is neither right nor wrong.
    """

    image: int
    category: int
    corner: tuple[float, float]
    size: tuple[float, float]
    crowd: bool = False


@dataclass(frozen=True)
class AnnotatedImages(ImageSet):
    """Images that detectors are evaluated on; the label of each is its id in the file of annotations.

    Attributes:
        boxes: what is on them.
        categories: what the categories are called, by their ids in ascending order.
        mapping: how a network's classes become categories: `ORDER`, `IDS`, or the names of the classes in the
            network's order; "" for ids where the network's labels are such, else for order.
        file: a digest of the file of annotations.
    """

    boxes: tuple[Box, ...] = ()
    categories: Mapping[int, str] = field(default_factory=dict)
    mapping: str | tuple[str, ...] = ""
    file: str = ""

    @cached_property
    def content(self) -> str:
        """A digest of the images and what is on them, whatever they are called and wherever they lie."""
        on: dict[int, list[str]] = defaultdict(list)
        for each in self.boxes:
            what = f"{each.category} {each.corner} {each.size} {each.crowd}"
            on[each.image].append(what)
        lines = sorted(f"{each.content} {sorted(on[each.label])}" for each in self.images)
        text = "\n".join([str(sorted(self.categories.items())), *lines])
        return blake2b(text.encode(), digest_size=6).hexdigest()

    def check_listing(self) -> None:
        """See that the file of annotations is what it was; see `ImageSet`."""
        if digest(_bytes_of(self.place)) != self.file:
            raise AdvisorError(f"{self.place} has changed since this run began", "run it again")

    def check_classes(self, outputs: int, network: str) -> None:
        """Refuse a network that has other classes; see `ImageSet`.

        Args:
            outputs: how many classes it has.
            network: the network.
        """
        if isinstance(self.mapping, tuple):
            if len(self.mapping) != outputs:
                raise AdvisorError(
                    f"classes: {len(self.mapping)} names, and {network} has {outputs} classes"
                )
        elif self.mapping != IDS and len(self.categories) != outputs:
            raise AdvisorError(
                f"{self.place} has {len(self.categories)} categories, and {network} has {outputs} classes",
                WHICH_IS_WHICH,
            )

    def check_found(self, classes: Iterable[int], first_class: int, network: str) -> None:
        """Refuse a network that finds a class beyond those that become categories.

        Where its output does not say how many classes it has, what it finds shows that it has others. Ids
        that are given as such may be of some of its classes only.

        Args:
            classes: the indices of the classes that it finds.
            first_class: the index of its first class.
            network: the network.

        Raises:
            AdvisorError: it does.
        """
        how = self.mapped_by(first_class)
        if self.mapping == IDS:
            return
        if how == IDS:
            first, last = 0, max(self.categories)
        else:
            count = len(self.mapping) if isinstance(self.mapping, tuple) else len(self.categories)
            first, last = first_class, first_class + count - 1
        beyond = [each for each in classes if not first <= each <= last]
        if beyond:
            raise AdvisorError(
                f"{network} finds class {max(beyond)}, and by {how} classes {first} to {last} are the "
                f"categories of {self.place}",
                WHICH_IS_WHICH,
            )

    def mapped_by(self, first_class: int) -> str:
        """How classes become categories, in a word: `ORDER`, `IDS` or `NAMES`.

        Args:
            first_class: the index of the network's first class.
        """
        if isinstance(self.mapping, tuple):
            return NAMES
        return self.mapping or (IDS if first_class else ORDER)

    def category_of(self, first_class: int) -> Callable[[int], int | None]:
        """What a network's class is in the file of annotations; `None` for a class that it does not have.

        Args:
            first_class: the index of the network's first class.
        """
        ids = list(self.categories)
        if self.mapped_by(first_class) == IDS:
            return lambda label: label if label in self.categories else None
        if isinstance(self.mapping, tuple):
            by_name = {name: each for each, name in self.categories.items()}
            ids_of_names = [by_name.get(name) for name in self.mapping]
            return lambda label: _at(ids_of_names, label - first_class)
        return lambda label: _at(ids, label - first_class)


def _at(ids: Sequence[int | None], place: int) -> int | None:
    return ids[place] if 0 <= place < len(ids) else None


def read_annotated_images(
    place: Path,
    most: int | None = None,
    *,
    classes: str | Sequence[str] | None = None,
    skip_bad: bool = False,
    on_progress: Callable[[str, float], None] = lambda what, remaining_s: None,  # noqa: ARG005
) -> AnnotatedImages:
    """Find annotated images, choose some, and take the digest of each.

    Args:
        place: a file of annotations as COCO has them; or the folder that has one, in it or in its folder
            `annotations`. The images lie in that folder, or anywhere below.
        most: how many to choose, by a fixed seed; `None` for all.
        classes: see `read_mapping`.
        skip_bad: whether images that are missing or cannot be read are left out.
        on_progress: hears of the progress.

    Raises:
        AdvisorError: there is no such file, or several; it is broken; or images are missing.
    """
    file = annotations_in(place)
    raw = _bytes_of(file)
    content = _read(file, raw)
    boxes, categories = _checked(file, content)
    root = file.parent.parent if file.parent.name == ANNOTATIONS else file.parent
    listed, missing = _listed(root, content["images"])
    if missing and not skip_bad:
        raise with_all_faults(
            (Fault(file, 0, "", each, "", explains=True) for each in missing),
            f"{len(missing)} of {len(content['images'])} images; {UNREADABLE}",
        )
    if not listed:
        raise AdvisorError(f"{file}: none of its images is in {root} or below")
    images, unreadable = digested(file, chosen_of(listed, most), skip_bad, on_progress)
    sizes = {each["id"]: (each.get("width"), each.get("height")) for each in content["images"]}
    images, others = _of_their_size(images, sizes, skip_bad=skip_bad)
    chosen = {each.label for each in images}
    on = tuple(each for each in boxes if each.image in chosen)
    if all(each.crowd for each in on):
        raise AdvisorError(f"{file}: there is no box on its {len(images)} images")
    mapping, notes = read_mapping(classes, categories)
    return AnnotatedImages(
        file,
        tuple(categories.values()),
        images,
        len(content["images"]),
        (*missing, *unreadable, *others),
        notes,
        on,
        categories,
        mapping,
        digest(raw),
    )


def annotations_in(place: Path) -> Path:
    """The file of annotations that a place names.

    Raises:
        AdvisorError: there is none, or several.
    """
    if not place.is_dir():
        return place.resolve()
    found = [*sorted(place.glob("*.json")), *sorted((place / ANNOTATIONS).glob("*.json"))]
    if not found:
        raise AdvisorError(
            f"{place}: no file of annotations in it, nor in {ANNOTATIONS}/",
            "for detection give a JSON file as COCO's, or the folder that has one",
        )
    if len(found) > 1:
        names = few(str(each.relative_to(place)) for each in found)
        raise AdvisorError(
            f"{place}: several files of annotations: {names}", "give one: --data FILE"
        )
    return found[0].resolve()


def read_mapping(
    classes: str | Sequence[str] | None, categories: Mapping[int, str]
) -> tuple[str | tuple[str, ...], tuple[str, ...]]:
    """How a network's classes become categories, and what is to be said of that.

    Args:
        classes: "order" (the first class is the category of the lowest id), "ids" (a class is its category's
            id), the classes' names in the network's order with commas between them, or a file with a name a
            line; `None` for ids where a network's labels are such, else for order.
        categories: what they are called, by id.

    Raises:
        AdvisorError: none of the names is a category's, names repeat, or two categories have one of them.
    """
    if classes is None or classes in (ORDER, IDS):
        return classes or "", ()
    if isinstance(classes, str):
        try:
            is_file = "," not in classes and Path(classes).is_file()
            text = Path(classes).read_text(encoding="utf-8") if is_file else classes
        except (OSError, UnicodeError) as error:
            raise AdvisorError(f"classes: {shown(classes)} cannot be read: {error}") from None
        classes = text.strip().splitlines() if is_file else text.split(",")
    names = tuple(each.strip() for each in classes)
    known = set(categories.values())
    if len(set(names)) < len(names):
        raise AdvisorError("classes: a name stands twice", "give each class of the network once")
    if not known & set(names):
        raise AdvisorError(
            f"classes: none of {few(map(shown, names))} is a category",
            f"the categories: {few(map(shown, categories.values()))}; or give {ORDER} or {IDS}",
        )
    called = list(categories.values())
    shared = [each for each in names if called.count(each) > 1]
    if shared:
        raise AdvisorError(
            f"classes: {called.count(shared[0])} categories are called {shown(shared[0])}",
            f"give {ORDER} or {IDS}",
        )
    lacking = [each for each in categories.values() if each not in names]
    return names, (
        (f"the network has no class for {few(lacking)}, which it cannot find",) if lacking else ()
    )


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise AdvisorError(f"{file}: {reason_of(error)}") from None


def _read(file: Path, raw: bytes) -> dict[str, Any]:
    """What a file of annotations holds, its three lists being there."""
    try:
        content = json.loads(raw, parse_constant=_refused)
    except json.JSONDecodeError as error:
        fault = Fault(file, error.lineno, str(error.colno), error.msg, "", explains=True)
        raise BrokenFileError([fault], f"annotations are JSON, {AS_EXPECTED}") from None
    except (ValueError, RecursionError) as error:
        raise AdvisorError(f"{file}: no JSON ({error})", AS_EXPECTED) from None
    lists = content if isinstance(content, dict) else {}
    for name in ("images", "annotations", "categories"):
        if not isinstance(lists.get(name), list):
            raise AdvisorError(f"{file}: it has no list {name!r}", AS_EXPECTED)
    return lists


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _checked(file: Path, content: Mapping[str, Any]) -> tuple[list[Box], dict[int, str]]:
    """The boxes and the categories of a file whose every part is as it should be.

    Raises:
        BrokenFileError: with every fault.
    """
    faults: list[str] = []
    categories: dict[int, str] = {}
    for place, each in _objects(content, "categories", faults):
        if not isinstance(each.get("name"), str):
            faults.append(f"{place}.name is {shown(str(each.get('name')))}, and no text")
        else:
            categories[each["id"]] = each["name"]
    images = set()
    for place, each in _objects(content, "images", faults):
        images.add(each["id"])
        if not isinstance(each.get("file_name"), str) or not each["file_name"]:
            faults.append(f"{place}.file_name is {shown(str(each.get('file_name')))}, and no file")
        elif Path(each["file_name"]).is_absolute() or ".." in Path(each["file_name"]).parts:
            faults.append(f"{place}.file_name {shown(each['file_name'])} leads out of the folder")
    boxes = [
        found
        for place, each in _objects(content, "annotations", faults)
        if (found := _box_in(place, each, images, categories, faults))
    ]
    if faults:
        raise with_all_faults(Fault(file, 0, "", each, "", explains=True) for each in faults)
    return boxes, dict(sorted(categories.items()))


def _box_in(
    place: str,
    each: Mapping[str, Any],
    images: Container[object],
    categories: Container[object],
    faults: list[str],
) -> Box | None:
    """The box of an annotation; `None` where it has faults, which are noted."""
    count = len(faults)
    for what, key, known in (
        ("image", "image_id", images),
        ("category", "category_id", categories),
    ):
        if not _is_id(each.get(key)) or each[key] not in known:
            faults.append(f"{place}.{key} is {shown(str(each.get(key)))}, which no {what} has")
    bbox = each.get("bbox")
    if not isinstance(bbox, list) or not _is_box(bbox):
        faults.append(f"{place}.bbox is {shown(str(bbox))}, and not x, y, width, height")
        return None
    if len(faults) > count:
        return None
    x, y, width, height = map(float, bbox)
    crowd = bool(each.get("iscrowd"))
    return Box(each["image_id"], each["category_id"], (x, y), (width, height), crowd)


def _objects(
    content: Mapping[str, Any], name: str, faults: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list that have an id of their own, and where each stands."""
    seen = set()
    for count, each in enumerate(content[name]):
        place = f"{name}[{count}]"
        if not isinstance(each, dict) or (name != ANNOTATIONS and not _is_id(each.get("id"))):
            faults.append(f"{place} is no object with a whole number as its id")
        elif name != ANNOTATIONS and each["id"] in seen:
            faults.append(f"{place}.id is {each['id']}, which another has, too")
        else:
            seen.add(each.get("id") if name != ANNOTATIONS else count)
            yield place, each


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_box(value: Sequence[object]) -> bool:
    numbers = [
        each for each in value if isinstance(each, int | float) and not isinstance(each, bool)
    ]
    return (
        len(value) == len(numbers) == 4
        and all(abs(each) < MOST_PIXELS for each in numbers)
        and min(numbers[2:]) >= 0
    )


def _listed(
    root: Path, images: Iterable[Mapping[str, Any]]
) -> tuple[list[LabelledImage], list[str]]:
    """Where the images of a file lie, in its order; and what is said of those that do not."""
    below: dict[str, list[str]] | None = None
    listed, missing = [], []
    for each in images:
        name = each["file_name"]
        path = root / name
        if not path.is_file():
            if below is None:
                below = defaultdict(list)
                for found in image_files(root):
                    below[Path(found).name].append(found)
            ends = "/" + name.replace("\\", "/").removeprefix("./")
            fitting = [it for it in below[Path(name).name] if Path(it).as_posix().endswith(ends)]
            if len(fitting) != 1:
                where = f"is in {few(fitting)}" if fitting else f"is nowhere in {root}"
                missing.append(f"its image {shown(name)} {where}")
                continue
            path = Path(fitting[0])
        listed.append(LabelledImage(str(path.resolve()), each["id"]))
    return listed, missing


def _of_their_size(
    images: Sequence[LabelledImage], sizes: Mapping[int, tuple[Any, Any]], *, skip_bad: bool
) -> tuple[tuple[LabelledImage, ...], tuple[str, ...]]:
    """The images that are as large as their annotations say; the boxes of others lie elsewhere on them."""
    from PIL import Image

    fine, others = [], []
    for each in images:
        try:
            with Image.open(each.path) as opened:
                size = opened.size
        except Exception:  # noqa: BLE001  (what cannot be read is said when it is decoded)
            fine.append(each)
            continue
        stated = sizes[each.label]
        if any(side is not None and side != own for side, own in zip(stated, size, strict=True)):
            expected = "{} x {}".format(*stated)
            what = f"it has {size[0]} x {size[1]} pixels, and its annotations say {expected}"
            others.append(Fault(Path(each.path), 0, "", what, "", explains=True))
        else:
            fine.append(each)
    if others and not skip_bad:
        raise with_all_faults(others, UNREADABLE)
    if not fine:
        raise AdvisorError("no image is as large as its annotations say")
    return tuple(fine), tuple(map(str, others))
