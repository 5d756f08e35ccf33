"""ncnn's table of what its `benchncnn` took on boards that people have sent in: `benchmark/README.md`.

A section of it is of one machine, and has runs of one number of threads on one processor each. A board is
what one section says of the machine with the same cores; a second run in the same way is a board of its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from advisor.architectures.names import folded, split_prefix, split_size
from advisor.catalog.csv_table import read_csv
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.ncnn_sections import Run, Section, read_sections
from advisor.catalog.importers.outliers import OFF_BY, outliers
from advisor.catalog.importers.published import (
    Published,
    PublishedBoard,
    PublishedNetworks,
    repeated_within,
)
from advisor.catalog.importers.table_version import version_of
from advisor.catalog.measurements_table import Row
from advisor.catalog.records import MINIMUM, OUTLIER
from advisor.catalog.store import Catalog
from advisor.catalog.tables import Reported
from advisor.errors import shown

REPOSITORY = "https://github.com/Tencent/ncnn"
DEVICES = Path(__file__).with_name("ncnn_devices.csv")
"""How headings begin, and which device each is of; in which mode, where the heading says one."""

INT8 = "_int8"
"""How the names of networks end whose weights are quantised."""
FLOAT = "float"
"""What all others run in: the options ask for 16 bits, which ncnn takes where the hardware has them."""
INT8_ON_GPUS = "2026-06"
"""The month from which ncnn runs 8-bit integers on GPUs; before, such networks ran on the CPU."""

_CORES = {1: "little-cores", 2: "big-cores"}
"""Which cores ncnn's `powersave` keeps to, where a machine has several kinds."""
_CLOCK = re.compile(r"\d(?:\.\d+)?\s*[GM]Hz", re.IGNORECASE)

_UNKNOWN = "a network that is not known here"
_ON_CPU = "of 8-bit integers on a GPU, before ncnn ran these there: they ran on the CPU"


def read(path: Path, catalog: Catalog) -> Published:
    """Read ncnn's table.

    Args:
        path: a copy of `benchmark/README.md`.
        catalog: it knows ncnn's networks.

    Raises:
        BrokenFileError: the file cannot be read, or holds no results.
    """
    sha256 = digest([path])
    version = version_of(path, sha256, REPOSITORY, catalog)
    source = f"ncnn-{version or sha256[:8]}"
    found = Published(sources={source: _source(version, sha256)})
    sections = list(read_sections(path, found))
    devices = _devices()
    networks = PublishedNetworks(catalog, "ncnn", "")
    known = _known(catalog)
    strange: Counter[str] = Counter()
    taken = _Boards()
    for section in sections:
        device, mode = _device_of(section.heading, devices, found)
        for run in (each for each in section.runs if each.lines):
            rows = list(_rows(run, section, source, known, networks, found.left_out, strange))
            if rows:
                words = filter(
                    None, (device, mode, run.mode, _cores(section, run), _gpu(section, run))
                )
                taken.add(".".join(words), section, run, rows)
    found.boards = taken.named()
    if within := repeated_within(taken.repeats(), "the shortest run of one network in one section"):
        found.sources[source] = {**found.sources[source], "reproducibility": within}
    _mark_outliers(found)
    found.notes += networks.notes
    found.notes += [f"unknown here: {word}, {count} rows" for word, count in strange.items()]
    return found


def _source(version: str, sha256: str) -> dict[str, str]:
    return {
        "citation": "ncnn's table of benchmarks, as its users sent them in",
        "repository": REPOSITORY,
        "file": "benchmark/README.md",
        "version": version,
        "licence": "BSD-3-Clause",
        "sha256": sha256,
        "read": "the shortest of the runs, with the longest, as benchncnn printed them; what they ran on as "
        "it printed, not as the command says; networks without weights of their own",
        "error": "another run lies between the shortest and the longest; another machine of the same chip "
        "takes up to twice as long",
    }


def _rows(
    run: Run,
    section: Section,
    source: str,
    known: Mapping[str, Reported],
    networks: PublishedNetworks,
    left_out: Counter[str],
    strange: Counter[str],
) -> Iterator[Row]:
    """The rows of a run."""
    processor, threads = run.way
    for line in run.lines:
        word = folded(line.word).replace("-", "_")
        is_int8 = word.endswith(INT8)
        network = known.get(word.removesuffix(INT8))
        if network is None:
            left_out[_UNKNOWN] += 1
            strange[line.word] += 1
        elif is_int8 and processor == "gpu" and section.date < INT8_ON_GPUS:
            left_out[_ON_CPU] += 1
        else:
            yield {
                "architecture": _name_of(network, networks),
                "runtime": "ncnn",
                "precision": "int8" if is_int8 else FLOAT,
                "batch": 1,
                "processor": processor,
                "threads": threads,
                "latency_ms": line.least,
                "latency_statistic": MINIMUM,
                "latency_min_ms": line.least,
                "latency_max_ms": line.most,
                "origin": "reported",
                "source": source,
            }


def _known(catalog: Catalog) -> dict[str, Reported]:
    """The networks of ncnn's that the catalog has, by their words."""
    reported = (each.reported for each in catalog.zoo.networks.values())
    return {
        folded(split_size(split_prefix(each.architecture)[1])[0]).replace("-", "_"): each
        for each in reported
        if each and each.library == "ncnn"
    }


def _name_of(network: Reported, networks: PublishedNetworks) -> str:
    return networks.name_of(
        split_size(split_prefix(network.architecture)[1])[0],
        network.input_shape,
        task=network.task,
        params=network.params,
        operations=network.operations,
        activations=network.activations,
        family=network.family,
        licence=network.licence,
    )


# --- which board it is


