"""Counting a network on the operators that PyTorch really dispatches for one image.

Such a network need not be initialised, which takes seconds.

With an operator that is neither a product of known cost nor known to do none, the operations are
unknown: a silent zero would be a wrong figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from hashlib import blake2b
from math import prod
from typing import Any
from weakref import finalize

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from advisor.architectures.design import Complexity, Identified
from advisor.errors import AdvisorError

_RANDOM_INITIALISERS = (
    "normal_",
    "uniform_",
    "trunc_normal_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "xavier_normal_",
    "xavier_uniform_",
)


@contextmanager
def without_random_initialisation() -> Iterator[list[Tensor]]:
    """Modules made in here keep what their weights' memory holds; these weights are handed out."""
    originals = {name: getattr(nn.init, name) for name in _RANDOM_INITIALISERS}
    left: list[Tensor] = []

    def leave(tensor: Tensor, *_: object, **__: object) -> Tensor:
        left.append(tensor)
        return tensor

    try:
        for name in originals:
            setattr(nn.init, name, leave)
        yield left
    finally:
        for name, original in originals.items():
            setattr(nn.init, name, original)


def complexity(module: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Count a network for one image, on the operators that PyTorch dispatches.

    Args:
        module: takes a batch of images of shape (n, *input_shape); it is left as it is.
        input_shape: channels, height, width.

    Raises:
        AdvisorError: an operator's cost is not known.
    """
    return counted_in_place(deepcopy(module), input_shape)


def counted_in_place(module: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Count a network for one image; what is left of it has shapes only, and is good for nothing else.

    Args:
        module: takes a batch of images of shape (n, *input_shape).
        input_shape: channels, height, width.

    Raises:
        AdvisorError: an operator's cost is not known.
    """
    found = identified_in_place(module, input_shape)
    if found.fault:
        raise AdvisorError(found.fault, "its operations cannot be counted; state them yourself")
    return found.counts


def identified_in_place(
    module: nn.Module, input_shape: Sequence[int], device: str = "meta"
) -> Identified:
    """As `counted_in_place`, but what cannot be counted is unknown; and what sets the network apart.

    The digest is of every operator that one image goes through, with its arguments: all that decides
    how long a network takes, and not the values of its weights.

    Args:
        module: as there.
        input_shape: as there.
        device: where to run it. The meta device computes shapes only, so that a large network counts in
            moments; what branches on values needs the CPU, on which that one image's way is counted.
    """
    params = sum(parameter.numel() for parameter in module.parameters())
    placed = without_gradients(module).to(device).eval()
    kinds = (each.dtype for each in placed.parameters() if each.is_floating_point())
    image = torch.zeros((1, *input_shape), device=device, dtype=next(kinds, torch.float32))
    counter = FlopCounterMode(display=False, custom_mapping=_FURTHER)
    watch = _Watch(counter)
    with torch.no_grad(), _plain_attention(), _autocast_noted(watch.digest), watch, counter:
        watch.leave_out([*placed.parameters(), *placed.buffers()])
        watch.keep(image)
        placed(image)
    whole = not watch.fault
    counts = Complexity(
        params=None if watch.packed else params,
        operations=counter.get_total_flops() if whole else None,
        activations=watch.activations if whole else None,
        layers=watch.layers if whole else None,
        window_reads=watch.window_reads if whole else None,
        peak_activations=watch.peak,
    )
    return Identified(counts, watch.digest.hexdigest(), watch.fault)


def without_gradients(module: nn.Module) -> nn.Module:
    """The module with parameters that need none; one of TorchScript does not take that as a whole."""
    for parameter in module.parameters():
        if parameter.is_leaf:
            parameter.requires_grad = False
    return module


def _matrix_by_vector(matrix: Sequence[int], *_: object, **__: object) -> int:
    return 2 * prod(matrix)


def _added_matrix_by_vector(_: object, matrix: Sequence[int], *__: object, **___: object) -> int:
    return 2 * prod(matrix)


_FURTHER: Any = {
    torch.ops.aten.mv: _matrix_by_vector,
    torch.ops.aten.dot: _matrix_by_vector,
    torch.ops.aten.addmv: _added_matrix_by_vector,
}
"""The operations of products that torch's own counter does not know, from the shapes of their arguments."""


@contextmanager
def _autocast_noted(digest: Any) -> Iterator[None]:
    """Take into a digest to which number formats the code has operators cast, which no operator shows.

    Who watches operators sees them before they are cast, and the meta device casts none.
    """
    names = ("set_autocast_enabled", "set_autocast_dtype")
    originals = {name: getattr(torch, name) for name in names}

    def noting(name: str) -> Callable[..., object]:
        def noted(*arguments: object) -> object:
            digest.update(f"{name}{arguments}".encode())
            return originals[name](*arguments)

        return noted

    try:
        for name in names:
            setattr(torch, name, noting(name))
        yield
    finally:
        for name, original in originals.items():
            setattr(torch, name, original)


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
    """Sees every operator after the counter, sums what it does, notes the first that cannot be counted."""

    def __init__(self, counter: FlopCounterMode) -> None:
        super().__init__()
        self.costly = counter.flop_registry
        self.activations = self.layers = self.window_reads = self.alive = self.peak = 0
        self.storages: set[int] = set()
        self.digest = blake2b(digest_size=8)
        self.fault = ""
        self.packed = False  # whether some weights are no parameters any more

    def leave_out(self, tensors: Iterable[Tensor]) -> None:
        """Let these be there for nothing."""
        self.storages.update(each.untyped_storage()._cdata for each in tensors)

    def keep(self, result: object) -> None:
        """Take note of what an operator made, until it is freed."""
        for each in result if isinstance(result, tuple | list) else [result]:
            if not isinstance(each, Tensor):
                continue
            storage = each.untyped_storage()
            if storage._cdata not in self.storages:
                size = storage.nbytes() // each.element_size()
                self.storages.add(storage._cdata)
                self.alive += size
                self.peak = max(self.peak, self.alive)
                finalize(storage, self._freed, storage._cdata, size)

    def _freed(self, storage: int, size: int) -> None:
        self.storages.discard(storage)
        self.alive -= size

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
        self.digest.update(f"{func}{_as_text(args)}{_as_text(kwargs)}".encode())
        self.keep(result)
        if packet in self.costly:
            self.activations += result.numel() if isinstance(result, Tensor) else 0
            self.layers += 1
        elif name in WINDOWED:
            self.window_reads += _window_reads(result, args[1], WINDOWED[name])
        elif func.namespace not in HARMLESS and (
            func.namespace != "aten" or not _is_harmless(name)
        ):
            self.packed = self.packed or func.namespace == "quantized"
            unknown = f"the cost of the operator {func.namespace}::{name} is not known"
            self.fault = self.fault or unknown
        return result


def _as_text(argument: object) -> str:
    """An operator's argument as text, a tensor by its type and shape; alike in every process."""
    if isinstance(argument, Tensor):
        return f"{argument.dtype}{tuple(argument.shape)}"
    if isinstance(argument, list | tuple):
        return f"({','.join(map(_as_text, argument))})"
    if isinstance(argument, dict):
        return _as_text([[key, argument[key]] for key in sorted(argument)])
    plain = isinstance(argument, str | int | float | bool | torch.dtype | torch.device | None)
    return repr(argument) if plain else type(argument).__name__


def _is_harmless(name: str) -> bool:
    """Whether an operator does no products worth counting; one that ends in _ does the same in place."""
    return name in WITHOUT_PRODUCTS or name.removesuffix("_") in WITHOUT_PRODUCTS


def _window_reads(result: object, window: Any, dimensions: int) -> int:
    pooled: Any = result[0] if isinstance(result, tuple) else result
    sides = list(window) * (dimensions if len(window) == 1 else 1)
    reads: int = pooled.numel() * prod(sides)
    return reads


HARMLESS = ("profiler",)
"""Namespaces of operators that compute nothing."""

WINDOWED = {"avg_pool2d": 2, "avg_pool3d": 3, "max_pool2d_with_indices": 2}
"""Operators of ATen that pool, and over how many dimensions; their second argument is the window."""

_WITHOUT_PRODUCTS = """
_adaptive_avg_pool2d _assert_async _assert_scalar _assert_tensor_metadata _fused_rms_norm
_local_scalar_dense _log_softmax _native_batch_norm_legit _native_batch_norm_legit_no_training
_prelu_kernel _safe_softmax _softmax _to_copy _unique2 _unsafe_index _unsafe_view _upsample_bicubic2d_aa
_upsample_bilinear2d_aa _upsample_nearest_exact2d abs acos adaptive_avg_pool2d adaptive_max_pool2d add
addcdiv addcmul affine_grid_generator alias all amax amin any arange argmax argmin argsort as_strided
asin atan atan2 bernoulli bitwise_and bitwise_not bitwise_or bitwise_xor bucketize cat ceil celu
channel_shuffle clamp clamp_max clamp_min clone col2im constant_pad_nd contiguous copy copysign cos cosh
cumprod cumsum detach detach_copy diag_embed diagonal diagonal_copy dist div dropout elu embedding empty
empty_like empty_permuted empty_strided eq equal erf erfc exp exp2 expand expand_as expand_copy expm1
fill fill_diagonal flatten flip floor floor_divide fmod frac full full_like gather ge gelu glu
grid_sampler grid_sampler_2d grid_sampler_3d gt hardshrink hardsigmoid hardswish hardtanh im2col index
index_add index_copy index_fill index_put index_put_ index_select isfinite isinf isnan isneginf isposinf
kthvalue le leaky_relu lerp lift_fresh lift_fresh_copy linalg_norm linalg_vector_norm linspace log log10
log1p log2 log_sigmoid_forward log_softmax logaddexp logcumsumexp logical_and logical_not logical_or
logical_xor logit logsumexp lt masked_fill masked_scatter masked_select max max_unpool2d maximum mean
median meshgrid min minimum mish mode movedim mul nan_to_num nansum native_batch_norm
native_channel_shuffle native_dropout native_group_norm native_layer_norm ne neg new_empty
new_empty_strided new_full new_ones new_zeros nonzero norm normal one_hot ones ones_like permute
permute_copy pixel_shuffle pixel_unshuffle pow prelu prod rand rand_like randint randn randn_like
randperm reciprocal reflection_pad1d reflection_pad2d reflection_pad3d relu remainder renorm repeat
replication_pad1d replication_pad2d replication_pad3d reshape rms_norm roi_align roll round
rrelu_with_noise rsqrt rsub scalar_tensor scatter scatter_add scatter_reduce searchsorted select
select_scatter selu sgn sigmoid sign silu sin sinh slice slice_scatter soft_margin_loss softplus
softshrink sort split split_with_sizes sqrt square squeeze squeeze_copy stack std std_mean sub sum
swapaxes t tan tanh threshold tile topk transpose tril triu trunc unbind unfold unfold_copy uniform
unique_dim unsafe_chunk unsafe_split unsafe_split_with_sizes unsqueeze unsqueeze_copy upsample_bicubic2d
upsample_bilinear2d upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d
upsample_trilinear3d var var_mean view view_as where zero zeros zeros_like
"""
WITHOUT_PRODUCTS = frozenset(_WITHOUT_PRODUCTS.split())
"""Operators of ATen without products worth counting: they move, pool, normalise or activate."""
