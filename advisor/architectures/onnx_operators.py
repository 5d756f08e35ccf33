"""What is known of ONNX's operators: which do products, which pool, which do neither."""

from __future__ import annotations

PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
"""Operators that are counted: convolutions and matrix products."""

POOLS = frozenset({"AveragePool", "LpPool", "MaxPool"})
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
Abs Add And ArgMax ArgMin BatchNormalization Cast CastLike Ceil Celu Clip Concat Constant
ConstantOfShape Cos CumSum DepthToSpace Div Dropout Elu Equal Erf Exp Expand EyeLike Flatten Floor
Gather GatherElements GatherND Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool Greater
GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization
LayerNormalization LRN LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization Max Mean
MeanVarianceNormalization Min Mish Mod Mul Neg Not Or PRelu Pad Pow RMSNormalization Range Reciprocal
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin
Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tanh
ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Upsample Where Xor
"""
WITHOUT_PRODUCTS = frozenset(_WITHOUT_PRODUCTS.split())
"""Operators without products worth counting: they move, pool, normalise or activate."""
