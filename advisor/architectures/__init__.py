"""The networks as PyTorch modules, and what they cost on paper. Needs the extra `measure`."""

from advisor.architectures.complexity import Complexity, complexity
from advisor.architectures.registry import build

__all__ = ["Complexity", "build", "complexity"]
