"""What the operators of the ONNX format multiply, and which of their inputs are trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

Shape = tuple[int, ...]
ShapeOf = Callable[[str], Shape]
"""The shape of a value by its name; raises `NotCounted` where it is not known."""

STANDARD = ("", "ai.onnx")
"""Names of the domain whose operators are ONNX's own."""
MICROSOFT = ("com.microsoft", "com.microsoft.nchwc")
"""The domains of ONNX Runtime's operators, which its optimiser and its quantisation write into files."""


class NotCounted(Exception):  # noqa: N818  (no fault of anybody: what is not known stays unknown)
    """The cost of something in a network is not known; the message says of what."""


def attribute(node: Any, name: str, default: Any) -> Any:
    """An attribute of a node, or what it is by default."""
    import onnx

    for each in node.attribute:
        if each.name == name:
            return onnx.helper.get_attribute_value(each)
    return default


def called(node: Any) -> str:
    """What an operator is called, with its domain where that is not ONNX's own."""
    name: str = node.op_type
    return name if node.domain in STANDARD else f"{node.domain}::{name}"


def products_of(node: Any, shape_of: ShapeOf) -> int:
    """How many multiplications a node does; 0 for one that has no products.

    Raises:
        NotCounted: the operator is not known, or a shape.
    """
    if node.domain in (*STANDARD, *MICROSOFT):
        if node.op_type in _PRODUCTS:
            products: int = _PRODUCTS[node.op_type](node, shape_of)
            return products
        if node.op_type in WITHOUT_PRODUCTS or node.op_type in POOLS:
            return 0
    raise NotCounted(f"the cost of the operator {called(node)} is not known")


def window_reads_of(node: Any, shape_of: ShapeOf) -> int:
    """How many numbers the windows of a pooling read; 0 for all else."""
    if node.op_type not in POOLS:
        return 0
    window: Shape = tuple(attribute(node, "kernel_shape", ()))
    return prod(shape_of(node.output[0])) * prod(window)


def has_products(node: Any) -> bool:
    """Whether a node is a layer: a convolution, a matrix product, or several."""
    return node.op_type in _PRODUCTS


def _convolution(weights: int) -> Callable[[Any, ShapeOf], int]:
    """Each number put out is a product with one filter."""
    return lambda node, shape_of: (
        prod(shape_of(node.output[0])) * prod(shape_of(node.input[weights])[1:])
    )


def _transposed(node: Any, shape_of: ShapeOf) -> int:
    """Each number taken in is multiplied with all that it spreads to."""
    return prod(shape_of(node.input[0])) * prod(shape_of(node.input[1])[1:])


def _matrices(node: Any, shape_of: ShapeOf) -> int:
    """Each number put out is a product of a row and a column."""
    first = shape_of(node.input[0])
    turned = attribute(node, "transA", 0)
    return prod(shape_of(node.output[0])) * first[-2 if turned else -1]


def _recurrent(node: Any, shape_of: ShapeOf) -> int:
    """Each step multiplies the input and the state with the weights of every gate."""
    steps, batch = shape_of(node.input[0])[:2]
    return steps * batch * sum(prod(shape_of(name)) for name in node.input[1:3])


def _einsum(node: Any, shape_of: ShapeOf) -> int:
    """Two operands are multiplied over all their axes together; one alone is only summed."""
    equation = attribute(node, "equation", b"").decode().replace(" ", "")
    operands = equation.partition("->")[0].split(",")
    if len(operands) == 1:
        return 0
    if len(operands) > 2 or "." in equation:
        raise NotCounted(f"the cost of Einsum {equation!r} is not known")
    sizes: dict[str, int] = {}
    for axes, name in zip(operands, node.input, strict=True):
        for axis, size in zip(axes, shape_of(name), strict=True):
            sizes[axis] = max(size, sizes.get(axis, 1))
    return prod(sizes.values())


