"""Counting a network that `torch.export` has written to a file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from advisor.architectures.complexity import Complexity
from advisor.errors import AdvisorError, shown


def count_exported(path: Path) -> tuple[tuple[int, int, int], Complexity]:
    """Count the network in a file of `torch.export.save`.

    Returns:
        The input's channels, height and width; and the counts.

    Raises:
        AdvisorError: the file is broken, takes anything else than one batch of images of a fixed size,
            or does what cannot be counted.
        ModuleNotFoundError: torch is not installed.
    """
    program = _loaded(path)
    shape = _input_shape(path, program)
    from advisor.architectures.dispatched import counted_in_place

    module = program.module()
    # What is exported is in evaluation mode already, and cannot be told so.
    module.eval = lambda: module
    try:
        return shape, counted_in_place(module, shape)
    except AdvisorError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever the exported code raises, it is told)
        raise AdvisorError(
            f"{path}: it does not run on one image: {_first_line(error)}",
            "export it with batch 1, or with a dynamic batch",
        ) from None


def _loaded(path: Path) -> Any:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions of the format, which loading checks itself
        try:
            return torch.export.load(path)
        except Exception as error:  # noqa: BLE001  (a broken archive raises all kinds)
            raise AdvisorError(
                f"{path}: no file of torch.export, or a truncated one ({_first_line(error)})",
                "write it by torch.export.save, with the torch that is installed here",
            ) from None


def _input_shape(path: Path, program: Any) -> tuple[int, int, int]:
    names = program.graph_signature.user_inputs
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    inputs = [values.get(name) for name in names]
    if len(inputs) != 1 or getattr(inputs[0], "dim", lambda: 0)() != 4:
        told = ", ".join(map(str, names)) or "none"
        raise AdvisorError(
            f"{path}: its inputs ({told}) are not one batch of images",
            "export it with an input of batch x channels x height x width",
        )
    image: Any = inputs[0]
    sides = tuple(image.shape[1:])
    for side, name in zip(sides, ("channels", "height", "width"), strict=True):
        if not isinstance(side, int):
            raise AdvisorError(
                f"{path}: the {name} of its input are dynamic ({shown(str(side))})",
                "only the batch may be; export it at a fixed size",
            )
    channels, height, width = sides
    return channels, height, width


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
