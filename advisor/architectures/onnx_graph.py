"""Counting a network by its graph: a file of the ONNX format, without running it and without torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

from advisor.architectures.complexity import Complexity
from advisor.architectures.onnx_file import first_line, image_of, input_shape, loaded
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
    return count_model(path, loaded(path))


def count_model(path: Path, model: Any) -> tuple[tuple[int, int, int], Complexity]:
    """As `count_onnx`, of what is loaded already; it is changed to what one image needs."""
    shape = input_shape(path, model.graph)
    graph = _with_shapes(path, model)
    return shape, _Count(path, graph, shape).result()


def _with_shapes(path: Path, model: Any) -> Any:
    """The graph with the shape of every value, for one image."""
    import onnx

    batch = image_of(model.graph).type.tensor_type.shape.dim[0]
    batch.Clear()
    batch.dim_value = 1
    del model.graph.value_info[:]  # of any batch, perhaps; told anew for one image
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
