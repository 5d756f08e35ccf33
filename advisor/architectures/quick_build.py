"""A network to measure, built without the seconds that random initialisation of its weights takes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from advisor.architectures.bare_build import without_random_initialisation
from advisor.architectures.registry import build

BLOCK = 1 << 20


def quick_build(name: str) -> nn.Module:
    """The architecture of that name, its weights drawn once and repeated, in evaluation mode.

    The weights are scaled by their fan-in, so that activations stay in an ordinary range: numbers too
    small for normal floats would be slow, and zeros would draw less power than a real network does.
    In fp32, whatever the code that makes it prefers: a row says in what format it ran.

    Raises:
        AdvisorError: as `build`.
    """
    with without_random_initialisation() as left:
        module = build(name)
    block = torch.randn(BLOCK, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for tensor in left:  # whatever kind of layer it belongs to: its memory holds anything
            _draw(tensor, block)
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                _draw(layer.weight, block)
                if layer.bias is not None:
                    layer.bias.zero_()
    return module.float().requires_grad_(requires_grad=False)


def _draw(parameter: Tensor, block: Tensor) -> None:
    """Weights from the block, by their fan-in; one number a channel is a bias, and zero."""
    if parameter.dim() < 2:
        parameter.zero_()
        return
    scaled = block * math.sqrt(2 / parameter[0].numel())
    in_order = parameter.is_contiguous()  # which one in another memory format is not
    flat = parameter.view(-1) if in_order else parameter.new_empty(parameter.numel())
    for start in range(0, len(flat), BLOCK):
        piece = flat[start : start + BLOCK]
        piece.copy_(scaled[: len(piece)])
    if not in_order:
        parameter.copy_(flat.view(parameter.shape))
