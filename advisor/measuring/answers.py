"""Whether a runtime gives the reference's answers, as far as its number format lets it.

On random weights many a network answers every image alike, and then an agreement proves nothing: the
images are such as networks answer differently, and how much the answers depend on them is recorded, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.errors import AdvisorError
from advisor.measuring.tasks import PreparedFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from advisor.architectures.design import ImageFormat

    Images = NDArray[np.float32]
    Outputs = Mapping[str, NDArray[Any]]
    """All that a network puts out, by name."""

COMPARED, CALIBRATION = 1, 2
"""Seeds of the images that are compared, and of those by which int8 ranges are set."""


def random_images(input_shape: Sequence[int], count: int, seed: int) -> Images:
    """Noise, as normalised images are, every other one of another mean and strength.

    Args:
        input_shape: channels, height, width.
        count: how many.
        seed: distinguishes one set from another.
    """
    random = np.random.default_rng(seed)
    images = random.standard_normal((count, *input_shape), dtype=np.float32)
    means = random.standard_normal((len(images[1::2]), input_shape[0], 1, 1), dtype=np.float32)
    images[1::2] = 0.5 * images[1::2] + means
    return images


def as_taken(images: Images, form: ImageFormat) -> NDArray[Any]:
    """Images as a network takes them.

    Args:
        images: shape (images, channels, height, width), about as normalised ones are.
        form: the order of the axes, and what their numbers are: of bytes 128 is grey.
    """
    if form.element in BYTES:
        lowest, highest = np.iinfo(form.element).min, np.iinfo(form.element).max
        images = np.clip(np.rint(GREY * (1 + images / 2) + lowest), lowest, highest)
    turned = images.transpose(0, 2, 3, 1) if form.channels_last else images
    return np.ascontiguousarray(turned, dtype=form.element)


def as_floats(answers: Any) -> Images:
    """A network's answers, whatever numbers it puts out."""
    return np.asarray(answers, dtype=np.float32)


def compared_images(input_shape: Sequence[int], batch: int) -> Images:
    """As many images as make up whole batches, two at least."""
    return random_images(input_shape, max(2, batch), COMPARED)


def in_batches(answer: Callable[[Images], Images], images: Images, batch: int) -> Images:
    """The answers to all images, asked a batch at a time."""
    answers = [answer(images[start : start + batch]) for start in range(0, len(images), batch)]
    return np.concatenate(answers)


BYTES, GREY = ("uint8", "int8"), 128

TOLERANCES = {"fp32": 1e-3, "fp16": 0.1, "bf16": 0.2}
"""The difference, as a share of the largest answer, from which on answers are wrong.

Right ones were off by up to 5e-6 in fp32, 0.041 in fp16 and 0.067 in bf16 (ResNet-152, the deepest, both
times). int8 is not judged: its ranges are set by random images.
"""

MOST_ROUNDINGS = 10.0
"""So many times as far off as the reference's own rounding is not wrong yet.

On random weights some networks blow rounding up: EfficientNet-B2's answers in eager fp32 are 0.6 % off those
in double precision, and those of two runtimes that are right on all else 0.2 and 2.9 %.
"""

COARSER = {"fp32": 1.0, "fp16": 2.0**13, "bf16": 2.0**16}
"""How many times as coarsely as fp32 a number format rounds."""

NOTHING_LEFT = 1.0
"""Rounding that changes answers by as much as the largest leaves nothing to compare."""

WRONG = "wrong answers"


def compare_answers(expected: Images, found: Images) -> tuple[float | None, float]:
    """How far answers differ, and how far the expected ones depend on the image.

    Args:
        expected: shape (images, ...); at least two images.
        found: the same.

    Returns:
        As `PreparedFound` has them: the difference, and the image's effect.

    Raises:
        AdvisorError: the expected ones are no numbers, or all zero.
    """
    scale = float(np.max(np.abs(expected)))
    if not np.isfinite(scale) or scale == 0:
        raise AdvisorError(f"cannot be compared: on random weights its largest answer is {scale:g}")
    effect = float(np.max(np.ptp(expected, axis=0)))
    if not np.all(np.isfinite(found)):
        return None, effect / scale
    return float(np.max(np.abs(found - expected))) / scale, effect / scale


def rounding_of(answers: Images, exact: Images) -> float:
    """How far answers are off exact ones, as a share of the largest; 0 where those are no numbers."""
    difference, _ = compare_answers(answers, exact)
    return difference or 0.0


def fault(precision: str, found: PreparedFound) -> str:
    """What is wrong with the answers; "" where nothing is, or where they are not judged."""
    tolerance = TOLERANCES.get(precision) if found.checked else None
    if tolerance is None:
        return ""
    if found.difference is None:
        return f"{WRONG}: some are no numbers"
    rounding = COARSER[precision] * found.rounding
    if rounding >= NOTHING_LEFT:
        return (
            "its answers cannot be compared: on random weights rounding alone changes them by "
            f"{rounding:.2g} of the largest"
        )
    rounded = MOST_ROUNDINGS * rounding if precision == "fp32" else 0.0
    if found.difference > max(tolerance, rounded):
        return (
            f"{WRONG}: they differ from {found.reference} by {found.difference:.2g} of the "
            f"largest, and {max(tolerance, rounded):.2g} is tolerated"
        )
    if found.image_effect < 2 * max(tolerance, rounded):
        return (
            "its answers cannot be compared: two images change them by only "
            f"{found.image_effect:.2g} of the largest"
        )
    return ""
