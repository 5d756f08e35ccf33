"""Building a network without the seconds that random initialisation of its weights takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

_RANDOM_INITIALISERS = (
    "normal_",
    "uniform_",
    "trunc_normal_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "xavier_normal_",
    "xavier_uniform_",
)


@contextmanager
def without_random_initialisation() -> Iterator[list[Tensor]]:
    """Modules made in here keep what their weights' memory holds; these weights are handed out."""
    originals = {name: getattr(nn.init, name) for name in _RANDOM_INITIALISERS}
    left: list[Tensor] = []

    def leave(tensor: Tensor, *_: object, **__: object) -> Tensor:
        left.append(tensor)
        return tensor

    try:
        for name in originals:
            setattr(nn.init, name, leave)
        yield left
    finally:
        for name, original in originals.items():
            setattr(nn.init, name, original)