def _attention(node: Any, shape_of: ShapeOf) -> int:
    """Queries with keys, and what comes of that with values; ONNX's operator, of version 23."""
    query, key, value = (shape_of(name) for name in node.input[:3])
    if len(node.input) > 4 and any(node.input[4:6]):
        raise NotCounted("the cost of Attention with a cache is not known")
    if len(query) == 4:
        return prod(query[:3]) * key[2] * (query[3] + value[3])
    heads: int = attribute(node, "q_num_heads", 1)
    width: int = value[2] // attribute(node, "kv_num_heads", heads)
    return query[0] * query[1] * key[1] * (query[2] + heads * width)


def _multi_head_attention(node: Any, shape_of: ShapeOf) -> int:
    """The same as ONNX Runtime writes it, queries, keys and values apart."""
    if len(node.input) < 3 or not all(node.input[:3]):
        raise NotCounted(f"the cost of {called(node)} with packed inputs is not known")
    query, key, value = (shape_of(name) for name in node.input[:3])
    if len(key) != 3:
        raise NotCounted(f"the cost of {called(node)} with a cache is not known")
    return query[0] * query[1] * key[1] * (query[2] + value[2])


_PRODUCTS: Mapping[str, Callable[[Any, ShapeOf], int]] = {
    "Conv": _convolution(1),
    "ConvInteger": _convolution(1),
    "DeformConv": _convolution(1),
    "FusedConv": _convolution(1),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed,
    **dict.fromkeys(
        (
            "DynamicQuantizeMatMul",
            "FusedGemm",
            "FusedMatMul",
            "Gemm",
            "MatMul",
            "MatMulInteger",
            "MatMulIntegerToFloat",
            "QGemm",
            "QLinearMatMul",
        ),
        _matrices,
    ),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent),
    "Einsum": _einsum,
    "Attention": _attention,
    "MultiHeadAttention": _multi_head_attention,
}
"""Operators that multiply, and how often."""

POOLS = frozenset({"AveragePool", "LpPool", "MaxPool", "QLinearAveragePool"})
"""Operators whose windows are counted."""

_ALIASES = """
Cast Dropout Flatten Identity Reshape Slice Split Squeeze Transpose Unsqueeze
"""
ALIASES = frozenset(_ALIASES.split())
"""Operators whose output is another view of their first input, for which PyTorch takes no memory."""

_IN_PLACE = """
BatchNormalization Clip Elu HardSigmoid HardSwish LeakyRelu Mish Relu Selu Sigmoid Softmax Softplus
Swish Tanh ThresholdedRelu
"""
IN_PLACE = frozenset(_IN_PLACE.split())
"""Operators that can write over their first input where nobody else needs it."""

_WITHOUT_PRODUCTS = """
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh BatchNormalization
Bernoulli BiasGelu BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu
CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape Cos Cosh
CumSum DepthToSpace DequantizeLinear Div Dropout DynamicQuantizeLinear Elu Equal Erf Exp Expand
EyeLike FastGelu Flatten Floor Gather GatherElements GatherND Gelu GlobalAveragePool
GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HardSigmoid
HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN LayerNormalization LeakyRelu
Less LessOrEqual Log LogSoftmax LpNormalization Max MaxRoiPool MaxUnpool Mean
MeanVarianceNormalization Min Mish Mod Mul Neg NonMaxSuppression NonZero Not OneHot Optional
OptionalGetElement OptionalHasElement Or PRelu Pad Pow QLinearAdd QLinearConcat
QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid
QLinearSoftmax QLinearWhere QuantizeLinear QuickGelu RMSNormalization RandomNormal
RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum
ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
Resize ReverseSequence RoiAlign RotaryEmbedding Round ScatterElements ScatterND Selu SequenceAt
SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Shrink Sigmoid
Sign SimplifiedLayerNormalization Sin Sinh Size SkipLayerNormalization
SkipSimplifiedLayerNormalization Slice Softmax Softplus Softsign SpaceToDepth Split
SplitToSequence Sqrt Squeeze Sub Sum Swish Tan Tanh TensorScatter ThresholdedRelu Tile TopK
Transpose Trilu Unique Unsqueeze Upsample Where Xor
"""
WITHOUT_PRODUCTS = frozenset(_WITHOUT_PRODUCTS.split())
"""Operators without products worth counting: they move, look up, pool, normalise, activate or quantise."""

