"""The sections of ncnn's `benchmark/README.md`, and what `benchncnn` wrote in each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from advisor.catalog.files import content_of
from advisor.catalog.importers.published import Published, folded_name
from advisor.catalog.measurements_table import MOST_THREADS
from advisor.errors import BrokenFileError, Fault, shown

LARGEST = 20_000_000

_HEADING = re.compile(r"###\s+(.*\S)")
_SETTING = re.compile(
    r"(loop_count|num_threads|powersave|gpu_device|cooling_down)\s*=\s*(-?\d+)\s*"
)
_GPU = re.compile(r"\[(\d+) ([^\]]+)\]")
_TIMES = re.compile(
    r"\s*(\S+)\s+min\s*=\s*([0-9.]+)\s+max\s*=\s*([0-9.]+)\s+avg\s*=\s*([0-9.]+)\s*"
)
_RESULTS = re.compile(r"\*\*Results \((.+)\)\*\*\s*")
_DATE = re.compile(r"\b(20\d\d)-?(0[1-9]|1[0-2])-?[0-3]\d\b")
_SAID = re.compile(
    r"(?:- (?:Type|CPU|OS|Host|Platform|Compiler|Host OS|Guest OS)|tested? (?:on|in)\b).*", re.I
)

_NOT_READ = "not a line of benchncnn's, min, max and avg in ms"
_CONTRADICTORY = "min, avg and max contradict each other"
_TWICE = "a network that its run has already"
_NO_RUN = "no number of threads and no processor said"


@dataclass(frozen=True)
class Timed:
    """One line of a run: a network, and what it took in ms."""

    word: str
    least: float
    most: float


@dataclass
class Run:
    """What benchncnn wrote once.

    Attributes:
        settings: what it says that it ran with.
        gpus: the GPUs that it lists, by number; none where ncnn was built without GPUs.
        mode: how it was built or run, as the text above it says; "" where it says nothing.
        lines: its results.
    """

    settings: dict[str, int]
    gpus: Mapping[int, str]
    mode: str
    lines: list[Timed] = field(default_factory=list)

    @property
    def gpu(self) -> int | None:
        """The GPU that it ran on; `None` where it ran on the CPU, as it does where there is no GPU."""
        device = self.settings.get("gpu_device", -1)
        return device if device >= 0 and self.gpus else None

    @property
    def way(self) -> tuple[str, int]:
        """Processor and threads."""
        return "cpu" if self.gpu is None else "gpu", self.settings["num_threads"]


@dataclass
class Section:
    """What stands below one heading.

    Attributes:
        heading: the heading.
        runs: what was run.
        said: what else it says of the machine.
        date: year and month of ncnn or of the runs; "" where not said.
        run: the last of the runs.
    """

    heading: str
    runs: list[Run] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    date: str = ""
    run: Run | None = None
    _gpus: dict[int, str] = field(default_factory=dict)
    _mode: str = ""

    def take(self, line: str) -> None:
        """Take in a line that says what was run."""
        if setting := _SETTING.fullmatch(line):
            run = self.run
            if run is None or setting[1] in run.settings or run.lines:
                run = self.run = Run({}, self._gpus, self._mode)
                self.runs.append(run)
                self._gpus = {}
            run.settings[setting[1]] = int(setting[2])
        elif gpu := _GPU.match(line):
            self._gpus[int(gpu[1])] = gpu[2]
        elif results := _RESULTS.fullmatch(line):
            self._mode, self.run = folded_name(results[1].lower()), None
        else:
            self._take_text(line.strip().replace("`", ""))

    def _take_text(self, said: str) -> None:
        if _SAID.fullmatch(said):
            self.said.append(said.removeprefix("- "))
        elif "ncnn" in said and not self.date:
            self.date = _date_in(said)


def read_sections(path: Path, found: Published) -> Iterator[Section]:
    """The sections that have results; lines that are no good are counted and noted.

    Raises:
        BrokenFileError: none has.
    """
    section = Section("")
    any_lines = False
    for number, line in enumerate(content_of(path, LARGEST).text.splitlines(), 1):
        if heading := _HEADING.fullmatch(line.rstrip()):
            if section.runs:
                yield section
            section = Section(heading[1], date=_date_in(heading[1]))
        elif " min " in line and " avg " in line:
            any_lines |= _take(line, number, section, found)
        else:
            section.take(line)
    if section.runs:
        yield section
    if not any_lines:
        expected = "results of benchncnn: NETWORK min = ... max = ... avg = ..."
        raise BrokenFileError([Fault(path, 1, "1", "no results in all of the file", expected)])


def _take(line: str, number: int, section: Section, found: Published) -> bool:
    """Take in a line of results; whether it can be read."""
    run = section.run
    times = _TIMES.fullmatch(line)
    try:
        least, most, mean = map(float, times.groups()[1:]) if times else (0.0, 0.0, 0.0)
    except ValueError:
        times = None
    if times is None:
        found.left_out[_NOT_READ] += 1
        found.notes.append(
            f"line {number}, column {len(line) - len(line.lstrip()) + 1}: {shown(line.strip())}"
        )
    elif run is None or not 1 <= run.settings.get("num_threads", 0) <= MOST_THREADS:
        found.left_out[_NO_RUN] += 1
    elif not 0 < least <= mean <= most:
        found.left_out[_CONTRADICTORY] += 1
    elif any(each.word == times[1] for each in run.lines):
        found.left_out[_TWICE] += 1
    else:
        run.lines.append(Timed(times[1], least, most))
    return times is not None


def _date_in(text: str) -> str:
    date = _DATE.search(text)
    return f"{date[1]}-{date[2]}" if date else ""
