"""A file of the ONNX format: whether it is whole, which images it takes, what it costs. Needs no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

from advisor.architectures.design import Complexity
from advisor.errors import AdvisorError, first_line, shown

FLOATING = (1, 10, 11, 16)
"""ONNX's numbers of the element types float, float16, double and bfloat16."""
STANDARD = ("", "ai.onnx")
"""Names of the domain whose operators are ONNX's own."""

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


def load_model(path: Path) -> Any:
    """The model, its external data left where they are.

    Raises:
        AdvisorError: the file is broken, or lacks external data.
        ModuleNotFoundError: onnx is not installed.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, ValueError) as error:
        raise AdvisorError(
            f"{path}: no file of the ONNX format, or a truncated one ({first_line(error)})",
            "export it again",
        ) from None
    except OSError as error:
        raise AdvisorError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if not model.graph.node:
        raise AdvisorError(f"{path}: no graph in it, or a truncated one", "export it again")
    for place, end in _external(model):
        beside = path.parent / place
        if not beside.is_file():
            raise AdvisorError(
                f"{path}: its external data {shown(place)} is missing",
                "put the file beside it, or export with external_data=False",
            )
        if beside.stat().st_size < end:
            raise AdvisorError(f"{path}: its external data {shown(place)} is truncated")
    return model


def files_of(path: Path, model: Any) -> list[Path]:
    """The file, and those that hold its external data."""
    return [path, *sorted({path.parent / place for place, _ in _external(model)})]


def _external(model: Any) -> Iterator[tuple[str, int]]:
    """For each weight that lies in another file, that file, and where in it the weight ends at least."""
    from onnx.external_data_helper import uses_external_data

    for tensor in model.graph.initializer:
        if uses_external_data(tensor):
            entries = {entry.key: entry.value for entry in tensor.external_data}
            offset, length = (entries.get(key, "0") for key in ("offset", "length"))
            ends = offset.isdecimal() and length.isdecimal()
            yield entries.get("location", ""), int(offset) + int(length) if ends else 0


def image_of(graph: Any) -> Any:
    """The graph's input that is no weight; see `input_shape_of` for whether there is one."""
    weights = {each.name for each in graph.initializer}
    return next(each for each in graph.input if each.name not in weights)


def takes_any_batch(graph: Any) -> bool:
    """Whether it takes batches of any size; else it takes one image at a time."""
    fixed: int = image_of(graph).type.tensor_type.shape.dim[0].dim_value
    return fixed < 1


def input_shape_of(path: Path, graph: Any) -> tuple[int, int, int]:
    """Channels, height and width of the one input.

    Raises:
        AdvisorError: it takes anything else than one batch of images of a fixed size.
    """
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs[:5]) or "none"
        raise AdvisorError(
            f"{path}: {len(inputs)} inputs ({names}) where one batch of images is expected",
            "export the network alone",
        )
    axes = list(inputs[0].type.tensor_type.shape.dim)
    if len(axes) != 4:
        raise AdvisorError(
            f"{path}: its input has {len(axes)} axes where a batch of images has four",
            "export it with an input of batch x channels x height x width",
        )
    if axes[0].dim_value > 1:
        raise AdvisorError(
            f"{path}: its batch is fixed at {axes[0].dim_value}", "export it with batch 1 or any"
        )
    for axis, name in zip(axes[1:], ("channels", "height", "width"), strict=True):
        if axis.dim_value < 1:
            called = shown(axis.dim_param) if axis.dim_param else "unknown"
            raise AdvisorError(
                f"{path}: the {name} of its input are dynamic ({called})",
                "only the batch may be; export it at a fixed size",
            )
    return axes[1].dim_value, axes[2].dim_value, axes[3].dim_value


def count_model(path: Path, model: Any) -> Complexity:
    """Count the network in a file; the model is changed to what one image needs.

    Products are counted as PyTorch's are: convolutions and matrix products, a multiply and an add as
    two. Parameters are the numbers that the file holds as weights; where an exporter folded batch
    normalisation into convolutions, these are fewer than in training.

    Args:
        path: the file.
        model: what it holds, by `load_model`.

    Raises:
        AdvisorError: it takes anything else than one batch of images of a fixed size, or has an operator
            whose cost is not known.
    """
    shape = input_shape_of(path, model.graph)
    return _Count(path, _with_shapes(path, model), shape).result()


def _with_shapes(path: Path, model: Any) -> Any:
    """The graph with the shape of every value, for one image."""
    import onnx

    batch = image_of(model.graph).type.tensor_type.shape.dim[0]
    batch.Clear()
    batch.dim_value = 1
    del model.graph.value_info[:]  # of any batch, perhaps; inferred anew for one image
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        return onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        ).graph
    except (onnx.shape_inference.InferenceError, ValueError) as error:
        raise AdvisorError(
            f"{path}: its shapes cannot be followed: {first_line(error)}", "export it again"
        ) from None


