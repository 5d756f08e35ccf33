"""Counting a network by its graph: a file of the ONNX format, without running it and without torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

from advisor.architectures.complexity import Complexity
from advisor.architectures.onnx_operators import (
    ALIASES,
    IN_PLACE,
    POOLS,
    PRODUCTS,
    WITHOUT_PRODUCTS,
)
from advisor.errors import AdvisorError, shown

FLOATING = (1, 10, 11, 16)
"""ONNX's numbers of the element types float, float16, double and bfloat16."""
STANDARD = ("", "ai.onnx")
"""Names of the domain whose operators are ONNX's own."""


def count_onnx(path: Path) -> tuple[tuple[int, int, int], Complexity]:
    """Count the network in a file.

    Products are counted as PyTorch's are: convolutions and matrix products, a multiply and an add as
    two. Parameters are the numbers that the file holds as weights; where an exporter folded batch
    normalisation into convolutions, these are fewer than in training.

    Returns:
        The input's channels, height and width; and the counts.

    Raises:
        AdvisorError: the file is broken or lacks its external data, takes anything else than one batch
            of images of a fixed size, or has an operator whose cost is not known.
        ModuleNotFoundError: onnx is not installed.
    """
    model = _loaded(path)
    shape = _input_shape(path, model.graph)
    graph = _with_shapes(path, model)
    return shape, _Count(path, graph, shape).result()


def _loaded(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError
    from onnx.external_data_helper import uses_external_data

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, ValueError) as error:
        raise AdvisorError(
            f"{path}: no file of the ONNX format, or a truncated one ({_first_line(error)})",
            "export it again",
        ) from None
    except OSError as error:
        raise AdvisorError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if not model.graph.node:
        raise AdvisorError(f"{path}: no graph in it, or a truncated one", "export it again")
    for tensor in model.graph.initializer:
        if uses_external_data(tensor):
            place = {entry.key: entry.value for entry in tensor.external_data}.get("location", "")
            if not (path.parent / place).is_file():
                raise AdvisorError(
                    f"{path}: its external data {shown(place)} is missing",
                    "put the file beside it, or export with external_data=False",
                )
    return model


def _input_shape(path: Path, graph: Any) -> tuple[int, int, int]:
    """Channels, height and width of the one input; its batch is set to one image."""
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs[:5]) or "none"
        raise AdvisorError(
            f"{path}: {len(inputs)} inputs ({names}) where one batch of images is expected",
            "export the network alone",
        )
    tensor = inputs[0].type.tensor_type
    axes = list(tensor.shape.dim)
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
    axes[0].Clear()
    axes[0].dim_value = 1
    return axes[1].dim_value, axes[2].dim_value, axes[3].dim_value


def _with_shapes(path: Path, model: Any) -> Any:
    """The graph with the shape of every value, for one image."""
    import onnx

    del model.graph.value_info[:]  # of any batch, perhaps; told anew for one image
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        return onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        ).graph
    except (onnx.shape_inference.InferenceError, ValueError) as error:
        raise AdvisorError(
            f"{path}: its shapes cannot be followed: {_first_line(error)}", "export it again"
        ) from None


class _Count:
    """Goes through a graph in its order, which is one in which it can run."""

    def __init__(self, path: Path, graph: Any, input_shape: Sequence[int]) -> None:
        self.path, self.graph = path, graph
        self.weights = {each.name: each for each in graph.initializer}
        self.shapes: dict[str, tuple[int, ...]] = {
            each.name: tuple(each.dims) for each in graph.initializer
        }
        image = next(each.name for each in graph.input if each.name not in self.weights)
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


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
