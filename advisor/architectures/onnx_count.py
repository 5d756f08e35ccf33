"""What a graph of the ONNX format costs: its products, its parameters wherever they lie, their format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from advisor.architectures.design import Complexity
from advisor.architectures.onnx_file import ImageInput, branches_of, image_of
from advisor.architectures.onnx_operators import (
    ALIASES,
    AS_STANDARD,
    IN_PLACE,
    MICROSOFT,
    QUANTISED,
    UNLIKE,
    UNTRAINED,
    WIDE_WEIGHTS,
    NotCounted,
    Shape,
    attribute,
    called,
    has_products,
    products_of,
    window_reads_of,
)
from advisor.errors import AdvisorError, first_line, shown

FORMATS: Mapping[int, str] = {
    1: "fp32", 10: "fp16", 11: "fp64", 16: "bf16",
    2: "int8", 3: "int8", 21: "int4", 22: "int4",
    17: "fp8", 18: "fp8", 19: "fp8", 20: "fp8", 23: "fp4",
}  # fmt: skip
"""The number format that a weight of each of ONNX's element types is in, by the type's number."""
_COARSEST = ("fp4", "int4", "fp8", "int8", "bf16", "fp16", "fp32", "fp64")
INT8 = 3
INTEGERS = (2, INT8, 21, 22)
WIDE = (6, 7)
"""Integers of 32 and 64 bits: sizes and places, or a quantised layer's biases."""

ARITHMETIC = ("Add", "Div", "Mul", "Sub")


@dataclass(frozen=True)
class GraphCount:
    """What a graph costs.

    Attributes:
        counts: of one image; what is not known is `None`.
        precision: the number format in which its weights are: of several the coarsest.
        fault: why something is not known; "" where all is.
    """

    counts: Complexity
    precision: str
    fault: str


def count_model(path: Path, model: Any, image: ImageInput) -> GraphCount:
    """Count a network; the model is changed to what one image needs.

    Products are counted as PyTorch's are: convolutions and matrix products, a multiply and an add as
    two. Parameters are the numbers that it multiplies, adds or looks up as weights, wherever they are
    stored; where an exporter folded batch normalisation into convolutions, these are fewer than in training.

    Args:
        path: the file.
        model: what it holds, by `load_model`.
        image: its input.
    """
    model = _inlined(model)
    graph, fault = _with_shapes(path, model)
    tally = _Tally(fault=fault)
    scope = _Scope()
    scope.take(graph)
    scope.shapes[image.name] = image.of_one
    _count(graph, scope, tally)
    branches = any(True for node in graph.node for _ in branches_of(node))
    peak = None if fault or branches else _peak(graph, scope, image)
    whole = not tally.fault
    counts = Complexity(
        params=sum(weight.numbers for weight in tally.used.values()),
        operations=2 * tally.products if whole else None,
        activations=tally.activations if whole else None,
        layers=tally.layers if whole else None,
        window_reads=tally.window_reads if whole else None,
        peak_activations=peak,
    )
    found = next((each for each in _COARSEST if each in tally.formats), "")
    return GraphCount(counts, found or "fp32", tally.fault)


# --- shapes


def _inlined(model: Any) -> Any:
    """The model with the bodies of its local functions in place of their calls."""
    if not model.functions:
        return model
    from onnx import inliner

    return inliner.inline_local_functions(model)


def _with_shapes(path: Path, model: Any) -> tuple[Any, str]:
    """The graph with the shape of every value, for one image, as far as they can be followed; and why not."""
    import onnx

    batch = image_of(model.graph).type.tensor_type.shape.dim[0]
    batch.Clear()
    batch.dim_value = 1
    _load_sizes(path, model)
    del model.graph.value_info[:]  # of any batch, perhaps; inferred anew for one image
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    standard = _as_standard(model)
    fault = ""
    try:
        found = onnx.shape_inference.infer_shapes(standard, strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError) as error:
        fault = f"its shapes cannot be followed: {first_line(error)}"
        try:
            found = onnx.shape_inference.infer_shapes(standard)
        except (onnx.shape_inference.InferenceError, ValueError) as broken:
            raise AdvisorError(
                f"{path}: no network that ONNX allows: {first_line(broken)}", "export it again"
            ) from None
    del model.graph.value_info[:]
    del model.graph.output[:]
    model.graph.value_info.extend(found.graph.value_info)
    model.graph.output.extend(found.graph.output)
    for own, theirs in zip(model.graph.node, found.graph.node, strict=True):
        if any(True for _ in branches_of(own)):
            own.CopyFrom(theirs)
    return model.graph, fault


def _load_sizes(path: Path, model: Any) -> None:
    """Bring in the integers that lie in another file: shapes may follow from them."""
    from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

    for tensor in (*model.graph.initializer, *_constants(model.graph)):
        if tensor.data_type in WIDE and uses_external_data(tensor):
            load_external_data_for_tensor(tensor, str(path.parent))


