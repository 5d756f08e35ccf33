"""Random images, by which int8 ranges are set: good for its speed, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.measure.agreement import Images

IMAGES = 8
SEED = 0


def calibration_images(input_shape: Sequence[int]) -> list[Images]:
    """A few batches of one image each, normally distributed as normalised images are.

    Args:
        input_shape: channels, height, width.
    """
    import numpy as np

    random = np.random.default_rng(SEED)
    return [random.standard_normal((1, *input_shape), dtype=np.float32) for _ in range(IMAGES)]
