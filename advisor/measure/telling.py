"""A network and images that tell right answers from wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from advisor.architectures.quick_build import quick_build

if TYPE_CHECKING:
    from torch import nn

    from advisor.measure.agreement import Images

STATISTICS_SEED, IMAGES_SEED = 0, 1
STATISTICS_IMAGES = 4


def telling_network(architecture: str, input_shape: Sequence[int]) -> nn.Module:
    """The network on random weights, its batch normalisations with the statistics of random images.

    Without these, deep networks answer every image alike.
    """
    module = quick_build(architecture)
    layers = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    for layer in layers:
        layer.momentum = 1.0
        layer.train()
    generator = torch.Generator().manual_seed(STATISTICS_SEED)
    with torch.no_grad():
        module(torch.randn((STATISTICS_IMAGES, *input_shape), generator=generator))
    return module.eval()


def telling_images(input_shape: Sequence[int], batch: int) -> Images:
    """Images that networks answer differently: noise, every other one of another mean and strength.

    Args:
        input_shape: channels, height, width.
        batch: how many at once.

    Returns:
        As many as make up whole batches, two at least.
    """
    random = np.random.default_rng(IMAGES_SEED)
    images = random.standard_normal((max(2, batch), *input_shape), dtype=np.float32)
    means = random.standard_normal((len(images[1::2]), input_shape[0], 1, 1), dtype=np.float32)
    images[1::2] = 0.5 * images[1::2] + means
    return images


def in_batches(answer: Callable[[Images], Images], images: Images, batch: int) -> Images:
    """The answers to all images, asked a batch at a time."""
    answers = [answer(images[start : start + batch]) for start in range(0, len(images), batch)]
    return np.concatenate(answers)
