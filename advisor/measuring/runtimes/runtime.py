"""What a runtime is to the rest: what it runs, what it needs, and a network that it serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from advisor.measuring.agreement import Images
    from advisor.measuring.runtimes.original import Original
    from advisor.measuring.tasks import Task


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
