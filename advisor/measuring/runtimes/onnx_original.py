"""A network of which there is an ONNX file alone: checked, its batch named, and answered for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.architectures.onnx_file import files_of, first_line, image_of, loaded
from advisor.errors import AdvisorError
from advisor.measuring.runtimes.export_folder import kept
from advisor.measuring.runtimes.naming import BATCH, named_batch
from advisor.measuring.runtimes.original import check_unchanged

if TYPE_CHECKING:
    from torch import nn

    from advisor.measuring.agreement import Images
    from advisor.measuring.tasks import Task

FLOAT = 1
"""ONNX's number of the element type float; 10, 11 and 16 are the floats of other sizes."""
OTHER_FLOATS = {10: "float16", 11: "float64", 16: "bfloat16"}


class OnnxOriginal:
    """See `Original`. Its answers are those of ONNX Runtime without its optimisations."""

    reference = "ONNX Runtime without optimisations"

    def __init__(self, task: Task) -> None:
        """Check the file."""
        path = Path(task.made_from)
        model = loaded(path)
        check_unchanged(task, files_of(path, model))
        _check_floats(path, model.graph)
        self._task, self._path = task, path
        self._image = image_of(model.graph).name

    def module(self) -> nn.Module:
        """There is none."""
        raise AdvisorError(f"{self._path}: PyTorch cannot run a file of the ONNX format")

    def answers(self, images: Images) -> Images:
        """See `Original`."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(self._path), options, providers=["CPUExecutionProvider"]
        )
        answers: Images = session.run(None, {self._image: images})[0]
        return answers

    def exact_answers(self, images: Images) -> Images:
        """See `Original`; a file of fp32 has none, and its weights are the user's, hardly random."""
        return np.full((len(images), 1), np.nan)

    def as_onnx(self) -> Path:
        """A copy that holds all its data, so that what is measured cannot change any more."""
        return kept(self._task.cell.architecture, self.key(), ".onnx", self._copy)

    def key(self, *further: str) -> str:
        """See `Original`."""
        told = repr((self._task.content, BATCH, further))
        return hashlib.blake2b(told.encode(), digest_size=10).hexdigest()

    def _copy(self, to: Path) -> None:
        import onnx

        try:
            onnx.save(named_batch(onnx.load(str(self._path))), str(to))
        except ValueError as error:  # protobuf's messages hold 2 GB
            raise AdvisorError(f"{self._path} cannot be copied: {first_line(error)}") from None


def _check_floats(path: Path, graph: Any) -> None:
    """Refuse what computes in another number format than rows of fp32 say."""
    image = image_of(graph).type.tensor_type.elem_type
    held = {image, *(each.data_type for each in graph.initializer)}
    other = [told for number, told in OTHER_FLOATS.items() if number in held]
    if other or image != FLOAT:
        what = other[0] if other else "no float"
        raise AdvisorError(
            f"{path}: its numbers are {what}; what is measured are files of 32-bit floats",
            "export it in 32-bit floats",
        )
