"""Logs of TensorRT's `trtexec` as rows of a board."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath

from advisor.catalog.files import read_text
from advisor.catalog.measurements_table import Row
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown

LARGEST_LOG = 50_000_000
_COMPUTE = re.compile(r"GPU Compute Time: (.*)")
_FIGURE = re.compile(r"(median|percentile\((\d+)%\)) = ([0-9.]+) ms")
_INPUT = re.compile(r"Input binding for .* dimensions (\d+)x")
_OPTION = re.compile(r"--(onnx|loadEngine|shapes|optShapes|batch|fp16|int8|bf16|best)(?:=(\S+))?")


def read_log(
    path: Path,
    known: Collection[str],
    source: str,
    stated: str | None,
    batch: int | None = None,
    precision: str | None = None,
) -> Row:
    """One log as one row.

    The latency is the GPU compute time: from input ready in the device's memory to output ready, as the
    catalog means it; trtexec's own "Latency" includes the copies.

    Args:
        path: the log.
        known: the architectures that the catalog knows.
        source: what the row names as its source.
        stated: the architecture, where the log's model file does not say.
        batch: the batch size, likewise.
        precision: the number format, likewise.

    Raises:
        AdvisorError: it is no log of trtexec, or something is unknown that nobody states.
    """
    text = read_text(path, LARGEST_LOG)
    options = {name: value or "yes" for name, value in _OPTION.findall(text)}
    times = _times(path, text)
    model = options.get("onnx") or options.get("loadEngine") or ""
    architecture = PurePath(model).name.partition(".")[0] or path.stem
    if architecture not in known and stated:
        architecture = stated
    if architecture not in known:
        raise AdvisorError(
            f"{path}: unknown architecture {shown(architecture)}",
            f"{closest(architecture, known)}; or name it with --arch",
        )
    return {
        "architecture": architecture,
        "runtime": "tensorrt",
        "precision": precision or _precision(path, options),
        "batch": batch or _batch(path, text, options),
        "latency_ms": times["median"],
        "latency_p90_ms": times.get("90"),
        "latency_p99_ms": times.get("99"),
        "origin": "reported",
        "source": source,
        "status": "ok",
    }


def _times(path: Path, text: str) -> dict[str, float]:
    found = _COMPUTE.search(text)
    figures = _FIGURE.findall(found.group(1)) if found else []
    times = {percent or "median": float(figure) for _, percent, figure in figures}
    if "median" not in times:
        expected = "a line 'GPU Compute Time: ... median = ... ms'"
        raise BrokenFileError([Fault(path, 0, "", "no such summary", expected)])
    return times


def _precision(path: Path, options: Mapping[str, str]) -> str:
    """The best that the options allowed; what an engine was built with, they do not say."""
    allowed = [name for name in ("best", "int8", "bf16", "fp16") if name in options]
    if not allowed and "loadEngine" in options:
        raise AdvisorError(f"{path} does not say the engine's precision", "give it by --precision")
    return allowed[0] if allowed else "fp32"


def _batch(path: Path, text: str, options: Mapping[str, str]) -> int:
    """The batch size, from the shapes asked for or from those of the model's input."""
    shape = options.get("shapes") or options.get("optShapes") or ""
    found = re.search(r":(\d+)x", shape) or _INPUT.search(text)
    stated = found.group(1) if found else options.get("batch", "")
    if not stated.isdecimal() or not int(stated):
        raise AdvisorError(f"{path} does not say the batch size", "give it by --batch")
    return int(stated)


def refuse_repeats(rows: Sequence[Row], paths: Sequence[Path]) -> None:
    """Two logs of one (architecture, precision, batch) cannot both become its row.

    Raises:
        AdvisorError: there are such.
    """
    seen: dict[tuple[object, ...], Path] = {}
    for row, path in zip(rows, paths, strict=True):
        key = row["architecture"], row["precision"], row["batch"]
        if key in seen:
            what = f"{row['architecture']} {row['precision']} at batch {row['batch']}"
            raise AdvisorError(f"{path}: {what} stands in {seen[key]}, too", "import one of them")
        seen[key] = path
