"""What runs inside a child: real images through a detector, and the boxes that it finds on each."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.errors import AdvisorError
from advisor.measuring.box_decoders import decoder_of
from advisor.measuring.image_answers import BAD, image_batches
from advisor.measuring.image_data import ChangedError, LabelledImage
from advisor.measuring.preprocessing import Preprocessing, placed
from advisor.measuring.tasks import Task
from advisor.measuring.worker import served

if TYPE_CHECKING:
    from advisor.measuring.box_decoders import Boxes

READ = "."
"""What stands for an image that can be read; see `image_answers.BAD`."""


@dataclass(frozen=True)
class DetectionsFound:
    """What a detector found on some images.

    Attributes:
        ranks: a character an image: "." where it was read, "-" where it cannot be.
        counts: how many boxes it found on each image.
        boxes: all of them, as `packed`: x1, y1, x2, y2 in the image's own pixels, score, class.
        decoder: by what its output was decoded; "" where it put out none.
        outputs: how many classes it has; 0 where its output does not say.
        unreadable: the images that cannot be read, and why.
        changed: what has changed since the run began; "" where nothing has.
    """

    ranks: str
    counts: tuple[int, ...]
    boxes: str
    decoder: str
    outputs: int
    unreadable: tuple[str, ...] = ()
    changed: str = ""


def detect_on_images(
    task: Task, images: Sequence[LabelledImage], how: Preprocessing, decoder: str = ""
) -> DetectionsFound:
    """Run a detector on images.

    Args:
        task: the network, and how to run it.
        images: the images.
        how: how they become what the network takes.
        decoder: what its output is decoded by; "" for what its shapes show.

    Raises:
        AdvisorError: the network cannot be served, or its output cannot be decoded.
    """
    found: list[Boxes] = []
    marks, outputs, name = "", 0, decoder
    unreadable: list[str] = []
    with served(task) as serving:
        try:
            for some in image_batches(images, task.cell.batch, how):
                unreadable += some.bad.values()
                marks += "".join(BAD if place in some.bad else READ for place in range(some.count))
                boxes: list[Boxes] = []
                if len(some.pixels):
                    put_out = serving.outputs(some.padded)
                    chosen = decoder_of(put_out, task.cell.batch, (how.height, how.width), name)
                    outputs, name = chosen.classes(put_out), chosen.name
                    boxes = chosen.decode(put_out, task.cell.batch)[: len(some.pixels)]
                own = iter(on_images(boxes, some.sizes, how))
                none = np.zeros((0, 6), np.float32)
                found += [none if place in some.bad else next(own) for place in range(some.count)]
        except ChangedError as error:
            return DetectionsFound(marks, (), "", name, outputs, tuple(unreadable), error.message)
    counts = tuple(map(len, found))
    return DetectionsFound(marks, counts, packed(found), name, outputs, tuple(unreadable))


def on_images(
    boxes: Sequence[Boxes], sizes: Sequence[tuple[int, int]], how: Preprocessing
) -> list[Boxes]:
    """Boxes in the images' own pixels, none beyond their edges.

    Args:
        boxes: in the network's pixels, for each image.
        sizes: the images' widths and heights.
        how: how the images were made ready.
    """
    moved = []
    for some, size in zip(boxes, sizes, strict=True):
        across, down, left, top = placed(size, how)
        corners = (some[:, :4] - np.array([left, top] * 2)) / np.array([across, down] * 2)
        corners = np.clip(corners, 0, np.array([*size] * 2))
        moved.append(np.column_stack([corners, some[:, 4:]]).astype(np.float32))
    return moved


def packed(boxes: Sequence[Boxes]) -> str:
    """Boxes of several images as a journal has them: 32-bit floats, little-endian, in base 64."""
    every = np.concatenate([np.zeros((0, 6), np.float32), *boxes])
    return base64.b64encode(every.astype("<f4").tobytes()).decode()


def unpacked(record: Mapping[str, Any]) -> list[Boxes]:
    """The boxes of each image, from a record of a journal.

    Raises:
        AdvisorError: it holds something else.
    """
    try:
        flat = np.frombuffer(base64.b64decode(record["boxes"], validate=True), "<f4")
        counts = [int(each) for each in record["counts"]]
        ends = np.cumsum(counts)
        whole = flat.reshape(int(ends[-1]) if counts else 0, 6)
    except (KeyError, TypeError, ValueError) as error:
        raise AdvisorError(
            f"what an evaluation kept is broken ({error})", "begin anew: --fresh"
        ) from None
    return [np.array(each) for each in np.split(whole, ends[:-1])]
