"""A library's network at one input size."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.architectures.families import family_of
from advisor.architectures.identity import identity


@dataclass(frozen=True, order=True)
class Design:
    """What can be built by a library.

    Attributes:
        library: "torchvision" or "timm".
        name: what the library calls the architecture.
        size: height and width of the input in pixels.
    """

    library: str
    name: str
    size: int

    @property
    def identity(self) -> str:
        """What the catalog calls it."""
        return identity(self.library, self.name, self.size)

    @property
    def family(self) -> str:
        """The kin that it belongs to."""
        return family_of(self.name)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return 3, self.size, self.size


@dataclass(frozen=True)
class Published:
    """A set of weights that a library publishes.

    Attributes:
        design: the network at the size at which the set was evaluated.
        weights: the set's name.
        top1_percent, top5_percent: ImageNet-1k validation accuracy, as the library states it.
    """

    design: Design
    weights: str
    top1_percent: float
    top5_percent: float
