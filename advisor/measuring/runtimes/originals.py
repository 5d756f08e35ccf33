"""The network before a runtime makes something else of it: as PyTorch has it, or as an ONNX file has it.

What it answers is what every runtime's answers are held against.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.export_file import load_program, program_module
from advisor.architectures.names import is_own_file
from advisor.architectures.onnx_file import files_of, image_of, load_model
from advisor.digests import digest_of
from advisor.errors import AdvisorError, first_line, reason_of
from advisor.measuring.answers import as_floats, as_taken
from advisor.measuring.runtimes.exports import BATCH, exported, kept, key_of, named_batch
from advisor.measuring.tasks import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import nn

    from advisor.measuring.answers import Images
    from advisor.measuring.runtimes.runtime import Original
    from advisor.measuring.tasks import Task

SEED = 0
STATISTICS_IMAGES = 4


def original_of(task: Task) -> Original:
    """The network of a task.

    Raises:
        AdvisorError: it cannot be made; or its file is another than when the run began.
    """
    return OnnxOriginal(task) if task.is_onnx else TorchOriginal(task)


class TorchOriginal:
    """See `Original`. On random weights, unless trained ones are asked for, or its file has its own."""

    reference = " ".join(REFERENCE)

    def __init__(self, task: Task) -> None:
        """Make the network."""
        self._task = task
        self._module = (
            module_of(task)
            if task.trained or is_own_file(task.made_from)
            else reference_network(task.made_from or task.cell.architecture, task.input_shape)
        )

    def module(self) -> nn.Module:
        """See `Original`."""
        return self._module

    def answers(self, images: Images) -> Images:
        """See `Original`."""
        return self._answers(self._module, images)

    def exact_answers(self, images: Images) -> Images:
        """See `Original`."""
        try:
            return self._answers(self._module.double(), images.astype(np.float64))
        except Exception:  # noqa: BLE001  (code of the user's own that knows of fp32 alone)
            return np.full((len(images), 1), np.nan)

    def as_onnx(self) -> Path:
        """See `Original`."""
        return exported(self._task, self._module)

    def key(self, *further: str) -> str:
        """See `Original`."""
        return key_of(self._task, self._module, *further)

    def _answers(self, module: nn.Module, images: Images) -> Images:
        import torch

        prepare_torch(self._task)
        with torch.no_grad():
            answers: Images = scores(module(torch.from_numpy(images))).numpy()
        return answers


class OnnxOriginal:
    """See `Original`. Its answers are those of ONNX Runtime without its optimisations."""

    reference = "ONNX Runtime without optimisations"

    def __init__(self, task: Task) -> None:
        """Check the file."""
        path = Path(task.made_from)
        model = load_model(path)
        check_unchanged(task, files_of(path, model))
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
        taken = as_taken(images, self._task.image)
        return as_floats(session.run(None, {self._image: taken})[0])

    def exact_answers(self, images: Images) -> Images:
        """See `Original`; a file has none, and its weights are the user's, hardly random."""
        return np.full((len(images), 1), np.nan)

    def as_onnx(self) -> Path:
        """A copy that holds all its data, so that what is measured cannot change any more."""
        return kept(self._task.cell.architecture, self.key(), ".onnx", self._copy)

    def key(self, *further: str) -> str:
        """See `Original`."""
        identity = repr((self._task.content, BATCH, further))
        return hashlib.blake2b(identity.encode(), digest_size=10).hexdigest()

    def _copy(self, to: Path) -> None:
        import onnx

        try:
            onnx.save(named_batch(onnx.load(str(self._path))), str(to))
        except ValueError as error:  # protobuf's messages hold 2 GB
            raise AdvisorError(f"{self._path} cannot be copied: {first_line(error)}") from None


def check_unchanged(task: Task, files: Sequence[Path]) -> None:
    """Refuse to measure what is not what the run began with.

    Raises:
        AdvisorError: the content of the files is another.
    """
    refuse_changed(task.made_from, files, task.content)


def refuse_changed(what: str, files: Sequence[Path], content: str) -> None:
    """Refuse files that are others than when the run began; see `check_unchanged`."""
    try:
        same = digest_of(files) == content
    except OSError as error:
        raise AdvisorError(f"{error.filename}: {reason_of(error)}") from None
    if not same:
        raise AdvisorError(f"{what} has changed since this run began")


def module_of(task: Task) -> nn.Module:
    """The network as PyTorch runs it; one that need not be trained is made as quickly as can be.

    Raises:
        AdvisorError: it cannot be made; or its file is another than when the run began.
    """
    if not is_own_file(task.made_from):
        what = task.made_from or task.cell.architecture
        if task.trained:
            return _trained(task, what)
        from advisor.architectures.builders import quick_build

        return quick_build(what)
    from advisor.architectures.dispatched import without_gradients

    path = Path(task.made_from)
    check_unchanged(task, [path])
    module: nn.Module = program_module(load_program(path))
    return without_gradients(module)


def _trained(task: Task, what: str) -> nn.Module:
    from advisor.architectures.trained import trained_network

    if task.weights:
        refuse_changed(task.weights, [Path(task.weights)], task.weights_content)
    return trained_network(what, task.weights)


def reference_network(what: str, input_shape: Sequence[int]) -> nn.Module:
    """The network on random weights, its batch normalisations with the statistics of random images.

    Without these, deep networks answer every image alike, and an agreement proves nothing.

    Args:
        what: a name, or `module:factory`.
        input_shape: channels, height, width.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    from advisor.architectures.builders import quick_build

    torch.manual_seed(SEED)  # for what a network draws by itself, such as a position's embedding
    module = quick_build(what)
    for layer in module.modules():
        if isinstance(layer, _BatchNorm):
            layer.momentum = 1.0
            layer.train()
    with torch.no_grad():
        module(torch.randn((STATISTICS_IMAGES, *input_shape)))
    return module.eval()


def prepare_torch(task: Task) -> None:
    """Set the threads, and have fp32 mean fp32.

    Raises:
        AdvisorError: the device is not there.
    """
    import torch

    if task.threads:
        torch.set_num_threads(task.threads)
    # Convolutions would otherwise run as TensorFloat-32 on recent GPUs.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    if task.device != "cpu" and not torch.cuda.is_available():
        raise AdvisorError(f"no device {task.device!r}: CUDA is not available")


def scores(output: object) -> torch.Tensor:
    """What a network puts out; the first, where there are several.

    Raises:
        AdvisorError: that is no tensor.
    """
    import torch

    first = output
    while isinstance(first, list | tuple | dict) and first:
        first = next(iter(first.values() if isinstance(first, dict) else first))
    if not isinstance(first, torch.Tensor):
        raise AdvisorError(
            f"it answers with a {type(output).__name__}, which holds no tensor first"
        )
    return first


def tensors_in(output: object, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor that a network puts out, by its place in lists and mappings; "output" where it is all."""
    import torch

    if isinstance(output, torch.Tensor):
        yield name or "output", output
    elif isinstance(output, Mapping):
        for key, each in output.items():
            yield from tensors_in(each, f"{name}.{key}".lstrip("."))
    elif isinstance(output, list | tuple):
        for place, each in enumerate(output):
            yield from tensors_in(each, f"{name}.{place}".lstrip("."))
