"""What a network costs on paper: parameters, operations, and what moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Complexity:
    """The counts of one image's forward pass.

    Attributes:
        params: trainable parameters.
        operations: floating-point operations of convolutions and matrix products, a multiply and an
            add counted as two; what is done element by element is left out (under 1 % of the
            paper's networks).
        activations: numbers that convolutions and matrix products put out.
        layers: how many convolutions and matrix products there are.
        window_reads: numbers that pooling windows read, each as often as windows hold it.
        peak_activations: the most numbers that are alive at once, the image included, weights not.
    """

    params: int
    operations: int
    activations: int
    layers: int
    window_reads: int
    peak_activations: int


def complexity(module: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Count a network for one image, on the operators that PyTorch dispatches. Needs torch.

    Args:
        module: takes a batch of images of shape (n, *input_shape); it is left as it is.
        input_shape: channels, height, width.

    Raises:
        AdvisorError: an operator's cost is not known.
    """
    from copy import deepcopy

    from advisor.architectures.dispatched import counted_in_place

    return counted_in_place(deepcopy(module), input_shape)
