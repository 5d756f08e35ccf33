"""What detectors put out, as boxes: the layouts that are known, by name, and which one an output has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.errors import AdvisorError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.measuring.answers import Outputs

    Boxes = NDArray[np.float32]
    """Shape (boxes, 6): x1, y1, x2, y2, score, class; the best score first."""

LEAST_SCORE = 0.001
"""Boxes of a lower score change no mean precision to speak of, and there are many."""
MOST_OVERLAP = 0.7
"""Of boxes of a class whose intersection is more than this share of their union the best one stays."""
MOST_CANDIDATES = 30_000
"""So many boxes of an image, the best ones, are held against one another."""
MOST_BOXES = 300
"""So many boxes of an image are kept: as many as YOLO's networks are evaluated on."""
MOST_ROWS = 1000
"""A network that suppresses boxes itself puts out no more."""
STRIDES: Sequence[tuple[int, ...]] = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32))
"""By how many pixels the cells are apart for which YOLO's networks put out boxes: usual, P6, P2."""
ANCHORS = 3
"""So many boxes a cell has where anchors give their shapes."""

SUPPRESSION = (
    f"scores from {LEAST_SCORE:g}, boxes of a class that overlap by more than {MOST_OVERLAP:g} suppressed, "
    f"at most {MOST_BOXES} an image"
)
"""What is done to the boxes of networks that suppress none themselves."""


@dataclass(frozen=True)
class Decoder:
    """A way to read a detector's output.

    Attributes:
        name: what it is called by.
        layout: what it takes, in words.
        first_class: the index of the first class; torchvision's networks call the background 0.
        suppresses: whether overlapping boxes are suppressed here.
        fits: whether outputs can be such, of a batch of so many images.
        is_sure: whether they can hardly be anything else; given the network's height and width, too.
        classes: how many classes they are of; 0 where they do not say.
        decode: the boxes of each image, in the network's pixels.
    """

    name: str
    layout: str
    first_class: int
    suppresses: bool
    fits: Callable[[Outputs, int], bool]
    is_sure: Callable[[Outputs, int, int], bool]
    classes: Callable[[Outputs], int]
    decode: Callable[[Outputs, int], list[Boxes]]


def decoder_of(outputs: Outputs, batch: int, size: tuple[int, int], name: str = "") -> Decoder:
    """The decoder that outputs are for.

    Args:
        outputs: what the network put out, by name.
        batch: for how many images.
        size: the height and width of what it takes.
        name: the decoder's name; "" for the one that the shapes show.

    Raises:
        AdvisorError: the shapes show none, or several, or not what the named one takes.
    """
    if name:
        chosen = named_decoder(name)
        if not chosen.fits(outputs, batch):
            raise AdvisorError(
                f"it puts out {shapes(outputs)}, and {name} decodes {chosen.layout}",
                f"known: {_known()}",
            )
        return chosen
    sure = [
        each
        for each in DECODERS.values()
        if each.fits(outputs, batch) and each.is_sure(outputs, *size)
    ]
    if len(sure) == 1:
        return sure[0]
    raise AdvisorError(
        f"it puts out {shapes(outputs)} for {size[0]} x {size[1]} pixels, which by its shape is no layout of "
        "boxes for sure",
        f"if it is one, say which by --decoder: {_known()}",
    )


def named_decoder(name: str) -> Decoder:
    """The decoder of a name.

    Raises:
        AdvisorError: there is none.
    """
    if name not in DECODERS:
        raise AdvisorError(f"decoder: unknown {shown(name)}", f"known: {_known()}")
    return DECODERS[name]


def _known() -> str:
    return "; ".join(f"{each.name} ({each.layout})" for each in DECODERS.values())


def shapes(outputs: Outputs) -> str:
    """The shapes of outputs in a message."""
    listed = [
        f"{shown(name)} [{', '.join(map(str, each.shape))}]" for name, each in outputs.items()
    ]
    more = f" and {len(listed) - 6} more" if len(listed) > 6 else ""
    return (", ".join(listed[:6]) or "nothing") + more


