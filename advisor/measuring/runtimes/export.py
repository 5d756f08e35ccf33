"""A network as an ONNX file, for the runtimes that are not PyTorch."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.architectures.exported_program import loaded
from advisor.architectures.identity import is_own_file
from advisor.errors import AdvisorError
from advisor.measuring.runtimes.export_folder import kept
from advisor.measuring.runtimes.naming import BATCH, INPUT, OUTPUT, named_batch

if TYPE_CHECKING:
    from torch import nn

    from advisor.measuring.tasks import Task

OPSET = 18
LIBRARIES = ("onnx", "onnxscript")
"""What exporting needs besides torch."""

_EXAMPLE_BATCH = 2  # torch.export takes a size of 1 for a constant


def exported(task: Task, module: nn.Module) -> Path:
    """The network as ONNX, its batch size left open.

    It is exported once for its very weights and these versions of the libraries.

    Raises:
        AdvisorError: it cannot be exported.
    """
    return kept(
        task.cell.architecture,
        key_of(task, module),
        ".onnx",
        lambda path: _export(task, module, path),
    )


def key_of(task: Task, module: nn.Module, *further: str) -> str:
    """Tells a network with its weights, made by these libraries, from all others.

    Args:
        task: names it and its input.
        module: the network.
        further: what else decides what a file made of it holds.
    """
    told = hashlib.blake2b(digest_size=10)
    libraries = [f"{library} {version(library)}" for library in ("torch", *LIBRARIES)]
    told.update(repr((task.input_shape, OPSET, libraries, further, str(module))).encode())
    told.update(task.content.encode())
    for name, parameter in module.named_parameters():
        told.update(name.encode())
        told.update(parameter.detach().cpu().numpy().tobytes())
    return told.hexdigest()


def _export(task: Task, module: nn.Module, path: Path) -> None:
    import torch

    own = is_own_file(task.made_from)
    example = torch.zeros((_EXAMPLE_BATCH, *task.input_shape))
    try:
        torch.onnx.export(
            loaded(Path(task.made_from)) if own else module,
            () if own else (example,),
            str(path),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=None if own else ({0: torch.export.Dim(BATCH)},),
            verbose=False,
        )
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
        raise AdvisorError(
            f"does not export to ONNX: {type(cause).__name__}: {(lines or [''])[0][:200]}"
        ) from error
    if own:
        import onnx

        onnx.save(named_batch(onnx.load(str(path))), str(path))
