"""What runs inside a child: real images through a network, and how far up each right answer comes.

Images are read, made ready and forgotten batch by batch: a million take no more memory than one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.errors import AdvisorError, first_line
from advisor.measuring.image_data import ChangedError, LabelledImage
from advisor.measuring.preprocessing import Preprocessing, decoded_with_size
from advisor.measuring.tasks import Task
from advisor.measuring.worker import served

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.measuring.answers import Images

FIRST = 5
"""So many of a network's first answers are looked at."""
BAD = "-"
"""What stands for an image that cannot be read."""


@dataclass(frozen=True)
class AnswersFound:
    """What a network made of some images.

    Attributes:
        ranks: a character an image: how many classes have a higher score than the right one, "0" to "4"; "5"
            where it is not among the first five; "-" where the image cannot be read.
        outputs: how many classes the network has.
        unreadable: the images that cannot be read, and why.
        changed: what has changed since the run began; "" where nothing has.
    """

    ranks: str
    outputs: int
    unreadable: tuple[str, ...] = ()
    changed: str = ""


def answer_images(task: Task, images: Sequence[LabelledImage], how: Preprocessing) -> AnswersFound:
    """Run a network on images.

    Args:
        task: the network, and how to run it.
        images: the images; a class that the network lacks is the right answer to none.
        how: how they become what the network takes.

    Raises:
        AdvisorError: the network cannot be served, or answers with anything but a score for each class.
    """
    ranks: list[str] = []
    unreadable: list[str] = []
    outputs = 0
    with served(task) as serving:
        try:
            for some in image_batches(images, task.cell.batch, how):
                unreadable += some.bad.values()
                found: Iterator[str] = iter(())
                if len(some.pixels):
                    answers = serving.answers(some.padded)
                    scores = scores_in(answers, task.cell.batch)[: len(some.pixels)]
                    outputs = scores.shape[1]
                    found = iter(ranks_of(scores, np.array(some.labels)))
                ranks += [BAD if place in some.bad else next(found) for place in range(some.count)]
        except ChangedError as error:
            return AnswersFound("".join(ranks), outputs, tuple(unreadable), error.message)
    return AnswersFound("".join(ranks), outputs, tuple(unreadable))


@dataclass(frozen=True)
class ImageBatch:
    """A few images, ready for a network.

    Attributes:
        pixels: those that can be read; shape (images, channels, height, width).
        labels: the label of each of these.
        sizes: the width and height that each has in its file.
        bad: why each of the others cannot be read, by its place.
        count: how many there are, with the others.
        batch: how many the network takes at once.
    """

    pixels: Images
    labels: Sequence[int]
    sizes: Sequence[tuple[int, int]]
    bad: Mapping[int, str]
    count: int
    batch: int

    @property
    def padded(self) -> Images:
        """The pixels, and empty images where there are fewer than the network takes."""
        lacking = self.batch - len(self.pixels)
        if not lacking:
            return self.pixels
        return np.concatenate(
            [self.pixels, np.zeros((lacking, *self.pixels.shape[1:]), np.float32)]
        )


def image_batches(
    images: Sequence[LabelledImage], batch: int, how: Preprocessing
) -> Iterator[ImageBatch]:
    """The images, a batch at a time.

    Args:
        images: the images.
        batch: how many the network takes at once.
        how: how they become what the network takes.

    Raises:
        ChangedError: one is not what it was.
    """
    for start in range(0, len(images), batch):
        some = images[start : start + batch]
        pixels, labels, sizes, bad = [], [], [], {}
        for place, image in enumerate(some):
            content = image.read()
            try:
                made, size = decoded_with_size(content, how)
            except Exception as error:  # noqa: BLE001  (decoders raise all kinds at what is broken)
                reason = first_line(error).replace("<_io.BytesIO object at ", "<")
                bad[place] = (
                    f"{image.path}: {'no image' if 'cannot identify' in reason else reason}"
                )
            else:
                pixels.append(made)
                labels.append(image.label)
                sizes.append(size)
        shape = (0, how.channels, how.height, how.width)
        stacked = np.stack(pixels) if pixels else np.zeros(shape, np.float32)
        yield ImageBatch(stacked, labels, sizes, bad, len(some), batch)


def scores_in(answers: Images, batch: int) -> Images:
    """A network's answers as scores; shape (images, classes).

    Raises:
        AdvisorError: they are something else.
    """
    shape = "x".join(map(str, answers.shape))
    classes = answers.shape[1] if answers.ndim > 1 else 0
    if classes < 2 or answers.size != batch * classes or len(answers) != batch:
        raise AdvisorError(
            f"it answers a batch of {batch} with numbers of shape {shape}, "
            "and a classifier answers with a score for each class"
        )
    if not np.all(np.isfinite(answers)):
        raise AdvisorError("some of its answers are no numbers")
    return answers.reshape(batch, classes)


def ranks_of(scores: Images, labels: NDArray[Any]) -> list[str]:
    """How far up the right answers come, of equal scores the first class first.

    Args:
        scores: shape (images, classes).
        labels: shape (images,); one beyond the classes is never right.
    """
    known = labels < scores.shape[1]
    right = np.where(known, labels, 0)[:, None]
    own = np.take_along_axis(scores, right, axis=1)
    before = np.arange(scores.shape[1])[None, :] < right
    rank = np.sum((scores > own) | ((scores == own) & before), axis=1)
    return [str(each) for each in np.where(known, np.minimum(rank, FIRST), FIRST).tolist()]
