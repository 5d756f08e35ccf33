"""A network that `torch.export` has written to a file."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

from advisor.architectures.complexity import Complexity
from advisor.errors import AdvisorError, shown


def loaded(path: Path) -> Any:
    """The program in a file of `torch.export.save`.

    Raises:
        AdvisorError: the file is broken.
        ModuleNotFoundError: torch is not installed.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions of the format, which loading checks itself
        silenced = logging.root.manager.disable
        logging.disable(logging.WARNING)  # torch logs what it raises, too
        try:
            return torch.export.load(path)
        except Exception as error:  # noqa: BLE001  (a broken archive raises all kinds)
            raise AdvisorError(
                f"{path}: no file of torch.export, or a truncated one ({_first_line(error)})",
                "write it by torch.export.save, with the torch that is installed here",
            ) from None
        finally:
            logging.disable(silenced)


def module_of(program: Any) -> Any:
    """The program as a `torch.nn.Module`, its weights those of the file."""
    module = program.module()
    # What is exported is in the mode in which it was exported, and cannot be told another.
    module.eval = lambda: module
    return module


def count_program(path: Path, program: Any) -> tuple[tuple[int, int, int], Complexity]:
    """Count the network in a file of `torch.export.save`.

    Args:
        path: the file.
        program: what it holds.

    Returns:
        The input's channels, height and width; and the counts.

    Raises:
        AdvisorError: it takes anything else than one batch of images of a fixed size, or does what
            cannot be counted.
    """
    from advisor.architectures.dispatched import counted_in_place

    shape = _input_shape(path, program)
    try:
        return shape, counted_in_place(module_of(program), shape)
    except AdvisorError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever the exported code raises, it is told)
        raise AdvisorError(
            f"{path}: it does not run on one image: {_first_line(error)}",
            "export it with batch 1, or with a dynamic batch",
        ) from None


def any_batch(program: Any) -> bool:
    """Whether it takes batches of any size; else it takes one image at a time."""
    images = _inputs(program)
    return bool(images) and not isinstance(images[0].shape[0], int)


def _inputs(program: Any) -> list[Any]:
    """What stands for the values that it is called with."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    return [values.get(name) for name in program.graph_signature.user_inputs]


def _input_shape(path: Path, program: Any) -> tuple[int, int, int]:
    inputs = _inputs(program)
    if len(inputs) != 1 or getattr(inputs[0], "dim", lambda: 0)() != 4:
        told = ", ".join(map(str, program.graph_signature.user_inputs)) or "none"
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
