"""Runs of TensorRT's `trtexec` as rows of a board."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from advisor.architectures.names import size_of
from advisor.catalog.identities import Identities, Meaning
from advisor.catalog.importers.trtexec_log import CUT_OFF, FAILED, PASSED, Run, read_log
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import UNKNOWN, read_precision
from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.errors import Fault, shown, with_all_faults

LEFT_OUT = {FAILED: "of a run that failed", CUT_OFF: "of a run whose end the log lacks"}
FEWEST = {"90": 29, "99": 299}
"""Of how many queries a percentile must be to be known at all."""


@dataclass(frozen=True)
class Stated:
    """What the user says of runs that do not say it themselves; `None` for nothing.

    Attributes:
        architecture: the network.
        batch: images per query.
        precision: the number format.
    """

    architecture: str | None = None
    batch: int | None = None
    precision: str | None = None


@dataclass
class TrtexecRows:
    """The rows of some logs.

    Attributes:
        rows: a row a run that passed.
        left_out: how many runs were left out, by why.
        notes: what a reader must know of the rows, in words.
        places: where each row's run begins, in words.
    """

    rows: list[Row] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


def read_logs(paths: Sequence[Path], catalog: Catalog, source: str, stated: Stated) -> TrtexecRows:
    """Every run in some logs as a row.

    The latency is the GPU compute time: from input ready in the device's memory to output ready, as the
    catalog means it; trtexec's own "Latency" includes the copies. Its throughput is a figure of its own,
    since several streams overlap, and the GPU may wait for its work.

    Args:
        paths: the logs.
        catalog: it knows the networks.
        source: what the rows name as their source.
        stated: what the user says of runs that do not say it themselves.

    Raises:
        BrokenFileError: with all that is unknown, and contradictory, in all of them.
    """
    runs = [run for path in paths for run in read_log(path)]
    found = TrtexecRows()
    found.left_out.update(LEFT_OUT[run.ended] for run in runs if run.ended != PASSED)
    passed = [run for run in runs if run.ended == PASSED]
    faults = (
        [] if passed else [_fault(runs[0], _none_passed(runs), "a run that ends '&&&& PASSED'")]
    )
    faults += _several_unknown(passed, catalog.identities, stated)
    faults += _contradicted(passed, catalog, stated)
    meanings = [_meaning(run, catalog.identities, stated.architecture) for run in passed]
    known = [meaning for meaning in meanings if meaning]
    repeated = catalog.identities.repeated(meaning.name for meaning in known)
    places: dict[tuple[object, ...], Run] = {}
    for run, meaning in zip(passed, meanings, strict=True):
        if meaning is None:
            faults.append(_unknown(run, catalog.identities, stated.architecture))
            continue
        network = catalog.architecture(repeated.get(meaning.name, meaning.name))
        row = _row(run, network, source, stated, faults)
        if row is None:
            continue
        key = tuple(row[name] for name in ("architecture", "precision", "processor", "batch"))
        first = places.setdefault(key, run)
        if first is not run:
            faults.append(_twice(row, first, run))
        found.rows.append(row)
        found.places.append(f"{run.path}, line {run.line}")
    if faults:
        raise with_all_faults(faults)
    found.notes += [*dict.fromkeys(each.note for each in known if each.note)]
    found.notes += _notes(found.rows, passed)
    return found


def _twice(row: Row, first: Run, run: Run) -> Fault:
    """One row of a board cannot be of two runs, were they of unlike numbers of streams."""
    what = f"{row['architecture']} {row['precision']} at batch {row['batch']}"
    place = f"in line {first.line}" if first.path == run.path else f"in {first.path}"
    hint = "import one of them"
    if first.streams != run.streams:
        what += f" with {_streams(run)}"
        place += f" with {_streams(first)}"
        hint += ", or each as a board of its own: a row does not say how many streams ran"
    return _fault(run, f"{what} stands {place}, too", hint)


def _streams(run: Run) -> str:
    return f"{run.streams} stream{'s' * (run.streams != 1)}"


def _none_passed(runs: Iterable[Run]) -> str:
    ends = Counter(run.ended for run in runs)
    return "no run passed: " + ", ".join(f"{count} {how}" for how, count in ends.items())


def _fault(run: Run, what: str, hint: str) -> Fault:
    return Fault(run.path, run.line, "", what, hint, explains=True)


def _name(run: Run) -> str:
    return run.model or run.path.stem


def _several_unknown(runs: Iterable[Run], identities: Identities, stated: Stated) -> list[Fault]:
    """One stated name cannot stand for several files."""
    unknown = {name: run for run in runs if identities.find(name := _name(run)) is None}
    if stated.architecture is None or len(unknown) <= 1:
        return []
    what = f"--arch names one network, but here are {', '.join(map(shown, unknown))}"
    return [_fault(next(iter(unknown.values())), what, "import their logs one by one")]


def _contradicted(runs: Sequence[Run], catalog: Catalog, stated: Stated) -> Iterator[Fault]:
    """What is stated of runs that all say it themselves, where one says otherwise."""
    said: Mapping[str, tuple[object, Sequence[object]]] = {
        "--precision": (
            stated.precision and read_precision(stated.precision),
            [read_precision(run.precision) if run.precision else None for run in runs],
        ),
        "--arch": (
            stated.architecture and _called(catalog, stated.architecture),
            [_called(catalog, _name(run)) for run in runs],
        ),
        "--batch": (stated.batch, [_batch_said(run, catalog) for run in runs]),
    }
    for option, (value, own) in said.items():
        if not value or not all(own):
            continue
        for run, each in zip(runs, own, strict=True):
            if each != value:
                what = f"{option} says {value}, and the log {each}"
                yield _fault(run, what, f"leave {option} out, or import the log that it is of")


def _called(catalog: Catalog, name: str) -> str:
    """What the catalog calls the network of a name; "" where it knows none."""
    meaning = catalog.identities.find(name)
    return meaning.name if meaning else ""


def _batch_said(run: Run, catalog: Catalog) -> int | None:
    """The images of a query, as the log says them of a network that is known by the name in it."""
    meaning = _meaning(run, catalog.identities, None)
    return _batch(run, catalog.architecture(meaning.name), None, []) if meaning else None


def _unknown(run: Run, identities: Identities, stated: str | None) -> Fault:
    name = stated or _name(run)
    hint = f"{identities.hint(name)}; or name it with --arch"
    return _fault(run, f"unknown architecture {shown(name)}", hint)


def _row(
    run: Run, network: Architecture, source: str, stated: Stated, faults: list[Fault]
) -> Row | None:
    """A run as a row; `None`, and all that is wrong with it among the faults, where it is none."""
    before = len(faults)
    batch = _batch(run, network, stated.batch, faults)
    if "median" not in run.times_ms:
        expected = "a line 'GPU Compute Time: ... median = ... ms'"
        faults.append(Fault(run.path, run.line, "", "no such summary", expected))
    if len(faults) > before or batch is None:
        return None
    return {
        "architecture": network.name,
        "runtime": "tensorrt",
        "precision": run.precision or stated.precision or UNKNOWN,
        "processor": "npu" if run.on_dla else "gpu",
        "batch": batch,
        **_figures(run, batch),
        "origin": "reported",
        "source": source,
        "status": "ok",
        "verdict": _verdict(run),
    }


def _meaning(run: Run, identities: Identities, stated: str | None) -> Meaning | None:
    """The network that a run names, at the size of its input where it is known at that size."""
    own = _name(run)
    name = stated if stated and identities.find(own) is None else own
    sizes = [size for shape in run.shapes for size in _sizes(shape)]
    found = (identities.find(name, size) for size in (*sizes, ""))
    return next(filter(None, found), None)


def _sizes(shape: str) -> tuple[str, ...]:
    """What an input of that shape may be called in the name of a network."""
    sizes = tuple(map(int, shape.split("x")))[-3:]
    if len(sizes) < len("CHW"):
        return ()
    first, second, third = sizes
    return size_of((first, second, third)), size_of((third, first, second))


def _figures(run: Run, batch: int) -> dict[str, float | None]:
    """Times of a batch, and images per second."""
    times = run.times_ms
    # With an implicit batch, trtexec counts its images as queries.
    images = batch / (run.implicit_batch or 1)
    percentiles = {
        percent: times.get(percent)
        for percent, fewest in FEWEST.items()
        if run.queries is not None and run.queries >= fewest * (run.implicit_batch or 1)
    }
    return {
        "latency_ms": times["median"],
        "latency_min_ms": times.get("min"),
        "latency_max_ms": times.get("max"),
        "latency_p90_ms": percentiles.get("90"),
        "latency_p99_ms": percentiles.get("99"),
        "throughput_fps": run.queries_per_s and run.queries_per_s * images,
    }


def _batch(run: Run, network: Architecture, stated: int | None, faults: list[Fault]) -> int | None:
    """The images of a query, from the shape of the network's input; a fault where none has its size."""
    channels, height, width = network.input_shape
    images = ((channels, height, width), (height, width, channels))
    for shape in run.shapes:
        sizes = tuple(map(int, shape.split("x")))
        if sizes[1:] in images:
            return sizes[0]
        if sizes in images and run.implicit_batch:
            return run.implicit_batch
    expected = "x".join(map(str, network.input_shape))
    if run.shapes:
        found = ", ".join(run.shapes)
        what = f"the input is {found}, not a batch of {network.name}'s {expected}"
        hint = f"run trtexec with --shapes=INPUT:1x{expected}"
        faults.append(_fault(run, what, hint))
        return None
    # Of a file of ONNX --batch changes nothing, and an engine may be of either kind.
    own = run.implicit_batch if {"uff", "deploy"} & set(run.options) else None
    if own is None and stated is None:
        hint = "give it by --batch"
        faults.append(_fault(run, "does not say the batch size", hint))
    return own or stated


def _verdict(run: Run) -> str:
    """What trtexec warns of, and whether several queries ran at once."""
    said = [*run.warnings]
    if run.streams > 1:
        said.insert(0, f"{run.streams} streams at once")
    return re.sub(r"\s+", " ", "warned: " + "; ".join(said))[:300] if said else ""


def _notes(rows: Sequence[Row], runs: Sequence[Run]) -> list[str]:
    """What is assumed, and what trtexec warned of."""
    notes = []
    unknown = sum(row["precision"] == UNKNOWN for row in rows)
    if unknown:
        notes.append(f"{_runs(unknown)} without a known precision: --precision states it")
    on_dla = sum(run.on_dla for run in runs)
    if on_dla:
        notes.append(f"{_runs(on_dla)} on the DLA: processor npu")
    warned = Counter(each for run in runs for each in run.warnings)
    notes += [f"{_runs(count)}: trtexec warns: {what}" for what, count in warned.items()]
    several = sum(run.streams > 1 for run in runs)
    if several:
        notes.append(
            f"{_runs(several)} of several streams: the throughput is theirs, the latency that of a query "
            "beside others"
        )
    return notes


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"
