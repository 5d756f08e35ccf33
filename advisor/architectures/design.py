"""A network on paper: what a library can build at an input size, and what one image costs."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.architectures.names import family_of, identity
from advisor.errors import AdvisorError


class LackingNetworkError(AdvisorError):
    """No library has a network of that name; the hint offers the nearest that one has."""


@dataclass(frozen=True)
class Complexity:
    """The counts of one image's forward pass; `None` where something could not be counted.

    Attributes:
        params: trainable parameters.
        operations: floating-point operations of convolutions and matrix products, a multiply and an
            add counted as two; what is done element by element is left out (under 1 % of the
            paper's networks).
        activations: numbers that convolutions and matrix products put out.
        layers: how many convolutions and matrix products there are.
        window_reads: numbers that pooling windows read, each as often as windows hold it.
        peak_activations: the most numbers that are alive at once, the image included, weights not.
    """

    params: int | None
    operations: int | None
    activations: int | None
    layers: int | None
    window_reads: int | None
    peak_activations: int | None


@dataclass(frozen=True)
class Identified:
    """A network by what it does.

    Attributes:
        counts: of one image; what is not known is `None`.
        content: differs for a network that computes something else: a digest.
        fault: why something is not known; "" where all is.
    """

    counts: Complexity
    content: str
    fault: str


@dataclass(frozen=True)
class ImageFormat:
    """How a network takes its images.

    Attributes:
        element: what their numbers are, numpy's name of it.
        channels_last: whether they are height x width x channels; else channels x height x width.
    """

    element: str = "float32"
    channels_last: bool = False


FLOATS = ImageFormat()
"""How PyTorch's networks take images."""


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
        """The family that it belongs to."""
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
