"""Results of MLPerf Inference on small machines: latency, power, and accuracy in the runtime and precision.

Only the single-stream scenario is read: what these submitters say of the others repeats it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from advisor.catalog.accuracy_table import with_interval
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.mlperf_logs import files_of, read_run, summaries_in
from advisor.catalog.importers.mlperf_results import Result, is_table, read_table
from advisor.catalog.importers.mlperf_systems import System, read_system
from advisor.catalog.importers.published import (
    Published,
    PublishedBoard,
    PublishedNetworks,
    folded_name,
    repeated_within,
)
from advisor.catalog.measurements_table import Row
from advisor.catalog.records import IMAGENET_TOP1, Estimate, Weights
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.quality import CLASSIFICATION

WEIGHTS = "mlperf"
"""What the sets of weights are called that submitters of MLPerf ran."""

_PRECISIONS = {"non-quantized": "fp32", "float": "fp32", "quantized": "int8", "uint8": "int8"}
"""How a network's name ends, and which precision that is."""

_SIZES = {
    "efficientnet-lite0": 224,
    "efficientnet-lite1": 240,
    "efficientnet-lite2": 260,
    "efficientnet-lite3": 280,
    "efficientnet-lite4": 300,
    "resnet50": 224,
    "retinanet": 800,
    "ssd-mobilenet": 300,
    "ssd-resnet34": 1200,
}
"""The size of the input of networks whose name does not say it, by MLPerf's rules."""

_DETECTORS = ("retinanet", "ssd-mobilenet", "ssd-resnet34")
"""The networks that are for detection."""

_DATES = {
    "v1.0": "2021-04",
    "v1.1": "2021-09",
    "v2.0": "2022-04",
    "v2.1": "2022-09",
    "v3.0": "2023-04",
    "v3.1": "2023-09",
    "v4.0": "2024-03",
    "v4.1": "2024-08",
}
"""When versions were published."""

_SPREAD = 0.31
"""By how many points the accuracy of a network in one precision and runtime differs at most between the
boards of v1.1 to v3.0."""

_NOT_VERIFIED = (
    "Median latency, idle power and energy per image are derived from the logs, as secondary metrics: "
    "result not verified by MLCommons Association."
)
_LEGEND = (
    "The MLPerf name and logo are trademarks of MLCommons Association in the United States and other "
    "countries. All rights reserved. Unauthorized use strictly prohibited. See www.mlcommons.org for more "
    "information."
)
"""What MLCommons' guidelines ask of who shows results (mlcommons/policies,
MLPerf_Results_Messaging_Guidelines)."""


def read(path: Path, catalog: Catalog) -> Published:
    """Read results of MLPerf Inference.

    Args:
        path: a table of parsed results, a folder of such, or of results as they are submitted.
        catalog: it knows networks.

    Raises:
        AdvisorError: there are no results, or a file is broken; it names the place.
    """
    found = Published()
    files, results = _found_in(path, found)
    networks = PublishedNetworks(catalog, "mlperf", "")
    taken = _taken(results, found.left_out)
    for key, those in _by_source(taken).items():
        found.sources[key] = _source(those, taken, files)
        networks.source = key
        boards: dict[str, list[_Taken]] = defaultdict(list)
        for each in those:
            boards[".".join(filter(None, (each.system.device, each.system.mode, key)))].append(each)
        for name, of_board in boards.items():
            _add_board(found, name, key, of_board, networks)
    found.networks = list(networks.reported.values())
    found.notes += networks.notes
    return found


def _found_in(path: Path, found: Published) -> tuple[list[Path], list[Result]]:
    """The results in a file or folder, and the files that they are read from."""
    tables = [each for each in sorted(path.rglob("*.csv")) if is_table(each)]
    summaries = summaries_in(path)
    if not path.is_dir():
        tables = [path]
    if not tables and not summaries:
        raise AdvisorError(
            f"{path} holds no results of MLPerf Inference",
            "name a table of parsed results, or a folder that holds such, or the submitted results",
        )
    results = [result for table in tables for result in read_table(table, found.left_out)]
    runs = [read_run(summary, found.left_out, found.notes) for summary in summaries]
    files = [*tables, *(file for summary in summaries for file in files_of(summary))]
    return list(dict.fromkeys(files)), results + [each for each in runs if each]


