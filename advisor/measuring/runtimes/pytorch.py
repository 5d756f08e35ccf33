"""PyTorch as it is, operator by operator, which is the reference; and through `torch.compile`."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.measuring.runtimes.exports import export_folder
from advisor.measuring.runtimes.originals import module_of, prepare_torch, scores, tensors_in
from advisor.measuring.runtimes.runtime import need

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import nn

    from advisor.measuring.answers import Images, Outputs
    from advisor.measuring.runtimes.runtime import Original, Serving
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

    def outputs(self, images: Images) -> Outputs:
        """See `Serving`."""
        import torch

        output = self._call(torch.from_numpy(images).to(self.device, self.dtype))
        return {
            name: (each.float() if each.is_floating_point() else each).cpu().numpy()
            for name, each in tensors_in(output)
        }

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


class Compile:
    """See `advisor.measuring.runtimes.runtime.Runtime`; Inductor's kernels, for one batch size at a time.

    Preparing compiles; what that leaves in Inductor's cache makes loading a matter of tracing. Nothing
    is frozen, so that the kernels are the same whatever the weights.
    """

    name = "compile"
    precisions: Mapping[str, Sequence[str]] = Eager.precisions
    libraries: Sequence[str] = ()
    runs_in_torch = True
    each_batch = True

    def check_installed(self, precision: str, device: str) -> None:
        """On a CPU Inductor writes C++, on a GPU Triton."""
        if device != "cpu":
            need("torch.compile on a GPU", ("triton",))
        elif not any(shutil.which(name) for name in (os.environ.get("CXX", ""), "g++", "clang++")):
            raise AdvisorError(
                "torch.compile needs a C++ compiler, and none is found",
                "install g++ or clang++, or name one in CXX",
            )

    def warm_up(self, task: Task) -> None:
        """As eager, and the compiler's own modules."""
        Eager().warm_up(task)
        _inductor()

    def prepare(self, task: Task, original: Original) -> tuple[str, Serving]:
        """Compile it by running it once."""
        serving = _compiled(task, original.module())
        serving.run()
        return "", serving

    def load(self, task: Task) -> Serving:
        """Build it anew; compiled kernels come from the cache."""
        prepare_torch(task)
        return _compiled(task, module_of(task))


def _compiled(task: Task, module: nn.Module) -> TorchServing:
    import torch

    _inductor()
    return TorchServing(task, module, lambda placed: torch.compile(placed, dynamic=False))


def _inductor() -> None:
    """Load the compiler, without the processes that it would keep beside this one."""
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(export_folder() / "inductor")
    import torch._inductor.compile_fx
    import torch._inductor.config

    torch._inductor.config.compile_threads = 1
