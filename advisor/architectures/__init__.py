"""The networks as PyTorch modules, and what they cost on paper.

Building and counting need torch, which is imported with the first network that is built: names, sizes
and files of the ONNX format are read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.architectures.builders import build
    from advisor.architectures.design import Complexity
    from advisor.architectures.dispatched import complexity

__all__ = ["Complexity", "build", "complexity"]

_PLACES = {"Complexity": "design", "build": "builders", "complexity": "dispatched"}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'advisor.architectures' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"advisor.architectures.{_PLACES[name]}"), name)