@dataclass(frozen=True)
class _Taken:
    """A result, and what it is of."""

    result: Result
    system: System
    word: str
    size: int
    precision: str

    @property
    def key(self) -> tuple[str, ...]:
        """What a row is one of."""
        system = self.system
        mode = (system.device, system.mode, _key_of(self.result))
        return (*mode, system.runtime, system.unit, self.word, str(self.size), self.precision)


def _key_of(result: Result) -> str:
    """The key of its source, which is the end of its board's name, too."""
    return f"mlperf-{result.version}-{folded_name(result.submitter).lower()}"


def _taken(results: Iterable[Result], left_out: Counter[str]) -> list[_Taken]:
    """The results that can be rows."""
    found: dict[tuple[str, ...], _Taken] = {}
    for each in results:
        word, size, precision = read_model(each.model)
        size = size or each.size
        if size is None:
            left_out[f"{each.model}: not a network on images of one known size"] += 1
            continue
        system = read_system(each.system, each.description, each.version, each.framework)
        if not precision:
            stated = re.search(r"fp32|fp16|int8", each.system.lower())
            precision = stated.group() if stated else "unknown"
        taken = _Taken(each, system, word, size, precision)
        if taken.key in found:
            left_out["a second result of the same network on the same system"] += 1
        else:
            found[taken.key] = taken
    return list(found.values())


def read_model(model: str) -> tuple[str, int | None, str]:
    """A network's name without what is no part of it, the size of its input, and the precision.

    "mobilenet-v3-large_224_1.0_uint8" is "mobilenet-v3-large-1.0" at 224 in int8. What the name does not say
    is `None` or "".
    """
    word, precision = model, ""
    if match := re.fullmatch(r"(.+?)[-_](non-quantized|quantized|float|uint8)", model):
        word, precision = match.group(1), _PRECISIONS[match.group(2)]
    size = _SIZES.get(word)
    # Not 99, which is a goal of accuracy: bert-99.
    if size is None and (match := re.search(r"[-_](96|\d{3})(?=_|$)", word)):
        size, word = int(match.group(1)), word[: match.start()] + word[match.end() :]
    return word.replace("_", "-"), size, precision


def _by_source(taken: Iterable[_Taken]) -> dict[str, list[_Taken]]:
    found: dict[str, list[_Taken]] = defaultdict(list)
    for each in taken:
        found[_key_of(each.result)].append(each)
    return found


def _add_board(
    found: Published, name: str, key: str, taken: Sequence[_Taken], networks: PublishedNetworks
) -> None:
    rows: list[Row] = []
    for each in taken:
        result, system = each.result, each.system
        task = "detection" if each.word in _DETECTORS else CLASSIFICATION
        architecture = networks.name_of(
            each.word,
            (3, each.size, each.size),
            task=task,
            params=result.params,
            operations=2 * result.macs if result.macs else None,
            activations=result.activations,
        )
        rows.append(
            {
                "architecture": architecture,
                "runtime": system.runtime,
                "precision": each.precision,
                "processor": system.unit,
                "batch": 1,
                "latency_ms": result.p50_ms,
                "latency_p90_ms": result.p90_ms,
                "latency_p99_ms": result.p99_ms,
                "latency_min_ms": result.min_ms,
                "latency_max_ms": result.max_ms,
                "gross_power_w": result.power_w,
                "origin": "reported",
                "source": key,
            }
        )
        if result.accuracy is not None and task == CLASSIFICATION:
            found.accuracies.append(_accuracy(architecture, each, name, key))
    found.boards.append(PublishedBoard(name, _entries(key, taken), rows))