class _Count:
    """Goes through a graph in its order, which is one in which it can run."""

    def __init__(self, path: Path, graph: Any, input_shape: Sequence[int]) -> None:
        self.path, self.graph = path, graph
        self.weights = {each.name: each for each in graph.initializer}
        self.shapes: dict[str, tuple[int, ...]] = {
            each.name: tuple(each.dims) for each in graph.initializer
        }
        image = image_of(graph).name
        self.shapes[image] = (1, *input_shape)
        self.image = image
        for value in (*graph.value_info, *graph.output):
            dims = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
            if value.type.tensor_type.HasField("shape"):
                self.shapes[value.name] = tuple(dims)

    def result(self) -> Complexity:
        operations = activations = layers = window_reads = 0
        for node in self.graph.node:
            self._check(node)
            if node.op_type in PRODUCTS:
                operations += 2 * self._products(node)
                activations += self._size(node, node.output[0])
                layers += 1
            elif node.op_type in POOLS:
                window = prod(_attribute(node, "kernel_shape", ()))
                window_reads += self._size(node, node.output[0]) * window
        return Complexity(
            params=sum(self._params()),
            operations=operations,
            activations=activations,
            layers=layers,
            window_reads=window_reads,
            peak_activations=self._peak(),
        )

    def _check(self, node: Any) -> None:
        known = (
            node.op_type in PRODUCTS or node.op_type in POOLS or node.op_type in WITHOUT_PRODUCTS
        )
        if node.domain not in STANDARD or not known:
            name = node.op_type if node.domain in STANDARD else f"{node.domain}::{node.op_type}"
            raise AdvisorError(
                f"{self.path}: the cost of the operator {name} is not known",
                "its operations cannot be counted; state them yourself (predict --ops --params)",
            )

    def _shape(self, node: Any, name: str) -> tuple[int, ...]:
        shape = self.shapes.get(name)
        if shape is None or (shape and min(shape) < 1):
            raise AdvisorError(
                f"{self.path}: the shape of {shown(name)} at {node.op_type} {shown(node.name)} is not "
                "fixed",
                "export it with batch 1, so that every shape is known",
            )
        return shape

    def _size(self, node: Any, name: str) -> int:
        return prod(self._shape(node, name))

    def _products(self, node: Any) -> int:
        """How many multiplications a convolution or a matrix product does."""
        out = self._size(node, node.output[0])
        if node.op_type == "Conv":
            return out * prod(self._shape(node, node.input[1])[1:])
        if node.op_type == "ConvTranspose":
            return self._size(node, node.input[0]) * prod(self._shape(node, node.input[1])[1:])
        first = self._shape(node, node.input[0])
        turned = node.op_type == "Gemm" and _attribute(node, "transA", 0)
        return out * first[-2 if turned else -1]

    def _params(self) -> Iterator[int]:
        """The numbers of each floating-point weight; statistics of normalisations are not trained."""
        statistics = {
            name
            for node in self.graph.node
            if node.op_type == "BatchNormalization"
            for name in node.input[3:5]
        }
        for name, tensor in self.weights.items():
            if tensor.data_type in FLOATING and tensor.dims and name not in statistics:
                yield prod(tensor.dims)

    def _peak(self) -> int:
        """The most numbers alive at once, where each value is freed after its last use."""
        uses = Counter(name for node in self.graph.node for name in node.input if name)
        uses.update(each.name for each in self.graph.output)
        sizes = {self.image: prod(self.shapes[self.image])}  # of each storage, by who made it
        storage = {self.image: self.image}
        alive = peak = sizes[self.image]
        holders = Counter({self.image: uses[self.image]})
        for node in self.graph.node:
            source = storage.get(node.input[0]) if node.input else None
            shares = source is not None and (
                node.op_type in ALIASES or (node.op_type in IN_PLACE and holders[source] == 1)
            )
            for place, name in enumerate(each for each in node.output if each):
                if place == 0 and shares and source is not None:
                    storage[name] = source
                    holders[source] += uses[name]
                elif uses[name]:
                    storage[name] = name
                    sizes[name] = prod(self.shapes.get(name, (0,)))
                    holders[name] = uses[name]
                    alive += sizes[name]
            peak = max(peak, alive)
            for name in node.input:
                held = storage.get(name)
                if held is not None:
                    holders[held] -= 1
                    if holders[held] == 0:
                        alive -= sizes[held]
        return peak


def _attribute(node: Any, name: str, default: Any) -> Any:
    import onnx

    for each in node.attribute:
        if each.name == name:
            return onnx.helper.get_attribute_value(each)
    return default
