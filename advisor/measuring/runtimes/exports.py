"""Networks as files of the ONNX format, and the folder in which they lie between processes.

The child that prepares a network writes its file, those that serve it read it. The folder may be deleted
at any time between runs.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.architectures.export_file import load_program
from advisor.architectures.names import is_own_file
from advisor.architectures.onnx_file import image_of
from advisor.errors import AdvisorError, first_line
from advisor.folders import WRITING, cache_folder, ready_cache
from advisor.measuring.answers import CALIBRATION, as_taken, random_images
from advisor.measuring.preprocessing import decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from advisor.architectures.design import ImageFormat
    from advisor.measuring.tasks import Calibration, Task

EXPORTS = "exports"
"""The folder of the cache in which they lie."""

OPSET = 18
LIBRARIES = ("onnx", "onnxscript")
"""What exporting needs besides torch."""

INPUT, OUTPUT, BATCH = "images", "scores", "batch"
"""What the input, the output and the open batch size of an exported network are called."""

CALIBRATION_IMAGES = 8

MOST_BYTES = 4_000_000_000
"""How much is kept from run to run: about twice what the 14 networks come to."""

MB = 1e6

_EXAMPLE_BATCH = 2  # torch.export takes a size of 1 for a constant


def exported(task: Task, module: nn.Module) -> Path:
    """The network as ONNX, its batch size left open.

    It is exported once for its very weights and these versions of the libraries.

    Raises:
        AdvisorError: it cannot be exported.
    """
    return kept(
        task.cell.architecture,
        key_of(task, module),
        ".onnx",
        lambda path: _export(task, module, path),
    )


def key_of(task: Task, module: nn.Module, *further: str) -> str:
    """Distinguishes a network with its weights, made by these libraries, from all others.

    Args:
        task: names it and its input.
        module: the network.
        further: what else decides what a file made of it holds.
    """
    digest = hashlib.blake2b(digest_size=10)
    libraries = [f"{library} {version(library)}" for library in ("torch", *LIBRARIES)]
    digest.update(repr((task.input_shape, OPSET, libraries, further, str(module))).encode())
    digest.update(task.content.encode())
    # The statistics of batch normalisations are weights, too.
    for name, parameter in chain(module.named_parameters(), module.named_buffers()):
        digest.update(name.encode())
        digest.update(parameter.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def _export(task: Task, module: nn.Module, path: Path) -> None:
    import torch

    own = is_own_file(task.made_from)
    example = torch.zeros((_EXAMPLE_BATCH, *task.input_shape))
    try:
        torch.onnx.export(
            load_program(Path(task.made_from)) if own else module,
            () if own else (example,),
            str(path),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=None if own else ({0: torch.export.Dim(BATCH)},),
            verbose=False,
        )
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
        raise AdvisorError(
            f"does not export to ONNX: {type(cause).__name__}: {(lines or [''])[0][:200]}"
        ) from error
    if own:
        import onnx

        onnx.save(named_batch(onnx.load(str(path))), str(path))


def named_batch(model: Any) -> Any:
    """The ONNX model with its batch size, where that is open, under the name by which it can be fixed."""
    axis = image_of(model.graph).type.tensor_type.shape.dim[0]
    if axis.dim_value > 0:
        return model
    theirs = axis.dim_param
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for each in value.type.tensor_type.shape.dim:
            if theirs and each.dim_param == theirs:
                each.dim_param = BATCH
    axis.dim_param = BATCH
    return model


def calibration_images(task: Task) -> Sequence[NDArray[Any]]:
    """Batches of one image each, by which int8 ranges are set.

    Where no real images are given, a few random ones, which are good for its speed alone.
    """
    if task.calibration is not None:
        return _RealImages(task.calibration, task.image)
    images = random_images(task.input_shape, CALIBRATION_IMAGES, CALIBRATION)
    images = as_taken(images, task.image)
    return [images[index : index + 1] for index in range(CALIBRATION_IMAGES)]


def calibrated_by(task: Task) -> str:
    """Distinguishes the images by which int8 ranges are set."""
    return str(CALIBRATION_IMAGES) if task.calibration is None else task.calibration.content


class _RealImages(Sequence["NDArray[Any]"]):
    """Images read when they are needed, so that many take no more memory than one."""

    def __init__(self, calibration: Calibration, form: ImageFormat) -> None:
        self._of, self._form = calibration, form

    def __len__(self) -> int:
        return len(self._of.images)

    def __getitem__(self, place: Any) -> Any:
        image = self._of.images[place]
        try:
            pixels = decoded(image.read(), self._of.preprocessing)
        except AdvisorError:
            raise
        except Exception as error:  # noqa: BLE001  (decoders raise all kinds at what is broken)
            raise AdvisorError(
                f"{image.path}: this image for calibrating cannot be read: {first_line(error)}"
            ) from None
        return as_taken(pixels[None], self._form)


def export_folder() -> Path:
    """Where exported networks lie; it is made by whoever exports first.

    Raises:
        AdvisorError: the user has no home in which it could be.
    """
    cache = cache_folder()
    return ready_cache(EXPORTS) if cache is None else cache / EXPORTS


def is_there(name: str) -> bool:
    """Whether a file lies in the folder; what needs no file is always there."""
    return not name or (export_folder() / name).exists()


def file_size_mb(name: str) -> float | None:
    """How large a file in the folder is, as `size_mb` has it; `None` for no file."""
    return size_mb(export_folder() / name) if name else None


def size_mb(path: Path) -> float:
    """How large a network's file is, with the weights that lie beside it, in MB (1e6 bytes)."""
    parts = [path, *([path.with_suffix(".bin")] if path.suffix == ".xml" else [])]
    return sum(each.stat().st_size for each in parts if each.exists()) / MB


