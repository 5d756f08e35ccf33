"""A network of the user's own: a file of ONNX or of torch.export, or code that makes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from advisor.architectures.complexity import Complexity
from advisor.architectures.identity import is_own_file
from advisor.errors import AdvisorError

DEFAULT_SHAPE = (3, 224, 224)
BLOCK = 1 << 20


@dataclass(frozen=True)
class OwnNetwork:
    """What is read of it.

    Attributes:
        input_shape: channels, height and width.
        counts: what one image costs.
        content: tells it from every other network: a digest of the file, or of what the code computes.
        any_batch: whether it takes batches of any size; else it takes one image at a time.
    """

    input_shape: tuple[int, int, int]
    counts: Complexity
    content: str
    any_batch: bool


def read_own(what: str, input_shape: Sequence[int] | None = None) -> OwnNetwork:
    """Read and count a network.

    Args:
        what: a path that ends in .onnx or .pt2, or `module:factory`.
        input_shape: channels, height and width; a file tells its own.

    Raises:
        AdvisorError: it cannot be read, run or counted; the message says why.
        ModuleNotFoundError: a library that is needed for it is missing.
    """
    if not is_own_file(what):
        from advisor.architectures.user_process import read_code

        channels, height, width = input_shape or DEFAULT_SHAPE
        counts, content = read_code(what, (channels, height, width))
        return OwnNetwork((channels, height, width), counts, content, any_batch=True)
    if input_shape is not None:
        raise AdvisorError(f"{what} tells its own input", "leave out its size")
    path = Path(what)
    if not path.is_file():
        raise AdvisorError(f"{what}: there is no such file", "give the path of one that exists")
    return _of_onnx(path) if path.suffix == ".onnx" else _of_export(path)


def _of_onnx(path: Path) -> OwnNetwork:
    from advisor.architectures.onnx_file import any_batch, files_of, input_shape, loaded
    from advisor.architectures.onnx_graph import count_model

    model = loaded(path)
    shape = input_shape(path, model.graph)
    takes_any, content = any_batch(model.graph), digest_of(files_of(path, model))
    return OwnNetwork(shape, count_model(path, model)[1], content, takes_any)


def _of_export(path: Path) -> OwnNetwork:
    from advisor.architectures.exported_program import any_batch, count_program, loaded

    program = loaded(path)
    shape, counts = count_program(path, program)
    return OwnNetwork(shape, counts, digest_of([path]), any_batch(program))


def digest_of(files: Sequence[Path]) -> str:
    """Tells the content of these files from any other."""
    digest = blake2b(digest_size=8)
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()
