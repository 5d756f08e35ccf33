"""PyTorch as it is, operator by operator; the reference that all others are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.measuring.runtimes.original import module_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import nn

    from advisor.measuring.agreement import Images
    from advisor.measuring.runtimes.original import Original
    from advisor.measuring.runtimes.runtime import Serving
    from advisor.measuring.tasks import Task

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


class TorchServing:
    """A module on its device, called under inference mode until it is closed."""

    def __init__(
        self,
        task: Task,
        module: nn.Module,
        wrapped: Callable[[nn.Module], Callable[[torch.Tensor], torch.Tensor]] | None = None,
    ) -> None:
        """Put the module and random images on the device.

        Args:
            task: what to run, and how.
            module: the network; it is changed.
            wrapped: makes of the module what is called; it is called itself otherwise.
        """
        import torch

        prepare_torch(task)
        self._guard = torch.inference_mode()
        self._guard.__enter__()
        self.device = torch.device(task.device)
        self.dtype: torch.dtype = getattr(torch, DTYPES[task.cell.precision])
        placed = module.to(self.device, self.dtype)
        self._call = wrapped(placed) if wrapped else placed
        self._images = torch.randn((task.cell.batch, *task.input_shape), device=self.device).to(
            self.dtype
        )
        self._synchronise = torch.cuda.synchronize if self.device.type == "cuda" else None

    def run(self) -> object:
        """See `Serving`."""
        output = self._call(self._images)
        if self._synchronise:
            self._synchronise(self.device)
        return output

    def answers(self, images: Images) -> Images:
        """See `Serving`."""
        import torch

        output = self._call(torch.from_numpy(images).to(self.device, self.dtype))
        answers: Images = scores(output).float().cpu().numpy()
        return answers

    def close(self) -> None:
        """Leave inference mode."""
        self._guard.__exit__(None, None, None)


class Eager:
    """See `advisor.measuring.runtimes.runtime.Runtime`."""

    name = "eager"
    precisions: Mapping[str, Sequence[str]] = {
        "cpu": ("fp32", "bf16", "fp16"),
        "cuda": ("fp32", "bf16", "fp16"),
    }
    libraries: Sequence[str] = ()
    runs_in_torch = True
    each_batch = False

    def check_installed(self, precision: str, device: str) -> None:
        """Torch is looked for before anything is measured."""

    def warm_up(self, task: Task) -> None:
        """Run a tiny convolution: the libraries' own memory is there once one has run."""
        import torch

        prepare_torch(task)
        with torch.inference_mode():
            layer = torch.nn.Conv2d(3, 8, 3).to(task.device)
            layer(torch.zeros((1, 3, 32, 32), device=task.device))

    def prepare(self, task: Task, original: Original) -> tuple[str, Serving]:
        """There is nothing to prepare."""
        return "", TorchServing(task, original.module())

    def load(self, task: Task) -> Serving:
        """Build it anew."""
        import torch

        prepare_torch(task)
        with torch.inference_mode():
            module = module_of(task)
        return TorchServing(task, module)


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


def reference_answers(task: Task, module: nn.Module, images: Images) -> Images:
    """What eager fp32 makes of images, on the CPU; the module stays as it is."""
    import torch

    prepare_torch(task)
    with torch.no_grad():
        answers: Images = scores(module(torch.from_numpy(images))).numpy()
    return answers


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
