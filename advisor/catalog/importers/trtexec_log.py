"""What a log of TensorRT's `trtexec` says, run by run; several may stand in one.

A run begins with its line `&&&& RUNNING TensorRT.trtexec [TensorRT v8603] # trtexec --onnx=...`, and what
follows belongs to it up to `&&&& PASSED` or `&&&& FAILED`. Wordings are those of TensorRT 7 to 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advisor.catalog.files import read_text
from advisor.errors import BrokenFileError, Fault

LARGEST_LOG = 50_000_000
PASSED, FAILED, CUT_OFF = "passed", "failed", "cut off"
"""How a run ends: well, not well, or not within the log."""

FIRST_STRONGLY_TYPED = 11
"""The version since which every network is built in the formats that its file says, and no option changes."""

_NUMBER = r"([0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?)"
_SHAPE = r"((?:[0-9]+x)+[0-9]+)"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MARK = re.compile(
    r"&&&& (RUNNING|PASSED|FAILED) \S*trtexec\b(?:.*?\[TensorRT v(\d+)\])?([^#\n]*#)?(.*)"
)
_OPTION = re.compile(r"\s--(\w+)(?:=(.*?))?(?=\s--\w|\s*$)")
_STATED_SHAPE = re.compile(rf":{_SHAPE}(?=[,'\"\s]|$)")
_SUMMARY = re.compile(r"GPU Compute(?: Time)?\s*(?::(.*))?$")
_FIGURE = re.compile(rf"\b(min|max|mean|median|percentile\(([0-9]+)%\)) ?[=:] ?{_NUMBER} ms")
_OLD_PERCENTILE = re.compile(rf"percentile: {_NUMBER} ms at ([0-9]+)%")
_SHAPES_SAID = (
    re.compile(rf"[Ii]nput binding for .+ with dimensions {_SHAPE}\b"),
    re.compile(rf"Input inference shape\s*: .+={_SHAPE}\s*$"),
    re.compile(rf"Automatically overriding shape to: {_SHAPE}\b"),
)
"""Lines that say the shape of an input, the surest first."""
_THROUGHPUT = re.compile(rf"[Tt]hroughput: {_NUMBER} qps")
_QUERIES = re.compile(r"Timing trace has ([0-9]+) queries")
_LEVEL = re.compile(r"\[[IWVEF]\] ?(.*)")

_WARNINGS = (
    (re.compile(r"Throughput may be bound by (.+?) rather than"), "throughput bound by {}"),
    (re.compile(r"GPU compute time is unstable.*?= ([0-9.]+) ?%"), "compute time varies by {} %"),
)


@dataclass(frozen=True)
class Run:
    """One run of trtexec, as its lines have it.

    Attributes:
        path: the log.
        line: where it begins.
        version: the number that TensorRT calls itself by, as "8603" or "110100"; may be empty.
        command: what was typed; may be empty.
        ended: how it ended.
        lines: what it printed, without time and level.
    """

    path: Path
    line: int
    version: str
    command: str
    ended: str
    lines: Sequence[str]

    @cached_property
    def options(self) -> Mapping[str, str]:
        """The options of its command line and their values; "" for one without."""
        return dict(_OPTION.findall(self.command))

    @cached_property
    def model(self) -> str:
        """The name of the network's file, without its folder and ending; "" where no option says it."""
        named = (self.options.get(each, "") for each in ("onnx", "loadEngine", "uff", "deploy"))
        file = re.split(r"[\\/]", next(filter(None, named), "").strip("'\" "))[-1]
        return re.sub(r"\.(onnx|engine|plan|trt|uff|prototxt|caffemodel)$", "", file, flags=re.I)

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """What it prints of how it runs, as "Batch: Explicit"; the first line of each name counts."""
        found: dict[str, str] = {}
        for line in self.lines:
            name, colon, value = line.partition(":")
            if colon:
                found.setdefault(name.strip(), value.strip())
        return found

    @property
    def precision(self) -> str:
        """The formats that it was allowed beside fp32; "" where that is unknown.

        They are not known of an engine that was built before, nor where the network's file says them.
        """
        line = self.settings.get("Precision", "")
        major = (
            int(self.version) // (10_000 if len(self.version) > 4 else 1000) if self.version else 0
        )
        strongly = "strongly" in line.lower() or "stronglyTyped" in self.options
        if strongly or major >= FIRST_STRONGLY_TYPED or "loadEngine" in self.options:
            return ""
        said = {each.lower() for each in re.findall(r"\b(?:FP|BF|INT|TF)[0-9]+\b", line)}
        formats = said | {"fp16", "bf16", "int8", "fp8", "int4"} & set(self.options)
        if "best" in self.options and not said:
            return "best"
        return "-".join(sorted(formats - {"fp32"})) or ("fp32" if formats else "")

    @property
    def shapes(self) -> Sequence[str]:
        """The shapes of its inputs, as the surest lines that say them have it."""
        for wording in _SHAPES_SAID:
            if found := [match.group(1) for line in self.lines if (match := wording.search(line))]:
                return found
        for option in ("shapes", "optShapes"):
            if found := _STATED_SHAPE.findall(self.options.get(option, "")):
                return found
        return ()

    @property
    def implicit_batch(self) -> int | None:
        """The images of a query where shapes are without a batch; `None` where they are not."""
        stated = self.settings.get("Batch", "") or self.options.get("batch", "")
        return int(stated) if stated.isdecimal() and int(stated) else None

    @cached_property
    def times_ms(self) -> Mapping[str, float]:
        """The GPU compute time: "min", "max", "mean", "median", and percentiles such as "90"."""
        times: dict[str, float] = {}
        within = False
        for line in self.lines:
            begins = _SUMMARY.match(line)
            within = bool(begins) or (
                within and bool(re.match(r"(min|max|mean|median|perc)", line))
            )
            if within:
                text = begins.group(1) or "" if begins else line
                for name, percent, figure in _FIGURE.findall(text):
                    times[percent or name] = _number(figure)
                for figure, percent in _OLD_PERCENTILE.findall(text):
                    times[percent] = _number(figure)
        return times

    @property
    def queries_per_s(self) -> float | None:
        """The throughput as it is printed; `None` where it is not."""
        return next(iter(self._numbers(_THROUGHPUT)), None) or None

    @property
    def queries(self) -> float | None:
        """Of how many queries the times are; `None` where unknown."""
        return next(iter(self._numbers(_QUERIES)), None)

    def _numbers(self, wording: re.Pattern[str]) -> Iterator[float]:
        return (_number(match.group(1)) for line in self.lines if (match := wording.search(line)))

    @property
    def streams(self) -> int:
        """How many queries ran at the same time."""
        stated = self.settings.get("Inference Streams") or self.settings.get("Streams", "")
        own = self.options.get("infStreams") or self.options.get("streams") or stated
        return int(own) if own.isdecimal() and int(own) else 1

    @property
    def on_dla(self) -> bool:
        """Whether it ran on the deep-learning accelerator beside the GPU."""
        return bool(self.options.get("useDLACore") or self.settings.get("DLACore"))

    @property
    def warnings(self) -> Sequence[str]:
        """What trtexec warns of, in short."""
        found: dict[str, None] = {}
        for line in self.lines:
            for wording, words in _WARNINGS:
                if match := wording.search(line):
                    found[words.format(match.group(1))] = None
        return tuple(found)


