"""Building a network without the seconds that random initialisation of its weights takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from advisor.architectures.registry import build

BLOCK = 1 << 20
_RANDOM_INITIALISERS = (
    "normal_",
    "uniform_",
    "trunc_normal_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "xavier_normal_",
    "xavier_uniform_",
)


def quick_build(name: str) -> nn.Module:
    """The architecture of that name, its weights drawn once and repeated, in evaluation mode.

    The weights are scaled by their fan-in, so that activations stay in an ordinary range: numbers too
    small for normal floats would be slow, and zeros would draw less power than a real network does.

    Raises:
        AdvisorError: as `build`.
    """
    with _without_random_initialisation():
        module = build(name)
    block = torch.randn(BLOCK, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                _fill(layer.weight, block * math.sqrt(2 / layer.weight[0].numel()))
                if layer.bias is not None:
                    layer.bias.zero_()
    return module.requires_grad_(requires_grad=False)


def _fill(parameter: Tensor, block: Tensor) -> None:
    flat = parameter.view(-1)
    for start in range(0, len(flat), BLOCK):
        piece = flat[start : start + BLOCK]
        piece.copy_(block[: len(piece)])


@contextmanager
def _without_random_initialisation() -> Iterator[None]:
    originals = {name: getattr(nn.init, name) for name in _RANDOM_INITIALISERS}

    def leave(tensor: Tensor, *_: object, **__: object) -> Tensor:
        return tensor

    try:
        for name in originals:
            setattr(nn.init, name, leave)
        yield
    finally:
        for name, original in originals.items():
            setattr(nn.init, name, original)
