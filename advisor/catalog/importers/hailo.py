"""Hailo's model zoo, `docs/public_models`: frame rates of accelerators, and accuracy in floats and on them.

Frames overlap in a stream, so that a rate is no latency. A network that is too large for a chip is loaded in
parts for every batch, and is faster in larger ones.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.architectures.names import read_shape
from advisor.catalog.accuracy_table import key_of
from advisor.catalog.csv_table import number_in
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.hailo_pages import NAME, Line, Page, read_page
from advisor.catalog.importers.published import (
    Published,
    PublishedBoard,
    PublishedNetworks,
)
from advisor.catalog.measurements_table import Row
from advisor.catalog.records import Estimate, Weights
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, BrokenFileError, Fault, shown
from advisor.limits import LEAST_PERCENT
from advisor.quality import Quality, read_data_set, read_task
from advisor.quantities import RATE

RUNTIME, PROCESSOR = "hailort", "npu"
PRECISION = "int8-mixed"
"""What Hailo's compiler makes of networks: 8-bit integers, with 4 bits for some weights and 16 for some
layers; the pages do not say of which network what."""
WEIGHTS = "hailo"
"""What the sets of weights are called that the pages link."""

METRICS: Mapping[str, str] = {
    "accuracy (top1)": "top-1",
    "accuracy": "accuracy",
    "mean accuracy": "mean-accuracy",
    "lfw verification accuracy": "accuracy",
    "map": "mAP50-95",
    "map-segmentation": "mAP50-95",
    "ap": "AP",
    "ar1000": "AR1000",
    "miou": "mIoU",
    "rank1": "rank-1",
    "retrieval@10": "retrieval@10",
}
"""The metrics in percent of which more is better, as the pages have them, and our words for them."""
_OF_ITS_OWN = {("mAP50-95", "widerface"): "mAP"}
"""Metrics that mean something else on some data set."""

_WRONG = {("hailo-8l", "5.2.0")}
"""Devices and versions whose page has other accuracies than those of its networks."""

_RATE = re.compile(r"FPS \(Batch Size=(\d+)\)", re.IGNORECASE)
_DEVICE = re.compile(r"HAILO[-_]?(\d+)([A-Z]?)(?=[_.]|$)", re.IGNORECASE)
_SHAPE = re.compile(r"(\d+)x(\d+)x(\d+)")

_NO_RATE = "no rate, or a rate of 0"
_NO_INPUT = "an input that cannot be read"
_OTHER_CELLS = "another number of cells than its table has columns"
_TWICE = "a network that this device has already"
_WRONG_PAGE = "accuracies of a page that is known to have those of other networks"
_NO_PERCENTAGE = "accuracies in {}, of which less is better, or which is no percentage"
_UNSAID = "accuracies in a metric that is not said"
_DEGRADED = "accuracies on hardware of which the column says a loss"


def read(path: Path, catalog: Catalog) -> Published:
    """Read pages of Hailo's model zoo.

    Args:
        path: a page, or a folder of pages.
        catalog: it knows networks.

    Raises:
        AdvisorError: there is no page of a device; a page cannot be read, or has no networks.
    """
    found = Published()
    networks = PublishedNetworks(catalog, "hailo", "")
    accuracies: dict[object, Weights] = {}
    for version, pages in _by_version(path).items():
        source = f"hailo-{digest(page.path for page in pages)[:8]}"
        networks.source = source
        of_device: dict[str, list[Page]] = defaultdict(list)
        for page in pages:
            of_device[_device_of(page.path)].append(page)
        for device, those in of_device.items():
            reader = _Device(device, version, source, networks, found)
            if rows := list(reader.rows(those)):
                found.boards.append(PublishedBoard(reader.board, reader.entries(), rows))
                found.sources[source] = _source(version, pages)
            accuracies.update({key_of(each): each for each in reader.accuracies})
    found.accuracies = list(accuracies.values())
    found.networks = list(networks.reported.values())
    found.notes += networks.notes
    return found


def _by_version(path: Path) -> dict[str, list[Page]]:
    """The pages by the version of the compiler, the oldest version first.

    Raises:
        AdvisorError: there are none; a page cannot be read, or is of no device.
    """
    if path.is_dir():
        files = sorted(each for each in path.rglob("*.rst") if _DEVICE.match(each.name))
        if not files:
            raise AdvisorError(
                f"{path}: no page of a device of Hailo's",
                "give docs/public_models of the model zoo, or a page of it, as HAILO8_pose_estimation.rst",
            )
    else:
        files = [path]
        if not _DEVICE.match(path.name):
            raise AdvisorError(
                f"{path}: the name of a page begins with its device",
                "as HAILO8_pose_estimation.rst",
            )
    found: dict[str, list[Page]] = defaultdict(list)
    for page in map(read_page, files):
        if not page.lines:
            expected = f"a table whose first column is {NAME}"
            raise BrokenFileError(
                [Fault(page.path, 1, "1", "no networks in all of the page", expected)]
            )
        found[page.version].append(page)
    return dict(
        sorted(found.items(), key=lambda each: [int(part) for part in each[0].split(".") if part])
    )


def _device_of(path: Path) -> str:
    name = _DEVICE.match(path.name)
    assert name is not None  # noqa: S101  (others are refused or left aside before)
    return f"hailo-{name[1]}{name[2]}".lower()


def _source(version: str, pages: Iterable[Page]) -> dict[str, str | Mapping[str, str]]:
    entry = {
        "citation": "Hailo Model Zoo, public models"
        + (f", compiled with Hailo Dataflow Compiler v{version}" if version else ""),
        "repository": "https://github.com/hailo-ai/hailo_model_zoo",
        "file": "docs/public_models",
        "version": f"v{version}" if version else "",
        "licence": "MIT",
        "sha256": digest(page.path for page in pages),
        "read": "frames per second in a stream, at batch 1 and 8; accuracy in floats and as compiled, on the "
        "accelerator. The number formats are not said: 8-bit integers, mixed with 4 and 16 bits",
        "error": "as printed, three digits; neither the host nor the number of images is said",
    }
    return {key: text for key, text in entry.items() if text}


@dataclass
class _Device:
    """The reader of the pages of one device, of one version."""

    device: str
    version: str
    source: str
    networks: PublishedNetworks
    found: Published

    def __post_init__(self) -> None:
        self.accuracies: list[Weights] = []

    @property
    def board(self) -> str:
        """What the board is called."""
        return f"{self.device}.hailo" + (f"-v{self.version}" if self.version else "")

    def entries(self) -> dict[str, str | Mapping[str, str]]:
        """Its `board.yaml`."""
        made = f"Hailo Dataflow Compiler v{self.version}" if self.version else ""
        title = "H" + self.device[1:5] + self.device[5:].upper()
        entries = {
            "title": title + (f" ({made})" if made else ""),
            "processor": title,
            "software": made,
            "weights": WEIGHTS,
            "cost": "reported",
            "note": "As reported; not measured by advisor. Frames overlap: a rate is no latency.",
            "source": self.source,
        }
        return {key: text for key, text in entries.items() if text}

    def rows(self, pages: Iterable[Page]) -> Iterator[Row]:
        """Its rows; what its networks reach becomes known by the way."""
        seen: set[tuple[str, int]] = set()
        for page in pages:
            for line in page.lines:
                if not line.is_whole:
                    self.found.left_out[_OTHER_CELLS] += 1
                    self.found.notes.append(
                        f"{page.path.name}, line {line.number}: {shown(line.cells[0])} has "
                        f"{len(line.cells)} cells, its table {len(line.columns)} columns"
                    )
                    continue
                shape = _shape_of(line.cell("Input"))
                if shape is None:
                    self.found.left_out[_NO_INPUT] += 1
                    continue
                network = self._name_of(line, shape)
                rates = list(self._rates(line, network, seen))
                yield from rates
                self._take_accuracies(line, network)

    def _name_of(self, line: Line, shape: tuple[int, int, int]) -> str:
        params, operations = (_figure(line.cell(each)) for each in ("Params", "OPS"))
        return self.networks.name_of(
            line.cells[0],
            shape,
            task=read_task(line.title),
            params=params * 1e6 if params else None,
            operations=operations * 1e9 if operations else None,
        )

    def _rates(self, line: Line, network: str, seen: set[tuple[str, int]]) -> Iterator[Row]:
        for column, cell in zip(line.columns, line.cells, strict=True):
            batch = _RATE.fullmatch(column)
            if batch is None:
                continue
            key = network, int(batch[1])
            rate = _figure(cell)
            if not rate:
                self.found.left_out[_NO_RATE] += 1
            elif key in seen:
                self.found.left_out[_TWICE] += 1
            else:
                seen.add(key)
                yield {
                    "architecture": network,
                    "runtime": RUNTIME,
                    "precision": PRECISION,
                    "batch": int(batch[1]),
                    "processor": PROCESSOR,
                    "throughput_fps": rate,
                    "origin": "reported",
                    "source": self.source,
                }

    def _take_accuracies(self, line: Line, network: str) -> None:
        """Take in what a network reaches in floats, and as compiled."""
        for column, cell in zip(line.columns, line.cells, strict=True):
            kind, _, said = column.partition(" ")
            if kind.lower() not in ("float", "hardware") or (value := _figure(cell)) is None:
                continue
            why, metric = self._metric(line, said.strip())
            if why or not LEAST_PERCENT <= value <= 100:
                self.found.left_out[why or _NO_PERCENTAGE.format(said)] += 1
                continue
            quality = Quality(read_task(line.title), metric, read_data_set(line.below))
            estimate = Estimate(value, None, None, "reported", self.source)
            # What they retrained is for their runtime alone, also where another library has the network.
            compiled = kind.lower() == "hardware"
            scope = (RUNTIME, PRECISION, PROCESSOR, self.board) if compiled else (RUNTIME,)
            self.accuracies.append(Weights(network, WEIGHTS, estimate, None, quality, *scope))

    def _metric(self, line: Line, said: str) -> tuple[str, str]:
        """Why an accuracy is left out, or ""; and our word for its metric."""
        if (self.device, self.version) in _WRONG:
            return _WRONG_PAGE, ""
        if said.lower() == "degradation":
            return _DEGRADED, ""
        if not said:
            return _UNSAID, ""
        metric = METRICS.get(said.lower(), "")
        if not metric:
            return _NO_PERCENTAGE.format(said), ""
        return "", _OF_ITS_OWN.get((metric, read_data_set(line.below)), metric)


def _figure(cell: str) -> float | None:
    """A number that can be a figure of a network; `None` where none stands there."""
    number = number_in(cell)
    return number if 0 <= number <= RATE.largest else None


def _shape_of(text: str) -> tuple[int, int, int] | None:
    """Channels, height and width from "368x1232x3"; of several inputs the first's."""
    sides = _SHAPE.fullmatch(text.partition(",")[0].strip())
    return read_shape(f"{sides[3]}x{sides[1]}x{sides[2]}") if sides else None
