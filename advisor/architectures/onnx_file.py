"""Reading a file of the ONNX format: whether it is whole, and which images it takes. Needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advisor.errors import AdvisorError, shown


def loaded(path: Path) -> Any:
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
            told = {entry.key: entry.value for entry in tensor.external_data}
            offset, length = (told.get(key, "0") for key in ("offset", "length"))
            ends = offset.isdecimal() and length.isdecimal()
            yield told.get("location", ""), int(offset) + int(length) if ends else 0


def image_of(graph: Any) -> Any:
    """The graph's input that is no weight; see `input_shape` for whether there is one."""
    weights = {each.name for each in graph.initializer}
    return next(each for each in graph.input if each.name not in weights)


def any_batch(graph: Any) -> bool:
    """Whether it takes batches of any size; else it takes one image at a time."""
    fixed: int = image_of(graph).type.tensor_type.shape.dim[0].dim_value
    return fixed < 1


def input_shape(path: Path, graph: Any) -> tuple[int, int, int]:
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


def first_line(error: Exception) -> str:
    """What an error says, in short."""
    lines = str(error).strip().splitlines()
    return lines[0][:160] if lines else type(error).__name__
