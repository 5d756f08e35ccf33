"""A file of torch.export (.pt2), read as data: nothing in it runs, unless the user says to trust it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from advisor.architectures.export_content import check_members
from advisor.arguments import TRUST
from advisor.errors import AdvisorError, first_line, shown

_ONLY_DATA = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
_WHATEVER = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
_MODEL = "model"


def is_trusted() -> bool:
    """Whether the user has said that files may run what they hold."""
    return os.environ.get(TRUST, "") not in ("", "0")


def load_program(path: Path) -> Any:
    """The program in a file of `torch.export.save`.

    Raises:
        AdvisorError: the file is broken, or reading it could run code and the user did not say to trust it.
        ModuleNotFoundError: torch is not installed.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions of the format, which loading checks itself
        silenced = logging.root.manager.disable
        logging.disable(logging.WARNING)  # torch logs what it raises, too
        try:
            return torch.export.load(path) if is_trusted() else _loaded(path)
        except (AdvisorError, ModuleNotFoundError):
            raise
        except Exception as error:  # noqa: BLE001  (a broken archive raises all kinds)
            raise AdvisorError(
                f"{path}: no file of torch.export, or a truncated one "
                f"({first_line(error, with_kind=True)})",
                "write it by torch.export.save, with the torch that is installed here",
            ) from None
        finally:
            logging.disable(silenced)


def _loaded(path: Path) -> Any:
    """The program, none of whose members can run anything."""
    import torch

    try:
        from torch.export.pt2_archive._package import load_pt2
    except ImportError:
        raise AdvisorError(
            f"{path}: torch {torch.__version__} reads such files by running what they hold",
            "install torch 2.8 or later; or, if you trust whoever made the file, add --trust",
        ) from None
    # By torch's own reader, so that it sees what is looked at here, and without its fallback to older forms.
    archive = torch._C.PyTorchFileReader(str(path))
    check_members(path, archive.get_all_records(), archive.get_record)
    with _only_data():
        program = load_pt2(str(path)).exported_programs[_MODEL]
    program._guards_code = []
    return program


@contextmanager
def _only_data() -> Iterator[None]:
    """Have torch unpickle nothing but tensors and plain values, even where it would fall back to all else."""
    before = {name: os.environ.get(name) for name in (_ONLY_DATA, _WHATEVER)}
    os.environ[_ONLY_DATA] = "1"
    os.environ.pop(_WHATEVER, None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def program_module(program: Any) -> Any:
    """The program as a `torch.nn.Module`, its weights those of the file."""
    module = program.module()
    # What is exported keeps the mode in which it was exported, and refuses another.
    module.eval = lambda: module
    return module


def program_inputs(program: Any) -> list[Any]:
    """What stands for the values that it is called with."""
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    return [values.get(name) for name in program.graph_signature.user_inputs]


def program_shape(path: Path, program: Any) -> tuple[int, int, int]:
    """The channels, height and width of a program's input.

    Raises:
        AdvisorError: it takes anything else than images of a fixed size.
    """
    inputs = program_inputs(program)
    if len(inputs) != 1 or getattr(inputs[0], "dim", lambda: 0)() != 4:
        names = ", ".join(map(str, program.graph_signature.user_inputs)) or "none"
        raise AdvisorError(
            f"{path}: its inputs ({names}) are not one batch of images",
            "export it with an input of batch x channels x height x width",
        )
    image: Any = inputs[0]
    sides = tuple(image.shape[1:])
    for side, name in zip(sides, ("channels", "height", "width"), strict=True):
        if not isinstance(side, int):
            verb = "are" if name == "channels" else "is"
            raise AdvisorError(
                f"{path}: the {name} of its input {verb} dynamic ({shown(str(side))})",
                "only the batch may be; export it at a fixed size",
            )
    channels, height, width = sides
    return channels, height, width
