"""The network that a runtime prepares: as PyTorch has it, or as a file of the ONNX format has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from advisor.architectures.identity import is_own_file
from advisor.architectures.own_network import digest_of
from advisor.errors import AdvisorError
from advisor.measuring.tasks import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from advisor.measuring.agreement import Images
    from advisor.measuring.tasks import Task


class Original(Protocol):
    """A network before any runtime has made something else of it.

    Attributes:
        reference: what its answers come from, in words.
    """

    reference: str

    def module(self) -> nn.Module:
        """It as a module, in evaluation mode on the CPU.

        Raises:
            AdvisorError: it is none.
        """
        ...

    def answers(self, images: Images) -> Images:
        """What it makes of a batch of images, at fp32 on the CPU."""
        ...

    def exact_answers(self, images: Images) -> Images:
        """The same in double precision, no numbers where it has none; it is of no further use then."""
        ...

    def as_onnx(self) -> Path:
        """It in the folder of exports, its batch size left open where it can be.

        Raises:
            AdvisorError: it cannot be exported.
        """
        ...

    def key(self, *further: str) -> str:
        """Tells what is made of it from all else in the folder of exports.

        Args:
            further: what else decides what is made.
        """
        ...


def original_of(task: Task) -> Original:
    """The network of a task.

    Raises:
        AdvisorError: it cannot be made; or its file is another than when the run began.
    """
    if task.is_onnx:
        from advisor.measuring.runtimes.onnx_original import OnnxOriginal

        return OnnxOriginal(task)
    return TorchOriginal(task)


class TorchOriginal:
    """See `Original`. On random weights, but for a file of torch.export, which has its own."""

    reference = " ".join(REFERENCE)

    def __init__(self, task: Task) -> None:
        """Make the network."""
        from advisor.measuring.telling import telling_network

        self._task = task
        self._module = (
            module_of(task)
            if is_own_file(task.made_from)
            else telling_network(task.made_from or task.cell.architecture, task.input_shape)
        )

    def module(self) -> nn.Module:
        """See `Original`."""
        return self._module

    def answers(self, images: Images) -> Images:
        """See `Original`."""
        from advisor.measuring.runtimes.eager import reference_answers

        return reference_answers(self._task, self._module, images)

    def exact_answers(self, images: Images) -> Images:
        """See `Original`."""
        from advisor.measuring.runtimes.eager import reference_answers

        try:
            return reference_answers(self._task, self._module.double(), images.astype(np.float64))
        except Exception:  # noqa: BLE001  (code of the user's own that knows of fp32 alone)
            return np.full((len(images), 1), np.nan)

    def as_onnx(self) -> Path:
        """See `Original`."""
        from advisor.measuring.runtimes.export import exported

        return exported(self._task, self._module)

    def key(self, *further: str) -> str:
        """See `Original`."""
        from advisor.measuring.runtimes.export import key_of

        return key_of(self._task, self._module, *further)


def module_of(task: Task) -> nn.Module:
    """The network as PyTorch runs it, made as quickly as can be.

    Raises:
        AdvisorError: it cannot be made; or its file is another than when the run began.
    """
    if not is_own_file(task.made_from):
        from advisor.architectures.quick_build import quick_build

        return quick_build(task.made_from or task.cell.architecture)
    from advisor.architectures import exported_program

    path = Path(task.made_from)
    check_unchanged(task, [path])
    module: nn.Module = exported_program.module_of(exported_program.loaded(path))
    return module.requires_grad_(requires_grad=False)


def check_unchanged(task: Task, files: Sequence[Path]) -> None:
    """Refuse to measure what is not what the run began with.

    Raises:
        AdvisorError: the content of the files is another.
    """
    try:
        same = digest_of(files) == task.content
    except OSError as error:
        raise AdvisorError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from None
    if not same:
        raise AdvisorError(f"{task.made_from} has changed since this run began")
