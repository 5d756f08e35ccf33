"""Random images, by which int8 ranges are set: good for its speed, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.measuring.agreement import Images

IMAGES = 8


def calibration_images(input_shape: Sequence[int]) -> list[Images]:
    """A few batches of one image each.

    Args:
        input_shape: channels, height, width.
    """
    from advisor.measuring.images import CALIBRATION, random_images

    images = random_images(input_shape, IMAGES, CALIBRATION)
    return [images[index : index + 1] for index in range(IMAGES)]
