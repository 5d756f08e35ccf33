"""A network that tells right answers from wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from advisor.architectures.quick_build import quick_build

if TYPE_CHECKING:
    from torch import nn

SEED = 0
STATISTICS_IMAGES = 4


def telling_network(what: str, input_shape: Sequence[int]) -> nn.Module:
    """The network on random weights, its batch normalisations with the statistics of random images.

    Without these, deep networks answer every image alike.

    Args:
        what: a name, or `module:factory`.
        input_shape: channels, height, width.
    """
    torch.manual_seed(SEED)  # for what a network draws by itself, such as a position's embedding
    module = quick_build(what)
    layers = [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
    for layer in layers:
        layer.momentum = 1.0
        layer.train()
    with torch.no_grad():
        module(torch.randn((STATISTICS_IMAGES, *input_shape)))
    return module.eval()
