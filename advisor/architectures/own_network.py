"""A network of the user's own: a file of ONNX or of torch.export, or code that makes one.

The user's code runs in a process of its own, so that nothing that it does besides harms the answer: it may
print, end the process, start threads that never end, or crash; all that is reported, and no more.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from advisor.architectures.design import FLOATS, Complexity, ImageFormat
from advisor.architectures.export_file import (
    load_program,
    program_inputs,
    program_module,
    program_shape,
)
from advisor.architectures.libraries import is_installed
from advisor.architectures.names import is_onnx, is_own_file
from advisor.architectures.onnx_count import count_model
from advisor.architectures.onnx_file import files_of, load_model, read_image
from advisor.architectures.own_process import run_program
from advisor.digests import digest_of
from advisor.errors import AdvisorError, first_line
from advisor.folders import temporary_folder

DEFAULT_SHAPE = (3, 224, 224)
LIMIT_S = 900.0
"""How long the user's code may take to make a network and to run it once, on a slow machine."""


@dataclass(frozen=True)
class OwnNetwork:
    """What is read of it.

    Attributes:
        input_shape: channels, height and width.
        counts: what one image costs.
        content: differs for every other network: a digest of the file, or of what the code computes.
        any_batch: whether it takes batches of any size; else it takes one image at a time.
        fault: why not all could be counted; "" where it was.
        precision: the number format of a file of the ONNX format; fp32 for all else, which runs in any.
        image: how it takes images.
    """

    input_shape: tuple[int, int, int]
    counts: Complexity
    content: str
    any_batch: bool
    fault: str = ""
    precision: str = "fp32"
    image: ImageFormat = FLOATS


def read_own(what: str, input_shape: Sequence[int] | None = None) -> OwnNetwork:
    """Read and count a network, as far as that is possible: what could not be counted is unknown.

    Args:
        what: a path that ends in .onnx or .pt2, or `module:factory`.
        input_shape: channels, height and width; a file states its own.

    Raises:
        AdvisorError: it cannot be read or run; the message says why.
        ModuleNotFoundError: a library that is needed for it is missing.
    """
    if not is_own_file(what):
        channels, height, width = input_shape or DEFAULT_SHAPE
        counts, content, fault = read_code(what, (channels, height, width))
        return OwnNetwork((channels, height, width), counts, content, any_batch=True, fault=fault)
    if input_shape is not None:
        raise AdvisorError(f"{what} states its own input", "leave out its size")
    path = Path(what)
    if not path.is_file():
        raise AdvisorError(f"{what}: there is no such file", "give the path of one that exists")
    return _of_onnx(path) if is_onnx(what) else _of_export(path)


def _of_onnx(path: Path) -> OwnNetwork:
    model = load_model(path)
    image, content = read_image(path, model.graph), digest_of(files_of(path, model))
    found = count_model(path, model, image)
    form = ImageFormat(image.element, image.channels_last)
    return OwnNetwork(
        image.shape, found.counts, content, image.any_batch, found.fault, found.precision, form
    )


def _of_export(path: Path) -> OwnNetwork:
    program = load_program(path)
    shape = program_shape(path, program)
    counts, fault = _count_program(path, program, shape)
    any_batch = not isinstance(program_inputs(program)[0].shape[0], int)
    return OwnNetwork(shape, counts, digest_of([path]), any_batch, fault)


def _count_program(path: Path, program: Any, shape: tuple[int, int, int]) -> tuple[Complexity, str]:
    from advisor.architectures.dispatched import identified_in_place

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                found = identified_in_place(program_module(program), shape)
            except Exception:  # noqa: BLE001  (its constants lie where they were exported; else it fails again)
                found = identified_in_place(program_module(program), shape, "cpu")
    except Exception as error:  # noqa: BLE001  (whatever the exported code raises is reported)
        raise AdvisorError(
            f"{path}: it does not run on one image: {first_line(error, with_kind=True)}",
            "export it with batch 1, or with a dynamic batch",
        ) from None
    return found.counts, found.fault


_BEGIN = """
import sys
sys.path[:] = {path!r}
from advisor.architectures.own_process import end_with_parent
end_with_parent()
from advisor.architectures.own_network import serve
serve({name!r}, {shape!r}, {answer!r})
"""


def read_code(name: str, input_shape: Sequence[int]) -> tuple[Complexity, str, str]:
    """Count the network that `module:factory` makes; see `user_module.identified`.

    Returns:
        The counts, the digest of what it computes, and why not all could be counted.

    What the code prints goes to standard error, once it has ended.

    Raises:
        AdvisorError: as `user_module.identified`; or the code ends its process, or does not come to its end.
        ModuleNotFoundError: torch is not installed.
    """
    if not is_installed("torch"):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    with temporary_folder() as folder:
        answer, printed = folder / "answer.json", folder / "printed"
        task = {"path": sys.path, "name": name, "shape": list(input_shape), "answer": str(answer)}
        code = run_program(_BEGIN.format(**task), printed, LIMIT_S)
        sys.stderr.write(printed.read_text(errors="replace"))
        if code is None:
            hint = "what makes a network must come to its end, and counting it runs it once"
            raise AdvisorError(f"{name} is not done within {LIMIT_S:.0f} s", hint)
        if not answer.exists():
            how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
            raise AdvisorError(f"{name} ends its process {how}")
        found = json.loads(answer.read_text())
    if "fault" in found:
        raise AdvisorError(*found["fault"])
    return Complexity(**found["counts"]), found["content"], found["uncounted"]


def serve(name: str, input_shape: Sequence[int], answer: str) -> None:
    """The process's whole life.

    Args:
        name: `module:factory`.
        input_shape: channels, height, width.
        answer: the file that takes what was found.
    """
    from advisor.architectures.user_module import identified

    warnings.filterwarnings(
        "ignore", category=UserWarning
    )  # torch's, of what is none of its user's doing
    found: dict[str, object]
    try:
        read = identified(name, input_shape)
        found = {
            "counts": asdict(read.counts), "content": read.content, "uncounted": read.fault
        }  # fmt: skip
    except AdvisorError as error:
        found = {"fault": [error.message, error.hint]}
    written = Path(answer).with_suffix(".part")
    written.write_text(json.dumps(found))
    written.rename(answer)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the code's own threads and handlers need not be waited for
