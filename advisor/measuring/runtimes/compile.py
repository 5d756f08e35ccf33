"""PyTorch through `torch.compile`: Inductor's kernels, for one batch size at a time."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError
from advisor.measuring.runtimes.eager import Eager, TorchServing, prepare_torch
from advisor.measuring.runtimes.export_folder import export_folder
from advisor.measuring.runtimes.installed import need
from advisor.measuring.runtimes.original import module_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from advisor.measuring.runtimes.original import Original
    from advisor.measuring.runtimes.runtime import Serving
    from advisor.measuring.tasks import Task


class Compile:
    """See `advisor.measuring.runtimes.runtime.Runtime`.

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
