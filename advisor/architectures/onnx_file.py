"""A file of the ONNX format: whether it is whole, and which images it takes. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.architectures.onnx_operators import attribute
from advisor.errors import AdvisorError, cut, first_line, reason_of, shown

ELEMENTS = {1: "float32", 2: "uint8", 3: "int8", 10: "float16"}
"""What an image's numbers may be: numpy's names, by ONNX's numbers of them."""

MOST_PLACE = 1000
"""So many characters may the name of a file of external data have."""
BITS = {"UINT4": 4, "INT4": 4, "FLOAT4E2M1": 4, "UINT2": 2, "INT2": 2}
"""Of numbers that are packed into bytes, how long each is."""

_LAYOUT_KEPT = "Add Cast Clip DequantizeLinear Div Identity Mul Pad QuantizeLinear Resize Sub"
LAYOUT_KEPT = frozenset(_LAYOUT_KEPT.split())
"""Operators through which an image passes as it lies."""
TO_CHANNELS_FIRST, TO_CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
"""How the axes of images are turned."""
MOST_CHANNELS = 4
"""So many channels, or fewer, are those of an image: grey, colours, and how far it is transparent."""


@dataclass(frozen=True)
class ImageInput:
    """The input of a network.

    Attributes:
        name: what the file calls it.
        shape: channels, height, width, in whichever order the file has them.
        channels_last: whether the file has them as height, width, channels.
        element: what its numbers are, numpy's name of it.
        any_batch: whether it takes batches of any size; else it takes one image at a time.
    """

    name: str
    shape: tuple[int, int, int]
    channels_last: bool
    element: str
    any_batch: bool

    @property
    def of_one(self) -> tuple[int, int, int, int]:
        """The shape of a batch of one image, in the order of the file."""
        channels, height, width = self.shape
        return (1, height, width, channels) if self.channels_last else (1, channels, height, width)


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
        raise AdvisorError(f"{path}: {reason_of(error)}") from None
    if not model.graph.node:
        raise AdvisorError(f"{path}: no graph in it, or a truncated one", "export it again")
    for tensor in _tensors(model.graph):
        _check_size(path, tensor)
    for place, end in _external(path, model):
        try:
            size = (path.parent / place).stat().st_size
        except OSError as error:
            raise AdvisorError(
                f"{path}: its external data {shown(place)} is missing ({reason_of(error)})",
                "put the file beside it, or export with external_data=False",
            ) from None
        if size < end:
            raise AdvisorError(f"{path}: its external data {shown(place)} is truncated")
    return model


def files_of(path: Path, model: Any) -> list[Path]:
    """The file, and those that hold its external data."""
    return [path, *sorted({path.parent / place for place, _ in _external(path, model)})]


def _external(path: Path, model: Any) -> Iterator[tuple[str, int]]:
    """For each weight that lies in another file, that file, and where in it the weight ends at least.

    Raises:
        AdvisorError: a place outside the folder of the model, or one that is no number.
    """
    from onnx.external_data_helper import uses_external_data

    for tensor in _tensors(model.graph):
        if uses_external_data(tensor):
            entries = {entry.key: entry.value for entry in tensor.external_data}
            place = entries.get("location", "")
            _check_place(path, place)
            offset, length = (
                _count(path, place, entries.get(key, default))
                for key, default in (("offset", "0"), ("length", ""))
            )
            needed = _bytes_of(tensor)
            if length is not None and needed is not None and length != needed:
                raise AdvisorError(
                    f"{path}: {shown(tensor.name)} takes {needed:,} bytes, and its external data "
                    f"{shown(place)} are said to be {length:,}",
                    "export it again",
                )
            yield place, (offset or 0) + (length or needed or 0)


def _check_place(path: Path, place: str) -> None:
    """See that external data lie beside the model: a file must not have others read, wherever they are."""
    parts = place.replace("\\", "/").split("/")
    fine = bool(place) and "\0" not in place and len(place) <= MOST_PLACE
    if fine and ".." not in parts and parts[0] and ":" not in parts[0]:
        with suppress(OSError):
            real = (path.parent / place).resolve()
            homes = (path.parent.resolve(), path.resolve().parent)
            if any(real.is_relative_to(home) for home in homes):
                return
    raise AdvisorError(
        f"{path}: its external data are to lie in {shown(place)}, which is not inside its folder",
        "put them beside it, or export with external_data=False",
    )


