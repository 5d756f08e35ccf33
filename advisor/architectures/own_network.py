"""A network of the user's own, counted: a file of ONNX or of torch.export, or code that makes one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.architectures.complexity import Complexity
from advisor.architectures.identity import is_own_file
from advisor.errors import AdvisorError

DEFAULT_SHAPE = (3, 224, 224)


def count_own(
    what: str, input_shape: Sequence[int] | None = None
) -> tuple[tuple[int, int, int], Complexity]:
    """Count a network.

    Args:
        what: a path that ends in .onnx or .pt2, or `module:factory`.
        input_shape: channels, height and width; a file tells its own.

    Returns:
        The input's shape and the counts.

    Raises:
        AdvisorError: it cannot be read, run or counted; the message says why.
        ModuleNotFoundError: a library that is needed for it is missing.
    """
    if not is_own_file(what):
        from advisor.architectures.user_module import complexity_of

        channels, height, width = input_shape or DEFAULT_SHAPE
        return (channels, height, width), complexity_of(what, (channels, height, width))
    if input_shape is not None:
        raise AdvisorError(f"{what} tells its own input", "leave out its size")
    path = Path(what)
    if not path.is_file():
        raise AdvisorError(f"{what}: there is no such file", "give the path of one that exists")
    if path.suffix == ".onnx":
        from advisor.architectures.onnx_graph import count_onnx

        return count_onnx(path)
    from advisor.architectures.exported_program import count_exported

    return count_exported(path)