def read_log(path: Path) -> Sequence[Run]:
    """The runs of a log, in their order.

    Raises:
        BrokenFileError: it cannot be read, or no run begins in it.
    """
    runs: list[Run] = []
    begun: tuple[int, str, str] | None = None
    lines: list[str] = []

    def end(how: str) -> None:
        if begun:
            line, version, command = begun
            runs.append(Run(path, line, version, command, how, tuple(lines)))

    text = _ESCAPES.sub("", read_text(path, LARGEST_LOG))
    for number, line in enumerate(text.splitlines(), start=1):
        if mark := _MARK.search(line):
            how, version, _, command = mark.groups()
            if how == "RUNNING":
                end(CUT_OFF)
                begun, lines = (number, version or "", command.strip()), []
            else:
                end(PASSED if how == "PASSED" else FAILED)
                begun = None
        elif begun:
            said = _LEVEL.search(line)
            lines.append((said.group(1) if said else line).strip())
    end(CUT_OFF)
    if not runs:
        expected = "lines '&&&& RUNNING TensorRT.trtexec ... # trtexec ...', as trtexec prints them"
        raise BrokenFileError([Fault(path, 0, "", "no run of trtexec", expected)])
    return runs


def _number(text: str) -> float:
    """A number; the decimal point may be a comma."""
    return float(text.replace(",", "."))
