"""What a network costs on paper: parameters, operations and activations, counted on its operators.

The count watches the operators that PyTorch really dispatches for one image. An operator that is
neither a product of known cost nor known to do none is an error: a silent zero would be a wrong
figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from advisor.errors import AdvisorError


@dataclass(frozen=True)
class Complexity:
    """The counts of one image's forward pass.

    Attributes:
        params: trainable parameters.
        operations: floating-point operations of convolutions and matrix products, a multiply and an
            add counted as two; what is done element by element is left out (under 1 % of the
            paper's networks).
        activations: numbers that convolutions and matrix products put out.
    """

    params: int
    operations: int
    activations: int


def complexity(module: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Count a network for one image.

    Args:
        module: takes a batch of images of shape (n, *input_shape); it is left as it is.
        input_shape: channels, height, width.

    Raises:
        AdvisorError: an operator's cost is not known.
    """
    params = sum(parameter.numel() for parameter in module.parameters())
    # The meta device computes shapes only, so that a large network counts in moments.
    shapes_only = deepcopy(module).requires_grad_(requires_grad=False).to("meta").eval()
    image = torch.empty((1, *input_shape), device="meta")
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), _plain_attention(), _Watch(counter) as watch, counter:
        shapes_only(image)
    return Complexity(params, counter.get_total_flops(), watch.activations)


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Attention as matrix products: the fused kernels would count as nothing on some devices."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


class _Watch(TorchDispatchMode):
    """Sees every operator after the counter, sums activations, refuses what cannot be counted."""

    def __init__(self, counter: FlopCounterMode) -> None:
        super().__init__()
        self.costly = counter.flop_registry
        self.activations = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        result: object = func(*args, **(kwargs or {}))
        packet = func.overloadpacket
        name = packet.__name__
        if packet in self.costly:
            self.activations += result.numel() if isinstance(result, Tensor) else 0
        elif func.namespace != "aten" or name not in WITHOUT_PRODUCTS:
            raise AdvisorError(
                f"the cost of the operator {func.namespace}::{name} is not known",
                "its operations cannot be counted; state them yourself",
            )
        return result


_WITHOUT_PRODUCTS = """
_adaptive_avg_pool2d _native_batch_norm_legit_no_training _safe_softmax _softmax _to_copy
_unsafe_view adaptive_avg_pool2d add add_ alias amax arange as_strided as_strided_ avg_pool2d
avg_pool3d cat clamp clamp_min clone constant_pad_nd contiguous copy_ cos detach div dropout
empty empty_like empty_strided eq exp expand fill_ flatten full full_like gelu hardsigmoid
hardswish hardswish_ hardtanh hardtanh_ index leaky_relu leaky_relu_ lift_fresh
linalg_vector_norm masked_fill max_pool2d_with_indices mean mul mul_ native_batch_norm
native_dropout native_group_norm native_layer_norm ne neg new_zeros ones ones_like permute pow
prelu _prelu_kernel relu relu_ repeat reshape roll rsqrt scalar_tensor select sigmoid sigmoid_
silu silu_ sin slice split split_with_sizes squeeze sqrt stack sub sum t tanh transpose unbind
unsqueeze upsample_bicubic2d upsample_linear1d upsample_nearest2d view where zero_ zeros
zeros_like
"""
WITHOUT_PRODUCTS = frozenset(_WITHOUT_PRODUCTS.split())
"""Operators of ATen without products worth counting: they move, pool, normalise or activate."""