def _devices() -> dict[str, tuple[str, str]]:
    """By how a heading begins, in lower case: the device, and its mode."""
    table = read_csv(DEVICES, ("begins", "device", "mode"))
    columns = (table.cells(name) for name in ("begins", "device", "mode"))
    return {begins.lower(): (device, mode) for begins, device, mode in zip(*columns, strict=True)}


def _device_of(
    heading: str, devices: Mapping[str, tuple[str, str]], found: Published
) -> tuple[str, str]:
    """The device that a heading is of, and its mode: of those known, whose beginning is the longest."""
    plain = heading.lower()
    begun = [
        each
        for each in devices
        if plain.startswith(each) and not re.match(r"[a-z0-9+]", plain[len(each) :])
    ]
    if begun:
        return devices[max(begun, key=len)]
    device = device_in(heading)
    found.notes.append(f"{shown(heading)} is of no device that is known here: called {device}")
    return device, ""


_MAKERS = re.compile(
    r"(?:NVIDIA|AMD|Intel|Qualcomm|Rockchip|HUAWEI|HiSilicon|MediaTek|Freescale|NXP|Broadcom|Microsoft"
    r"|(?:SM|SDM|MSM|QCM|QCS)\d+\S*(?: Pro)?)\s+",
    re.IGNORECASE,
)


def device_in(heading: str) -> str:
    """What to call a device, from the words of a heading: those before its details, without its maker's."""
    words = re.sub(r"\([RC]\)|\(TM\)|[®™]", "", heading, flags=re.IGNORECASE)
    words = re.split(r"\s*[(,\[]|/|\s+(?:-|with|of|Broadcom)\s", words)[0]
    while maker := _MAKERS.match(words):
        words = words[maker.end() :]
    return re.sub(r"[^a-z0-9+]+", "-", words.lower()).strip("-+") or "unknown"


def _cores(section: Section, run: Run) -> str:
    """The cores that a run kept to, where the machine has several kinds of them."""
    several = len(_CLOCK.findall(section.heading)) > 1
    return _CORES.get(run.settings.get("powersave", 0), "") if several else ""


def _gpu(section: Section, run: Run) -> str:
    """The GPU of a run, where others of its section are of another."""
    gpus = [each.gpu for each in section.runs if each.gpu is not None]
    return f"gpu-{run.gpu}" if run.gpu is not None and run.gpu != gpus[0] else ""


class _Boards:
    """Boards, as runs become part of them."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, int], list[tuple[list[Run], list[Row]]]] = {}
        self._sections: dict[int, Section] = {}

    def add(self, machine: str, section: Section, run: Run, rows: Sequence[Row]) -> None:
        """Add a run to the first board of its section that has none in that way."""
        self._sections[id(section)] = section
        boards = self._of.setdefault((machine, id(section)), [])
        for runs, those in boards:
            if run.way not in {each.way for each in runs}:
                runs.append(run)
                those.extend(rows)
                return
        boards.append(([run], list(rows)))

    def repeats(self) -> list[tuple[float, float]]:
        """The latencies of a network that a section has twice in the same way."""
        found: dict[tuple[object, ...], list[float]] = defaultdict(list)
        for of, boards in self._of.items():
            for _, rows in boards:
                for row in rows:
                    way = (row["precision"], row["processor"], row["threads"])
                    found[of, row["architecture"], way].append(float(str(row["latency_ms"])))
        return [pair for several in found.values() for pair in pairwise(several)]

    def named(self) -> list[PublishedBoard]:
        """The boards, with their names."""
        times: Counter[str] = Counter()
        found = []
        for (machine, key), boards in self._of.items():
            section = self._sections[key]
            for runs, rows in boards:
                name = ".".join((machine, "-".join(filter(None, ("ncnn", section.date)))))
                times[name] += 1
                count = f"-{times[name]}" if times[name] > 1 else ""
                found.append(
                    PublishedBoard(name + count, _entries(section, machine, runs, rows), rows)
                )
        return found


def _entries(
    section: Section, machine: str, runs: Sequence[Run], rows: Sequence[Row]
) -> dict[str, str | Mapping[str, str]]:
    """A board's `board.yaml`."""
    mode = ", ".join(machine.split(".")[1:]).replace("-", " ")
    gpus = [run.gpus[run.gpu] for run in runs if run.gpu is not None and run.gpu in run.gpus]
    entries = {
        "title": section.heading + (f", {mode}" if mode else ""),
        "accelerator": ", ".join(dict.fromkeys(gpus)),
        "software": "; ".join(section.said),
        "date": section.date,
        "cost": "reported",
        "note": "As reported; not measured by advisor. The shortest of the runs, and the longest.",
        "source": str(rows[0]["source"]),
    }
    return {key: text for key, text in entries.items() if text}


def _mark_outliers(found: Published) -> None:
    """Say of rows that are far from what their network takes in like ways."""
    rows = [(board, place) for board in found.boards for place in range(len(board.rows))]
    cells = []
    for board, place in rows:
        row = board.rows[place]
        kind = str(row["processor"]), str(row["precision"])
        setting = (*kind, str(row["threads"]), board.name)
        cells.append((kind, setting, str(row["architecture"]), float(str(row["latency_ms"]))))
    off = outliers(cells)
    for which, ratio in off.items():
        board, place = rows[which]
        said = f"{OUTLIER}: {ratio:.2g} times what it takes in like ways"
        board.rows[place] = {**board.rows[place], "verdict": said}  # type: ignore[index]
    if off:
        found.notes.append(
            f"{len(off)} rows are off by more than {OFF_BY:g} times from the same network in like ways; "
            "they are marked, and never sure"
        )
