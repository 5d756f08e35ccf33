"""Random images that networks answer differently, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from advisor.measuring.agreement import Images

COMPARED, CALIBRATION = 1, 2
"""Seeds of the images that are compared, and of those by which int8 ranges are set."""


def random_images(input_shape: Sequence[int], count: int, seed: int) -> Images:
    """Noise, as normalised images are, every other one of another mean and strength.

    Args:
        input_shape: channels, height, width.
        count: how many.
        seed: tells one set from another.
    """
    random = np.random.default_rng(seed)
    images = random.standard_normal((count, *input_shape), dtype=np.float32)
    means = random.standard_normal((len(images[1::2]), input_shape[0], 1, 1), dtype=np.float32)
    images[1::2] = 0.5 * images[1::2] + means
    return images


def telling_images(input_shape: Sequence[int], batch: int) -> Images:
    """As many images as make up whole batches, two at least."""
    return random_images(input_shape, max(2, batch), COMPARED)


def in_batches(answer: Callable[[Images], Images], images: Images, batch: int) -> Images:
    """The answers to all images, asked a batch at a time."""
    answers = [answer(images[start : start + batch]) for start in range(0, len(images), batch)]
    return np.concatenate(answers)