_ALL = tuple(range(1, 32))
UNTRAINED: Mapping[str, Sequence[int]] = {
    "BatchNormalization": (3, 4),
    "Clip": _ALL,
    "ConvInteger": (2, 3),
    "DequantizeLinear": _ALL,
    "DynamicQuantizeMatMul": (2, 3),
    "Equal": (0, 1),
    "Expand": _ALL,
    "Gather": _ALL,
    "Greater": (0, 1),
    "GreaterOrEqual": (0, 1),
    "Less": (0, 1),
    "LessOrEqual": (0, 1),
    "MatMulInteger": (2, 3),
    "MatMulIntegerToFloat": (2, 3, 4, 5),
    "Max": (0, *_ALL),
    "MaxRoiPool": _ALL,
    "Min": (0, *_ALL),
    "NonMaxSuppression": (0, *_ALL),
    "OneHot": (0, *_ALL),
    "Pad": _ALL,
    "Pow": _ALL,
    "QGemm": (1, 2, 4, 5, 7, 8),
    "QLinearAdd": (1, 2, 4, 5, 6, 7),
    "QLinearConcat": (0, 1),
    "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7),
    "QLinearMul": (1, 2, 4, 5, 6, 7),
    "QuantizeLinear": _ALL,
    "Range": (0, *_ALL),
    "Resize": _ALL,
    "RoiAlign": _ALL,
    "Slice": _ALL,
    "Tile": _ALL,
    "Upsample": _ALL,
}
"""By operator, the inputs whose numbers nobody trains: statistics, bounds, scales, zero points, sizes."""

WIDE_WEIGHTS: Mapping[str, Sequence[int]] = {
    "DequantizeLinear": (0,),
    "QGemm": (6,),
    "QLinearConv": (8,),
}
"""By operator, the inputs whose 32-bit integers are trained numbers all the same: quantised biases."""

QUANTISED = frozenset(
    {
        "ConvInteger",
        "DynamicQuantizeMatMul",
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "QGemm",
        "QLinearConv",
        "QLinearMatMul",
    }
)
"""Operators that multiply integers."""

AS_STANDARD: Mapping[str, tuple[str, Sequence[int], Sequence[str]]] = {
    "BiasGelu": ("Add", (0, 1), ()),
    "DynamicQuantizeMatMul": ("MatMul", (0, 1), ()),
    "FastGelu": ("Identity", (0,), ()),
    "FusedConv": (
        "Conv",
        (0, 1, 2),
        ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"),
    ),
    "FusedGemm": ("Gemm", (0, 1, 2), ("transA", "transB")),
    "FusedMatMul": ("MatMul", (0, 1), ()),
    "Gelu": ("Identity", (0,), ()),
    "MatMulIntegerToFloat": ("MatMul", (0, 1), ()),
    "MultiHeadAttention": ("Identity", (0,), ()),
    "QGemm": ("Gemm", (0, 3), ("transA", "transB")),
    "QLinearAdd": ("Add", (0, 3), ()),
    "QLinearAveragePool": (
        "AveragePool",
        (0,),
        ("auto_pad", "ceil_mode", "kernel_shape", "pads", "strides"),
    ),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", (0,), ()),
    "QLinearLeakyRelu": ("Identity", (0,), ()),
    "QLinearMul": ("Mul", (0, 3), ()),
    "QLinearSigmoid": ("Identity", (0,), ()),
    "QLinearSoftmax": ("Identity", (0,), ()),
    "QuickGelu": ("Identity", (0,), ()),
    "SkipLayerNormalization": ("Identity", (0,), ()),
    "SkipSimplifiedLayerNormalization": ("Identity", (0,), ()),
}
"""ONNX Runtime's operators, and which of ONNX's own gives the same shape from which inputs and attributes."""
UNLIKE = ("transA", "transB", "transBatchA", "transBatchB", "channels_last")
"""Attributes with which such an operator gives another shape, unless they are taken over."""