def suppressed(boxes: Boxes) -> Boxes:
    """Boxes without those that overlap a better one of their class, the best first.

    Args:
        boxes: shape (boxes, 6), in any order.
    """
    order = np.argsort(-boxes[:, 4], kind="stable")[:MOST_CANDIDATES]
    left = boxes[order]
    kept: list[Boxes] = []
    areas = _areas(left)
    while len(left) and len(kept) < MOST_BOXES:
        best = left[0]
        kept.append(best)
        upper = np.maximum(left[:, :2], best[:2])
        shared = np.prod(np.maximum(np.minimum(left[:, 2:4], best[2:4]) - upper, 0), axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            overlap = shared / (areas + areas[0] - shared)
        stays = (left[:, 5] != best[5]) | ~(overlap > MOST_OVERLAP)
        stays[0] = False
        left, areas = left[stays], areas[stays]
    return np.array(kept, dtype=np.float32).reshape(-1, 6)


def _areas(boxes: Boxes) -> NDArray[Any]:
    found: NDArray[Any] = np.prod(np.maximum(boxes[:, 2:4] - boxes[:, :2], 0), axis=1)
    return found


def _best(boxes: Boxes) -> Boxes:
    """The best of boxes that overlap as little as they may, the best first."""
    if np.any(boxes[:, 5] != np.rint(boxes[:, 5])) or np.any(boxes[:, 5] < 0):
        raise AdvisorError("the classes of its boxes are no whole numbers from 0")
    order = np.argsort(-boxes[:, 4], kind="stable")[:MOST_BOXES]
    found: Boxes = boxes[order]
    return found[found[:, 4] >= LEAST_SCORE]


def _check_numbers(found: NDArray[Any]) -> None:
    if not np.all(np.isfinite(found)):
        raise AdvisorError("some of its answers are no numbers")


# --- torchvision's


def _image_parts(outputs: Outputs, batch: int) -> list[Mapping[str, NDArray[Any]]]:
    """The boxes, labels and scores of each image; of a single image without its place, too."""
    names = ("boxes", "labels", "scores")
    if batch == 1 and all(name in outputs for name in names):
        return [{name: outputs[name] for name in names}]
    found: list[Mapping[str, NDArray[Any]]] = []
    for place in range(batch):
        parts = {name: outputs.get(f"{place}.{name}") for name in names}
        if any(each is None for each in parts.values()):
            return []
        found.append({name: each for name, each in parts.items() if each is not None})
    return found


def _fits_torchvision(outputs: Outputs, batch: int) -> bool:
    parts = _image_parts(outputs, batch)
    return bool(parts) and all(
        each["boxes"].ndim == 2
        and each["boxes"].shape[1] == 4
        and each["labels"].shape == each["scores"].shape == each["boxes"].shape[:1]
        for each in parts
    )


def _decode_torchvision(outputs: Outputs, batch: int) -> list[Boxes]:
    decoded = []
    for each in _image_parts(outputs, batch):
        boxes = np.column_stack([each["boxes"], each["scores"], each["labels"]]).astype(np.float32)
        _check_numbers(boxes)
        decoded.append(_best(boxes))
    return decoded


# --- YOLO's


def _first(outputs: Outputs, batch: int) -> NDArray[Any]:
    """The first output, where it has three axes; one without any rows otherwise."""
    first = next(iter(outputs.values()), np.zeros(0))
    return first if first.ndim == 3 and len(first) == batch else np.zeros((batch, 0, 0))


def _numbers(outputs: Outputs, batch: int) -> NDArray[Any]:
    found = np.asarray(_first(outputs, batch), np.float32)
    _check_numbers(found)
    return found


def _grids(height: int, width: int) -> set[int]:
    """How many cells a network of that size may have boxes for."""
    return {sum(-(-height // each) * -(-width // each) for each in strides) for strides in STRIDES}


def _rows_are(counts: set[int], rows: int) -> bool:
    return rows in counts or rows in {ANCHORS * each for each in counts}


def _decode_end_to_end(outputs: Outputs, batch: int) -> list[Boxes]:
    return [_best(each) for each in _numbers(outputs, batch)]


def _decode_scored(boxes: NDArray[Any], scores: NDArray[Any]) -> Boxes:
    """Boxes of one image that may be of any class.

    Args:
        boxes: centre x, centre y, width, height; shape (boxes, 4).
        scores: shape (boxes, classes).
    """
    row, label = np.nonzero(scores >= LEAST_SCORE)
    centre, half = boxes[row, :2], boxes[row, 2:] / 2
    return suppressed(np.column_stack([centre - half, centre + half, scores[row, label], label]))


def _decode_raw(outputs: Outputs, batch: int) -> list[Boxes]:
    found = _numbers(outputs, batch).transpose(0, 2, 1)
    return [_decode_scored(each[:, :4], each[:, 4:]) for each in found]


def _decode_objectness(outputs: Outputs, batch: int) -> list[Boxes]:
    found = _numbers(outputs, batch)
    return [_decode_scored(each[:, :4], each[:, 5:] * each[:, 4:5]) for each in found]


DECODERS: Mapping[str, Decoder] = {
    each.name: each
    for each in (
        Decoder(
            "torchvision",
            "for each image boxes [N, 4] as x1, y1, x2, y2, labels [N] and scores [N]",
            first_class=1,
            suppresses=False,
            fits=_fits_torchvision,
            is_sure=lambda outputs, height, width: True,  # noqa: ARG005
            classes=lambda outputs: 0,  # noqa: ARG005
            decode=_decode_torchvision,
        ),
        Decoder(
            "yolo-end-to-end",
            "[batch, N, 6]: x1, y1, x2, y2, score, class, as YOLOv10 and YOLO26 do",
            first_class=0,
            suppresses=False,
            fits=lambda outputs, batch: _first(outputs, batch).shape[2] == 6,
            is_sure=lambda outputs, height, width: (
                _rows(outputs, 1) <= MOST_ROWS
                and not _rows_are(_grids(height, width), _rows(outputs, 1))
            ),
            classes=lambda outputs: 0,  # noqa: ARG005
            decode=_decode_end_to_end,
        ),
        Decoder(
            "yolo-v8",
            "[batch, 4 + classes, N]: centre x, centre y, width, height, scores, as YOLOv8 and YOLO11 do",
            first_class=0,
            suppresses=True,
            fits=lambda outputs, batch: _first(outputs, batch).shape[1] > 4,
            is_sure=lambda outputs, height, width: _rows(outputs, 2) in _grids(height, width),
            classes=lambda outputs: _rows(outputs, 1) - 4,
            decode=_decode_raw,
        ),
        Decoder(
            "yolo-v5",
            "[batch, N, 5 + classes]: centre x, centre y, width, height, objectness, scores, as YOLOv5 and "
            "YOLOv7 do",
            first_class=0,
            suppresses=True,
            fits=lambda outputs, batch: _first(outputs, batch).shape[2] > 5,
            is_sure=lambda outputs, height, width: (
                _rows_are(_grids(height, width), _rows(outputs, 1)) and _rows(outputs, 2) > 6
            ),
            classes=lambda outputs: _rows(outputs, 2) - 5,
            decode=_decode_objectness,
        ),
    )
}
"""The decoders by name."""


def _rows(outputs: Outputs, axis: int) -> int:
    """The length of an axis of the first output."""
    first = next(iter(outputs.values()))
    return int(first.shape[axis]) if first.ndim == 3 else 0