def _accuracy(architecture: str, each: _Taken, board: str, key: str) -> Weights:
    result, system = each.result, each.system
    assert result.accuracy is not None  # noqa: S101  (asked before)
    estimate = Estimate(result.accuracy, None, None, "reported", key)
    return Weights(
        architecture=architecture,
        name=WEIGHTS,
        accuracy_percent=with_interval(estimate, IMAGENET_TOP1, result.images, board),
        top5_percent=None,
        runtime=system.runtime,
        precision=each.precision,
        processor=system.unit,
        board=board,
        images=result.images,
    )


def _entries(key: str, taken: Sequence[_Taken]) -> dict[str, str | Mapping[str, str]]:
    """What a board's `board.yaml` says."""
    first, system = taken[0].result, taken[0].system
    mode = f", {system.mode}" if system.mode else ""
    idle = [each.result.idle_w for each in taken if each.result.idle_w is not None]
    entries: dict[str, str | Mapping[str, str]] = {
        "title": f"{system.title}{mode} (MLPerf {first.version}, {first.submitter})",
        "processor": system.processor,
        "software": ", ".join(sorted({each.result.framework for each in taken} - {""})),
        "date": _DATES.get(first.version, ""),
        "weights": WEIGHTS if any(each.result.accuracy for each in taken) else "",
        "source": key,
        "note": "As submitted to MLPerf Inference; not measured by advisor.",
    }
    if any(each.result.power_w is not None for each in taken):
        entries["power_scope"] = "whole board, at the wall"
        entries["note"] = f"{entries['note']} {_NOT_VERIFIED}"
    if idle:
        entries["idle_power"] = {"at_most": f"{min(idle):g} W", "source": key}
    return {name: said for name, said in entries.items() if said}


def _source(
    those: Sequence[_Taken], every: Sequence[_Taken], files: Sequence[Path]
) -> dict[str, str | Mapping[str, str]]:
    """What `sources.yaml` says of the results of one submitter in one version."""
    first = those[0].result
    places = sorted({f"{each.result.division}/{each.result.submitter}" for each in those})
    divisions = " and ".join(sorted({each.result.division for each in those}))
    year = _DATES.get(first.version, "")[:4]
    entry: dict[str, str | Mapping[str, str]] = {
        "citation": f"{first.submitter}: results of MLPerf Inference {first.version}, edge, {divisions} "
        f"division, single stream, MLCommons{year and ', '}{year}",
        "read": "median, 90th and 99th percentile of single-stream latencies; top-1 accuracy in runtime and "
        "precision; gross power is the mean of the meter's samples in the run, idle power at most the least "
        f"sample around it. {_NOT_VERIFIED} {_LEGEND}",
        "error": "as logged; the meter's error is not stated; the accuracy of one network in one precision "
        "and runtime differs between the boards of v1.1 to v3.0 by accuracy_spread at most",
        "repository": f"https://github.com/mlcommons/inference_results_{first.version}",
        "file": ", ".join(places),
        "version": first.version,
        "licence": "Apache-2.0",
        "sha256": digest(files),
        "accuracy_spread": f"{max(_SPREAD, _spread(those)):.2g} points",
    }
    what = "the median latency of one network on one device by one version of a runtime"
    if within := repeated_within(_repeats(first.submitter, every), what):
        entry["reproducibility"] = within
    return entry


def _spread(taken: Iterable[_Taken]) -> float:
    """By how many points the accuracy of a network in one precision and runtime differs at most."""
    found: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for each in taken:
        if each.result.accuracy is not None:
            key = (each.word, each.size, each.system.runtime, each.precision)
            found[key].append(each.result.accuracy)
    return max((max(several) - min(several) for several in found.values()), default=0.0)


def _repeats(submitter: str, every: Iterable[_Taken]) -> list[tuple[float, float]]:
    """Latencies of one network on one device by one version of a runtime, in two of MLPerf."""
    found: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for each in every:
        if each.result.submitter == submitter:
            device, mode, _, *run = each.key
            key = (device, mode, each.result.framework, *run)
            found[key].append(each.result.p50_ms)
    return [pair for several in found.values() for pair in pairwise(several)]