def _constants(graph: Any) -> Iterable[Any]:
    for node in graph.node:
        if node.op_type == "Constant":
            yield from (each.t for each in node.attribute if each.HasField("t"))


def _as_standard(model: Any) -> Any:
    """The model with ONNX Runtime's operators replaced by ONNX's own of the same shape: for shapes alone."""
    import onnx

    if not any(node.domain in MICROSOFT for node in model.graph.node):
        return model
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for node in changed.graph.node:
        known = AS_STANDARD.get(node.op_type) if node.domain in MICROSOFT else None
        if known is None:
            continue
        name, places, kept = known
        if any(each not in kept and attribute(node, each, 0) for each in UNLIKE):
            continue
        inputs = [node.input[place] for place in places if place < len(node.input)]
        further = [each for each in node.attribute if each.name in kept]
        node.op_type, node.domain = name, ""
        del node.input[:], node.attribute[:]
        node.input.extend(inputs)
        node.attribute.extend(further)
    return changed


# --- counting


@dataclass(frozen=True)
class _Weight:
    """A tensor that a file stores.

    Attributes:
        key: where it lies, and its name there.
        numbers: how many it holds.
        element: ONNX's number of their type.
    """

    key: tuple[str, str]
    numbers: int
    element: int

    @property
    def is_wide(self) -> bool:
        return self.element in WIDE


Weights = frozenset[_Weight]


@dataclass
class _Scope:
    """What is known of the values of a graph, and of those around it.

    Attributes:
        place: which graph of the file it is.
        shapes: by value; 0 for a size that is not known.
        elements: ONNX's number of the element type, by value.
        stored: of each value that follows from stored numbers alone, the weights that it is made of.
        dequantised: the values that were integers a moment ago.
    """

    place: str = ""
    shapes: dict[str, Shape] = field(default_factory=dict)
    elements: dict[str, int] = field(default_factory=dict)
    stored: dict[str, Weights] = field(default_factory=dict)
    dequantised: set[str] = field(default_factory=set)

    def within(self, place: str, graph: Any) -> _Scope:
        """The scope of a graph inside this one, whose values hide those of the same name around it."""
        inner = _Scope(
            place, {**self.shapes}, {**self.elements}, {**self.stored}, {*self.dequantised}
        )
        inner.take(graph)
        return inner

    def take(self, graph: Any) -> None:
        """Take note of what a graph says of its values, and of what it stores."""
        for value in (*graph.input, *graph.value_info, *graph.output):
            kind = value.type.tensor_type
            self.elements[value.name] = kind.elem_type
            if kind.HasField("shape"):
                self.shapes[value.name] = tuple(axis.dim_value for axis in kind.shape.dim)
        for tensor in graph.initializer:
            self.keep(tensor.name, tensor)
        for sparse in graph.sparse_initializer:
            self.keep(sparse.values.name, sparse.values)
            self.shapes[sparse.values.name] = tuple(sparse.dims)

    def keep(self, name: str, tensor: Any) -> None:
        """Take note of a stored tensor; a single number without an axis is a setting, no weight."""
        self.shapes[name] = tuple(tensor.dims)
        self.elements[name] = tensor.data_type
        is_weight = tensor.dims and (tensor.data_type in FORMATS or tensor.data_type in WIDE)
        weight = _Weight((self.place, name), prod(tensor.dims), tensor.data_type)
        self.stored[name] = frozenset([weight] if is_weight else [])

    def shape_of(self, name: str) -> Shape:
        """The shape of a value.

        Raises:
            NotCounted: it is not known.
        """
        shape = self.shapes.get(name)
        if shape is None or (shape and min(shape) < 1):
            raise NotCounted(f"the shape of {shown(name)} is not known")
        return shape

    def weights_at(self, node: Any, place: int) -> Weights:
        """The trained numbers that a node takes at one of its inputs."""
        known = self.stored.get(node.input[place], frozenset())
        if place in UNTRAINED.get(node.op_type, ()):
            return frozenset()
        wide = place in WIDE_WEIGHTS.get(node.op_type, ())
        return known if wide else frozenset(each for each in known if not each.is_wide)


@dataclass
class _Tally:
    """What has been counted of a graph so far; `fault` is why that cannot be all."""

    products: int = 0
    activations: int = 0
    layers: int = 0
    window_reads: int = 0
    used: dict[tuple[str, str], _Weight] = field(default_factory=dict)
    formats: set[str] = field(default_factory=set)
    fault: str = ""

    @property
    def costs(self) -> tuple[int, int, int, int]:
        """What is counted beside weights."""
        return self.products, self.activations, self.layers, self.window_reads


def _count(graph: Any, scope: _Scope, tally: _Tally) -> None:
    """Go through a graph in its order, which is one in which it can run."""
    for node in graph.node:
        branches = list(branches_of(node))
        try:
            if branches:
                _count_branches(node, branches, scope, tally)
            else:
                _count_node(node, scope, tally)
        except NotCounted as unknown:
            tally.fault = tally.fault or str(unknown)
        _follow(node, scope, tally, live=bool(branches))