def _count(path: Path, place: str, text: str) -> int | None:
    """A number of bytes; `None` where none is stated."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise AdvisorError(
            f"{path}: {shown(text)} is no place in its external data {shown(place)}",
            "export it again",
        )
    return int(text)


def _check_size(path: Path, tensor: Any) -> None:
    """See that a weight holds as many numbers as it says: it is counted by what it says."""
    needed = _bytes_of(tensor)
    if any(side < 0 for side in tensor.dims) or (
        needed is not None and tensor.HasField("raw_data") and len(tensor.raw_data) != needed
    ):
        shape = " x ".join(map(str, tensor.dims[:5]))
        raise AdvisorError(
            f"{path}: {shown(tensor.name)} is said to be {shape} numbers and holds "
            f"{len(tensor.raw_data):,} bytes",
            "export it again",
        )


def _bytes_of(tensor: Any) -> int | None:
    """How many bytes a weight's numbers take; `None` where they are texts, or of an unknown kind."""
    import onnx

    kind = onnx.TensorProto.DataType.Name
    try:
        name = kind(tensor.data_type)
        if name in ("STRING", "UNDEFINED"):
            return None
        bits = BITS.get(name) or 8 * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (ValueError, KeyError, TypeError):
        return None
    return -(-math.prod(map(int, tensor.dims)) * int(bits) // 8)


def _tensors(graph: Any) -> Iterator[Any]:
    """Every tensor that a graph stores, and those that graphs inside it do."""
    yield from graph.initializer
    for node in graph.node:
        for each in node.attribute:
            if each.HasField("t"):
                yield each.t
        for branch in branches_of(node):
            yield from _tensors(branch)


def branches_of(node: Any) -> Iterator[Any]:
    """The graphs inside a node, such as the two ways of an `If`."""
    for each in node.attribute:
        if each.HasField("g"):
            yield each.g
        yield from each.graphs


def image_of(graph: Any) -> Any:
    """The graph's input that is no weight; see `read_image` for whether there is one."""
    weights = {each.name for each in graph.initializer}
    return next(each for each in graph.input if each.name not in weights)


def read_image(path: Path, graph: Any) -> ImageInput:
    """The one input of a network.

    Raises:
        AdvisorError: it takes anything else than one batch of images of a fixed size.
    """
    weights = {each.name for each in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(cut(each.name) for each in inputs[:5]) or "none"
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
    if axes[0].dim_value > 1 or (axes[0].HasField("dim_value") and axes[0].dim_value == 0):
        raise AdvisorError(
            f"{path}: its batch is fixed at {axes[0].dim_value}", "export it with batch 1 or any"
        )
    kind = inputs[0].type.tensor_type.elem_type
    if kind not in ELEMENTS:
        import onnx

        known = kind in onnx.TensorProto.DataType.values()
        called = onnx.TensorProto.DataType.Name(kind).lower() if known else f"unknown ({kind})"
        raise AdvisorError(
            f"{path}: the numbers of its input are {called}; images are {', '.join(ELEMENTS.values())}",
            "export it with an input of 32-bit floats",
        )
    last = _channels_last(graph, inputs[0].name, [axis.dim_value for axis in axes[1:]])
    order = ("height", "width", "channels") if last else ("channels", "height", "width")
    for axis, name in zip(axes[1:], order, strict=True):
        if axis.dim_value < 1:
            called = shown(axis.dim_param) if axis.dim_param else "unknown"
            raise AdvisorError(
                f"{path}: the {name} of its input {'are' if name == 'channels' else 'is'} dynamic ({called})",
                "only the batch may be; export it at a fixed size",
            )
    sides = {name: axis.dim_value for axis, name in zip(axes[1:], order, strict=True)}
    shape = sides["channels"], sides["height"], sides["width"]
    return ImageInput(inputs[0].name, shape, last, ELEMENTS[kind], axes[0].dim_value < 1)


def _channels_last(graph: Any, image: str, sizes: Sequence[int]) -> bool:
    """Whether an image's channels come last: what the network does with it first says so, else its sizes."""
    reached = {image}
    for node in graph.node:
        if not node.input or node.input[0] not in reached:
            continue
        turned = tuple(attribute(node, "perm", ())) if node.op_type == "Transpose" else ()
        if turned in (TO_CHANNELS_FIRST, TO_CHANNELS_LAST):
            return turned == TO_CHANNELS_FIRST
        if node.op_type in ("Conv", "QLinearConv", "ConvInteger", "FusedConv"):
            return False
        if node.op_type in LAYOUT_KEPT:
            reached.update(node.output[:1])
    return sizes[2] in range(1, MOST_CHANNELS + 1) and sizes[0] > MOST_CHANNELS
