"""The table of frame rates in the README of Rockchip's RKNN model zoo: networks on the NPUs of its chips."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.architectures.names import read_shape
from advisor.catalog.csv_table import number_in
from advisor.catalog.files import content_of
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.published import (
    Published,
    PublishedBoard,
    PublishedNetworks,
)
from advisor.catalog.importers.table_version import version_of
from advisor.catalog.measurements_table import Row
from advisor.catalog.store import Catalog
from advisor.errors import BrokenFileError, Fault, shown
from advisor.quality import CLASSIFICATION
from advisor.quantities import RATE

LARGEST = 5_000_000
REPOSITORY = "https://github.com/airockchip/rknn_model_zoo"
HEADINGS = ("demo", "model_name", "inputs_shape", "dtype")
"""The headings of the first columns; those behind them are chips."""

TASKS: Mapping[str, str] = {
    "mobilenet": CLASSIFICATION,
    "resnet": CLASSIFICATION,
    "yolov8_obb": "oriented-detection",
    "yolo_world": "zero-shot-object-detection",
    "yolov8_pose": "pose",
    "yolov5_seg": "instance-segmentation",
    "yolov8_seg": "instance-segmentation",
    "yolo": "detection",
    "ppyoloe": "detection",
    "deeplabv3": "segmentation",
    "ppseg": "segmentation",
    "mobilesam": "zero-shot-instance-segmentation",
    "retinaface": "face-detection",
    "lprnet": "text-recognition",
    "ppocr-det": "text-detection",
    "ppocr-rec": "text-recognition",
    "lite_transformer": "translation",
    "clip": "zero-shot-classification",
}
"""By how the word for a demonstration begins, what its networks are for; the longest beginning counts."""
OTHERWISE: Mapping[str, str] = {"clip_text": "text-image-retrieval"}
"""What networks are for that are a part of some demonstration, by their word."""
UNKNOWN_TASK = "unknown"

_CHIP = re.compile(r"R[KV]\d+\w*")
_MODE = re.compile(r"@(\w+)")
_CELL = re.compile(r"([\d.,]+)\s*(?:\((\w+)\))?")
_RULE = re.compile(r"[\s|:-]+")
_TAGS = re.compile(r"<[^>]*>|&nbsp;")

_FACTOR = "real-time factors of sound, not rates"
_UNSUPPORTED = "not supported on the chip"
_NO_SHAPE = "a network whose input is no shape"
_TWICE = "a network that the chip has already"
_NOT_READ = "a cell that cannot be read"
_OTHER_CELLS = "another number of cells than the table has columns"


@dataclass(frozen=True)
class Line:
    """A row of the table.

    Attributes:
        number: its line.
        demo: what it is an example of; that of the row above where its cell is empty.
        cells: what stands in it, by the headings of the columns.
    """

    number: int
    demo: str
    cells: Mapping[str, str]


def read(path: Path, catalog: Catalog) -> Published:
    """Read the table.

    Args:
        path: a copy of the model zoo's `README.md`.
        catalog: it knows networks.

    Raises:
        BrokenFileError: the file cannot be read, or has no such table.
    """
    sha256 = digest([path])
    version = version_of(path, sha256, REPOSITORY, catalog)
    source = f"rknn-{version or sha256[:8]}"
    found = Published(sources={source: _source(version, sha256)})
    networks = PublishedNetworks(catalog, "rknn", source)
    headings, lines = _table(path, found)
    shaped = [(line, shape) for line in lines if (shape := _shape_of(line.cells["inputs_shape"]))]
    known = {id(line) for line, _ in shaped}
    for heading in headings[len(HEADINGS) :]:
        for line in lines:
            if id(line) not in known:
                found.left_out[_why_no_rate(line.cells[heading]) or _NO_SHAPE] += 1
        rows = list(_rows(heading, shaped, source, networks, found))
        found.boards += [
            PublishedBoard(name, _entries(chip, heading, source), rows)
            for chip, name in _boards(heading)
            if rows
        ]
    found.networks = list(networks.reported.values())
    found.notes += networks.notes
    return found


def _source(version: str, sha256: str) -> dict[str, str]:
    return {
        "citation": "Rockchip's RKNN model zoo, model performance benchmark",
        "repository": REPOSITORY,
        "file": "README.md",
        "version": version,
        "licence": "Apache-2.0",
        "sha256": sha256,
        "read": "frames per second of inference alone, at the highest frequency of each NPU; of RK3588 and "
        "RK3576 on one core",
        "error": "as printed, one decimal; where a column is of two chips it does not say which ran",
    }


def _table(path: Path, found: Published) -> tuple[Sequence[str], Sequence[Line]]:
    """The headings of the columns, and the rows.

    Raises:
        BrokenFileError: there is no such table.
    """
    headings: Sequence[str] = ()
    lines: list[Line] = []
    demo = ""
    for number, text in enumerate(content_of(path, LARGEST).text.splitlines(), 1):
        stripped = text.strip()
        cells = [_plain(cell) for cell in stripped.removeprefix("|").removesuffix("|").split("|")]
        if tuple(cells[: len(HEADINGS)]) == HEADINGS:
            headings = cells
        elif not stripped.startswith("|"):
            if lines:
                break
        elif headings and not _RULE.fullmatch(stripped):
            if len(cells) == len(headings):
                demo = cells[0] or demo
                lines.append(Line(number, demo, dict(zip(headings, cells, strict=True))))
            else:
                found.left_out[_OTHER_CELLS] += 1
                found.notes.append(f"line {number}: {len(cells)} cells, not {len(headings)}")
    if not lines:
        expected = f"a table whose columns are {', '.join(HEADINGS)} and chips"
        raise BrokenFileError(
            [Fault(path, 1, "1", "no table of frame rates in all of the file", expected)]
        )
    return headings, lines


def _plain(cell: str) -> str:
    """A cell without marks of HTML."""
    return " ".join(_TAGS.sub(" ", cell).split())


def _rows(
    heading: str,
    lines: Sequence[tuple[Line, tuple[int, int, int]]],
    source: str,
    networks: PublishedNetworks,
    found: Published,
) -> Iterator[Row]:
    """The rows of a column."""
    seen: set[tuple[str, str]] = set()
    for line, shape in lines:
        cell = line.cells[heading]
        if why := _why_no_rate(cell):
            found.left_out[why] += 1
            if why == _NOT_READ:
                found.notes.append(f"line {line.number}, column {heading}: {shown(cell)}")
            continue
        rate, precision = _figure(cell)
        word = line.cells["model_name"]
        network = networks.name_of(word, shape, task=_task_of(line.demo, word))
        key = network, precision or line.cells["dtype"]
        if key in seen:
            found.left_out[_TWICE] += 1
            continue
        seen.add(key)
        yield {
            "architecture": network,
            "runtime": "rknn",
            "precision": key[1],
            "batch": 1,
            "processor": "npu",
            "throughput_fps": rate,
            "origin": "reported",
            "source": source,
        }


def _why_no_rate(cell: str) -> str:
    """Why a cell is no rate; "" where it is one."""
    if "RTF" in cell.upper():
        return _FACTOR
    if cell in ("/", "-", ""):
        return _UNSUPPORTED
    return "" if _figure(cell)[0] > 0 else _NOT_READ


def _figure(cell: str) -> tuple[float, str]:
    """The rate in a cell, 0 where there is none; and the precision behind it, if one is said."""
    figure = _CELL.fullmatch(cell)
    rate = number_in(figure[1]) if figure else 0.0
    return (rate, figure[2] or "") if figure and 0 < rate <= RATE.largest else (0.0, "")


def _shape_of(text: str) -> tuple[int, int, int] | None:
    """Channels, height and width from "[1, 3, 224, 224]", channels last or none; `None` if it is no shape."""
    sides = [int(each) for each in re.findall(r"\d+", text)]
    if not re.fullmatch(r"\[[\d,\s]+\]", text) or sides[0] != 1 or len(sides) not in (2, 4):
        return None
    if len(sides) == 2:
        return read_shape(f"1x1x{sides[1]}")
    _, one, two, three = sides
    channels, height, width = (three, one, two) if three < one else (one, two, three)
    return read_shape(f"{channels}x{height}x{width}")


def _task_of(demo: str, word: str) -> str:
    """What a network is for."""
    begun = [each for each in TASKS if demo.lower().startswith(each)]
    return OTHERWISE.get(word) or TASKS.get(max(begun, key=len, default=""), UNKNOWN_TASK)


def _boards(heading: str) -> Iterator[tuple[str, str]]:
    """The chips of a column, and what the board of each is called."""
    mode = "-".join(_MODE.findall(heading)).replace("_", "-")
    for chip in _CHIP.findall(heading):
        yield chip, ".".join(filter(None, (f"{chip.lower()}-npu", mode, "rknn")))


def _entries(chip: str, heading: str, source: str) -> dict[str, str]:
    """A board's `board.yaml`."""
    mode = " ".join(_MODE.findall(heading)).replace("_", " ")
    note = "As reported; not measured by advisor."
    chips = _CHIP.findall(heading)
    if len(chips) > 1:
        note += f" One column is of {' and '.join(chips)}; it does not say which ran."
    return {
        "title": f"Rockchip {chip}, NPU" + (f", {mode}" if mode else ""),
        "processor": f"Rockchip {chip}",
        "cost": "reported",
        "note": note,
        "source": source,
    }