def _count_node(node: Any, scope: _Scope, tally: _Tally) -> None:
    products = products_of(node, scope.shape_of)
    if products:
        tally.products += products
        tally.activations += prod(scope.shape_of(node.output[0]))
        tally.layers += 1
    tally.window_reads += window_reads_of(node, scope.shape_of)


def _count_branches(node: Any, branches: list[Any], scope: _Scope, tally: _Tally) -> None:
    """An `If` costs what its way costs, where that is known or both cost alike."""
    found = []
    for number, branch in enumerate(branches):
        own = _Tally(used=tally.used, formats=tally.formats)
        _count(branch, scope.within(f"{scope.place}/{node.output[0]}/{number}", branch), own)
        found.append(own)
    tally.fault = tally.fault or next((each.fault for each in found if each.fault), "")
    if len({each.costs for each in found}) > 1:
        raise NotCounted(f"the cost of {called(node)} is not known: its ways cost unlike")
    if node.op_type != "If" and any(found[0].costs):
        raise NotCounted(f"the cost of {called(node)} is not known: who knows how often it turns")
    tally.products += found[0].products
    tally.activations += found[0].activations
    tally.layers += found[0].layers
    tally.window_reads += found[0].window_reads


def _follow(node: Any, scope: _Scope, tally: _Tally, *, live: bool) -> None:
    """What a node uses, if it computes with images; else what its outputs are made of."""
    names = [name for name in node.input if name]
    places = [place for place, name in enumerate(node.input) if name]
    if node.op_type == "Constant":
        _keep_constant(node, scope)
    elif names and not live and all(name in scope.stored for name in names):
        made = _made(node, [scope.weights_at(node, place) for place in places])
        scope.stored.update(dict.fromkeys(node.output, made))
    else:
        for place in places:
            for weight in scope.weights_at(node, place):
                tally.used[weight.key] = weight
        if has_products(node):
            tally.formats.update(_formats(node, scope, places))
        if node.op_type == "DequantizeLinear":
            scope.dequantised.update(node.output)


def _made(node: Any, taken: list[Weights]) -> Weights:
    """The weights in what stored numbers are made to: of integers and their scale, the integers."""
    if node.op_type in ARITHMETIC and any(_is_quantised(each) for each in taken):
        return max(taken, key=lambda each: sum(weight.numbers for weight in each))
    made = frozenset[_Weight]().union(*taken)
    if node.op_type == "QuantizeLinear":
        return frozenset(replace(each, element=INT8) for each in made)
    if node.op_type in WIDE_WEIGHTS:  # whose integers are numbers from here on
        return frozenset(replace(each, element=INT8) if each.is_wide else each for each in made)
    return made


def _is_quantised(weights: Weights) -> bool:
    return any(each.element in INTEGERS for each in weights)


def _formats(node: Any, scope: _Scope, places: Iterable[int]) -> Iterable[str]:
    """The number formats that a product is in: that of what it computes with, and of quantised weights."""
    if node.op_type in QUANTISED or scope.dequantised.intersection(node.input):
        yield "int8"
    for place in places:
        weights = scope.weights_at(node, place)
        if _is_quantised(weights):
            yield from (FORMATS[each.element] for each in weights if each.element in INTEGERS)
        elif scope.elements.get(node.input[place], 0) in FORMATS:
            yield FORMATS[scope.elements[node.input[place]]]


def _keep_constant(node: Any, scope: _Scope) -> None:
    """Take note of a `Constant`; of one number it is a setting."""
    from onnx import TensorProto

    name = node.output[0]
    scope.stored[name] = frozenset()
    for each in node.attribute:
        if each.name == "value":
            scope.keep(name, each.t)
        elif each.name == "value_floats":
            flat = TensorProto(dims=[len(each.floats)], data_type=TensorProto.FLOAT)
            scope.keep(name, flat)
        elif each.name == "sparse_value":
            scope.keep(name, each.sparse_tensor.values)
            scope.shapes[name] = tuple(each.sparse_tensor.dims)
    if prod(scope.shapes.get(name, ())) == 1:
        scope.stored[name] = frozenset()


# --- memory


def _peak(graph: Any, scope: _Scope, image: ImageInput) -> int | None:
    """The most numbers alive at once, where each value is freed after its last use; `None` if unknown."""
    live = [node for node in graph.node if not all(name in scope.stored for name in node.output)]
    uses = Counter(name for node in live for name in node.input if name)
    uses.update(each.name for each in graph.output)
    sizes = {image.name: prod(image.of_one)}  # of each storage, by who made it
    storage = {image.name: image.name}
    alive = peak = sizes[image.name]
    holders = Counter({image.name: uses[image.name]})
    for node in live:
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
                try:
                    sizes[name] = prod(scope.shape_of(name))
                except NotCounted:
                    return None
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
