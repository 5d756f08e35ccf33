"""Readers of `others.csv`, which holds tables of several small pages, for `make_boards.py`.

A row of it is a network on a board: source (repository, file), licence, board, setting, network, identity,
task, input, runtime, precision, batch, latency_ms, fps, energy_mj, note. Of a page that states no licence
nothing is shipped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from advisor.architectures.names import read_shape
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.published import Published, PublishedBoard, PublishedNetworks
from advisor.catalog.measurements_table import Row
from advisor.catalog.store import Catalog

Cells = Mapping[str, str]

_TWICE = "a second result of the same network"
_NO_NETWORK = "a network that is not known here"
_NO_IMAGE = "a network that is not on one image of known size"
_TASKS = {"depth": "depth-estimation"}
"""Tasks that are called otherwise in the catalog."""


@dataclass(frozen=True)
class Page:
    """What the rows of one source are, and how they become rows of boards.

    Attributes:
        begins: how the source of its rows begins in the table.
        source: the key of its source, and of `sources.yaml` all but the digest.
        board_of: what the board of a row is called, and what its `board.yaml` says beside its source.
        way_of: how a row was run: processor, runtime, precision, and a throughput.
        origin: the prefix of its networks; "" where the table says which of the catalog's each is.
    """

    begins: str
    source: tuple[str, Mapping[str, str]]
    board_of: Callable[[Cells], tuple[str, Mapping[str, str]]]
    way_of: Callable[[Cells], Row]
    origin: str = ""


def read(page: Page, path: Path, catalog: Catalog) -> Published:
    """Read what a page's rows say.

    Args:
        page: whose rows.
        path: the table.
        catalog: it knows networks.
    """
    key, said = page.source
    found = Published(sources={key: {**said, "sha256": digest([path])}})
    networks = PublishedNetworks(catalog, page.origin, key) if page.origin else None
    rows: dict[str, dict[tuple[object, ...], Row]] = {}
    entries: dict[str, Mapping[str, str]] = {}
    for cells in _cells(path, page.begins):
        name, why = _network(cells, networks, catalog)
        if why:
            found.left_out[why] += 1
            continue
        board, described = page.board_of(cells)
        entries[board] = described
        row = {"architecture": name, "batch": 1, "origin": "reported", "source": key}
        row |= {"latency_ms": float(cells["latency_ms"]), "latency_statistic": "unknown"}
        row |= page.way_of(cells)
        way = tuple(row[column] for column in ("architecture", "runtime", "precision"))
        if way in rows.setdefault(board, {}):
            found.left_out[_TWICE] += 1
        else:
            rows[board][way] = row
    common = {"cost": "reported" if networks else "counted", "source": key}
    found.boards = [
        PublishedBoard(board, {**entries[board], **common}, [*those.values()])
        for board, those in rows.items()
    ]
    found.networks = list(networks.reported.values()) if networks else []
    found.notes = networks.notes if networks else []
    return found


def _cells(path: Path, begins: str) -> Iterator[Cells]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from (row for row in csv.DictReader(stream) if row["source"].startswith(begins))


def _network(cells: Cells, networks: PublishedNetworks | None, catalog: Catalog) -> tuple[str, str]:
    """What the catalog calls the network of a row, and why it is left out, one of which is ""."""
    if networks is None:
        name = catalog.identities.key(cells["identity"])
        return name, "" if name else _NO_NETWORK
    size = cells["input"]
    shape = read_shape(size if size.count("x") == 2 else f"3x{size}x{size}")
    if shape is None:
        return "", _NO_IMAGE
    word = re.sub(r"\.tflite$", "", cells["network"])
    task = _TASKS.get(cells["task"], cells["task"])
    return networks.name_of(word.lower(), shape, task=task), ""


NOTE = "As reported; not measured by advisor."


def _jetson(cells: Cells) -> tuple[str, Mapping[str, str]]:
    device = cells["board"].lower().replace(" ", "-")
    title = f"NVIDIA {cells['board']}"
    note = f"{NOTE} Latency and throughput were measured apart; date, clocks and power mode are not said."
    return f"{device}.torch2trt", {"title": title, "note": note}


def _on_a_jetson(cells: Cells) -> Row:
    way = {"processor": "gpu", "runtime": cells["runtime"], "precision": cells["precision"]}
    return {**way, "throughput_fps": float(cells["fps"])}


def _axera(cells: Cells) -> tuple[str, Mapping[str, str]]:
    chip, setting = cells["board"], cells["setting"]
    cores = "-".join(setting.lower().split()) if "Core" in setting else ""
    name = ".".join(filter(None, (f"{chip.lower()}-npu", cores, "ax-samples")))
    title = f"Axera {chip}, NPU" + (f", {setting}" if setting else "")
    described = {"title": title.replace("Core", "core"), "processor": f"Axera {chip}"}
    return name, {**described, "note": NOTE}


def _on_an_axera(_: Cells) -> Row:
    return {"processor": "npu", "runtime": "axengine", "precision": "int8"}


def _am62(_: Cells) -> tuple[str, Mapping[str, str]]:
    described = {"title": "TI AM62", "processor": "4x Cortex-A53", "note": NOTE}
    return "am62.edgeai-modelzoo-81fa97b", described


def _on_an_am62(cells: Cells) -> Row:
    said = re.search(r"quant|float|fp32", cells["network"])
    precision = {"quant": "int8", "float": "float", "fp32": "fp32"}[said[0]] if said else "unknown"
    return {"processor": "cpu", "runtime": cells["runtime"], "precision": precision}


def _source(
    citation: str, repository: str, file: str, licence: str, **more: str
) -> Mapping[str, str]:
    said = {
        "read": "latency of one image, of a statistic that is not documented",
        "error": "as printed",
    }
    return {
        "citation": citation,
        "repository": f"https://github.com/{repository}",
        "file": file,
        "licence": licence,
        **said,
        **more,
    }


_PAGES: Mapping[str, Page] = {
    "torch2trt": Page(
        "torch2trt/",
        (
            "torch2trt",
            _source(
                "torch2trt's benchmarks of torchvision's networks, by PyTorch and TensorRT in 16-bit floats",
                "NVIDIA-AI-IOT/torch2trt",
                "docs/benchmarks/jetson_nano.md, docs/benchmarks/jetson_xavier.md",
                "MIT",
                read="latency of one image and frames per second, measured apart; of which statistic is not "
                "documented",
                error="as printed, three digits",
            ),
        ),
        _jetson,
        _on_a_jetson,
    ),
    "axera": Page(
        "ax-samples/",
        (
            "ax-samples",
            _source(
                "Axera's samples, benchmarks of its NPUs, compiled by Pulsar2",
                "AXERA-TECH/ax-samples",
                "benchmark/Benchmark_*.md",
                "BSD-3-Clause",
                error="as printed; networks are known by their names alone; the column of memory is left "
                "out, since it does not say what it covers",
            ),
        ),
        _axera,
        _on_an_axera,
        "axera",
    ),
    "ti": Page(
        "edgeai-modelzoo@81fa97b report_AM62",
        (
            "edgeai-modelzoo-81fa97b",
            _source(
                "Texas Instruments' EdgeAI model zoo, report of the AM62",
                "TexasInstruments/edgeai-modelzoo",
                "report_AM62.csv",
                "BSD-3-Clause",
                version="81fa97b",
                error="as printed; the number format is known where a file's name says it",
            ),
        ),
        _am62,
        _on_an_am62,
        "ti",
    ),
}

READERS: Mapping[str, Callable[[Path, Catalog], Published]] = {
    format: partial(read, page) for format, page in _PAGES.items()
}
"""By what their boards' files are called: who reads the rows of a source."""
