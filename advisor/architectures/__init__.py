"""The networks as PyTorch modules, and what they cost on paper.

Building and counting need torch, which is imported with the first network that is built: names, sizes
and files of the ONNX format are read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.architectures.complexity import Complexity, complexity

if TYPE_CHECKING:
    from advisor.architectures.registry import build

__all__ = ["Complexity", "build", "complexity"]


def __getattr__(name: str) -> object:
    if name != "build":
        raise AttributeError(f"module 'advisor.architectures' has no attribute {name!r}")
    from advisor.architectures.registry import build

    return build
