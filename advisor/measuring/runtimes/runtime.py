"""What a runtime is to the rest: what it takes, what it needs, and a network that it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from advisor.architectures.libraries import is_installed
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from advisor.measuring.answers import Images, Outputs
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
        """Distinguishes what is made of it from all else in the folder of exports.

        Args:
            further: what else decides what is made.
        """
        ...


class Serving(Protocol):
    """A network, ready to run one batch after another on images that it holds already."""

    def run(self) -> object:
        """Run the batch once; return when the device has done it."""
        ...

    def answers(self, images: Images) -> Images:
        """What it makes of other images.

        Args:
            images: shape (the task's batch, channels, height, width).

        Returns:
            The network's output, as 32-bit floats.
        """
        ...

    def outputs(self, images: Images) -> Outputs:
        """All that it makes of other images, as it is.

        Args:
            images: as `answers` takes them.

        Returns:
            By the names of its outputs; by their places ("0.boxes", "0") where lists and mappings hold them.
        """
        ...

    def close(self) -> None:
        """Give back what it holds beyond its memory."""
        ...


class Runtime(Protocol):
    """One way to run networks.

    Attributes:
        name: as a row of measurements has it.
        precisions: its number formats, by kind of device ("cpu", "cuda").
        libraries: what it is made of: its version goes with the figures.
        runs_in_torch: whether a process that serves with it has torch loaded.
        each_batch: whether it must be prepared again for every batch size.
    """

    name: str
    precisions: Mapping[str, Sequence[str]]
    libraries: Sequence[str]
    runs_in_torch: bool
    each_batch: bool

    def check_installed(self, precision: str, device: str) -> None:
        """See that all is there that preparing and serving need.

        Raises:
            AdvisorError: something is not, and how to install it.
        """
        ...

    def warm_up(self, task: Task) -> None:
        """Load the runtime's own code, and no network."""
        ...

    def prepare(self, task: Task, original: Original) -> tuple[str, Serving]:
        """Do what is done once for a network, not each time that it is served.

        Args:
            task: what will run, and how.
            original: the network; its module may be changed.

        Returns:
            The name of a file in the folder of exports, "" for none; and that very network, served.

        Raises:
            AdvisorError: the network cannot be prepared.
        """
        ...

    def load(self, task: Task) -> Serving:
        """Serve a network that was prepared.

        Args:
            task: what to run, and how; its `prepared` is the file that `prepare` named.

        Raises:
            AdvisorError: the device is not there, or cannot compute so.
        """
        ...


def need(what: str, libraries: Sequence[str], extra: str = "runtimes") -> None:
    """Refuse what cannot work, in one message for all that is missing, before anything runs.

    Args:
        what: what needs the libraries.
        libraries: their names.
        extra: the extra that has them.

    Raises:
        AdvisorError: a library is missing, and which extra has it.
    """
    missing = [library for library in libraries if not is_installed(library)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise AdvisorError(
            f"{what} needs {', '.join(missing)}, which {verb} not installed",
            f"install them: pip install 'dnn-advisor[{extra}]'",
        )