def kept(
    architecture: str, key: str, ending: str, make: Callable[[Path], None], beside: str = ""
) -> Path:
    """The file of that key in the folder; it is made if it is not there, and never half made.

    Args:
        architecture: for the eye.
        key: distinguishes it from all others.
        ending: what the file's name ends with.
        make: writes it, to the path that it is given.
        beside: the ending of a second file that `make` writes beside it, if it does.
    """
    name = re.sub(r"[^a-z0-9.]+", "-", architecture.lower())[:40]
    path = export_folder() / f"{name}-{key}{ending}"
    if path.exists():
        path.touch()  # what is used stays, see `drop_oldest`
    else:
        begun = ready_cache(EXPORTS) / f"{WRITING}{os.getpid()}-{path.name}"
        make(begun)
        if beside:
            begun.with_suffix(beside).replace(path.with_suffix(beside))
        begun.replace(path)
    return path


def drop_oldest(most_bytes: int = MOST_BYTES, folder: Path | None = None) -> None:
    """Keep what was used last, up to so many bytes together; the rest can be made, or sent, again.

    Args:
        most_bytes: how much is kept.
        folder: where it lies; the folder of exports unless given.
    """
    held: dict[Path, list[Path]] = {}
    with suppress(OSError, AdvisorError):  # there is none
        for path in (folder or export_folder()).iterdir():
            # A model goes with its weights beside it.
            held.setdefault(path.with_suffix(""), []).append(path)
    stats = {
        name: [each for path in paths for each in _stats(path)] for name, paths in held.items()
    }
    total = 0
    for name in sorted(held, key=lambda name: max(each[0] for each in stats[name]), reverse=True):
        total += sum(size for _, size in stats[name])
        for path in held[name] if total > most_bytes else ():
            with suppress(OSError):  # another run uses it, or has dropped it
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _stats(path: Path) -> Iterator[tuple[float, int]]:
    """When a file, or each file of a folder, was last used, and how large it is."""
    for each in (path, *(path.rglob("*") if path.is_dir() else ())):
        with suppress(OSError):
            stat = each.stat()
            yield stat.st_mtime, stat.st_size
