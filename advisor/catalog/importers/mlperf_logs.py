"""Results of MLPerf Inference as submitted: folders of LoadGen's logs, of a power meter's, of accuracies."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from advisor.catalog.csv_table import number_in
from advisor.catalog.files import read_text
from advisor.catalog.importers.mlperf_results import SINGLE_STREAM, Result
from advisor.errors import BrokenFileError, Fault, shown
from advisor.limits import LEAST_PERCENT
from advisor.quantities import POWER

SUMMARY, DETAIL, METER = "mlperf_log_summary.txt", "mlperf_log_detail.txt", "spl.txt"
RUNS = f"results/*/*/*/performance/run_1/{SUMMARY}"
"""Where the results of a submitter lie: by system, network and scenario."""

ZONES = range(-14, 15)
"""By how many hours clocks of different time zones differ at most."""

_LATENCIES = {
    "p50_ms": "50.00 percentile latency (ns)",
    "p90_ms": "90.00 percentile latency (ns)",
    "p99_ms": "99.00 percentile latency (ns)",
    "min_ms": "Min latency (ns)",
    "max_ms": "Max latency (ns)",
}
_STAMP = "%m-%d-%Y %H:%M:%S.%f"
_SAMPLE = re.compile(r"Time,([^,]+),Watts,([^,]*)")
_EVENT = re.compile(r'"key": "(loadgen_version|power_begin|power_end)", "value": "([^"]*)"')
_ACCURACY = re.compile(r"accuracy=([0-9]+(?:\.[0-9]+)?)%(?:.*?total=([0-9]+))?")


@dataclass(frozen=True)
class Power:
    """What a machine drew.

    Attributes:
        mean_w: on average during the run.
        least_w: the least around the run; `None` where nothing was metered there.
    """

    mean_w: float
    least_w: float | None


def summaries_in(folder: Path) -> list[Path]:
    """The summaries of all runs below a folder: of the whole repository, a division, or one submitter."""
    return sorted(folder.rglob(RUNS))


def files_of(summary: Path) -> list[Path]:
    """The files that a result is read from."""
    run, scenario = summary.parent, summary.parents[2]
    system = scenario.parents[1]
    every = (
        *(run / name for name in (SUMMARY, DETAIL, METER)),
        scenario / "accuracy" / "accuracy.txt",
        system.parents[1] / "systems" / f"{system.name}.json",
    )
    return [each for each in every if each.is_file()]


def read_run(summary: Path, left_out: Counter[str], notes: list[str]) -> Result | None:
    """The result of one run; `None` where it is left out, which is counted by why.

    Args:
        summary: its summary.
        left_out: where that is counted.
        notes: where it is said that its power is unknown.

    Raises:
        BrokenFileError: a file cannot be read, or is none of LoadGen's.
    """
    scenario = summary.parents[2]
    network, system = scenario.parent, scenario.parents[1]
    submitter = system.parents[1]
    if re.sub(r"[^a-z]", "", scenario.name.lower()) != SINGLE_STREAM:
        left_out[f"scenario {scenario.name}"] += 1
        return None
    said = _summary(summary)
    if said.get("Result is", "VALID") != "VALID":
        left_out["not valid by MLPerf's rules"] += 1
        return None
    latencies: dict[str, Any] = {
        name: _milliseconds(said.get(key, "")) for name, key in _LATENCIES.items()
    }
    median = latencies.pop("p50_ms")
    if median is None:
        left_out["without a median latency"] += 1
        return None
    events = _events(summary.with_name(DETAIL))
    described = _system(submitter / "systems" / f"{system.name}.json")
    accuracy, images = _accuracy(scenario / "accuracy" / "accuracy.txt")
    power = _power(summary.with_name(METER), events)
    if power is None and summary.with_name(METER).is_file():
        notes.append(
            f"{system.name}, {network.name}: its power is unknown, since the meter's log covers the run "
            "at no shift of whole hours, or at several"
        )
    return Result(
        version=_version(events, summary),
        division=submitter.parent.name,
        submitter=submitter.name,
        system=system.name,
        model=network.name,
        p50_ms=median,
        **latencies,
        power_w=power.mean_w if power else None,
        idle_w=power.least_w if power else None,
        accuracy=accuracy,
        images=images,
        description=described.get("system_name", ""),
        framework=described.get("framework", ""),
    )


def _summary(path: Path) -> dict[str, str]:
    """What LoadGen's summary says, by key."""
    lines = (line.partition(":") for line in read_text(path).splitlines())
    said = {key.strip(): value.strip() for key, colon, value in lines if colon}
    if "Scenario" not in said:
        raise BrokenFileError([Fault(path, 1, "", "no scenario", "a summary of LoadGen's")])
    return said


def _milliseconds(text: str) -> float | None:
    """Nanoseconds as milliseconds; `None` where there are none."""
    return int(text) / 1e6 if text.isdecimal() and int(text) else None


def _events(path: Path) -> dict[str, str]:
    """LoadGen's version, and when the run began and ended by the machine's clock."""
    if not path.is_file():
        return {}
    return dict(_EVENT.findall(read_text(path)))


def _version(events: dict[str, str], path: Path) -> str:
    """The version of MLPerf: that of LoadGen, else the one that a folder's name says."""
    if said := re.match(r"\d+\.\d+", events.get("loadgen_version", "")):
        return f"v{said.group()}"
    named = [re.search(r"v\d+\.\d+$", each.name) for each in path.parents]
    found = next((each.group() for each in named if each), "")
    if not found:
        expected = f"one of LoadGen's in {DETAIL}, or of a folder such as inference_results_v2.0"
        raise BrokenFileError([Fault(path, 0, "", "no version of MLPerf", expected)])
    return found


def _system(path: Path) -> dict[str, str]:
    """What a submitter says of a system."""
    if not path.is_file():
        return {}
    try:
        said = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        fault = Fault(path, error.lineno, str(error.colno), f"broken JSON ({error.msg})", "JSON")
        raise BrokenFileError([fault]) from None
    entries = said.items() if isinstance(said, dict) else ()
    return {key: value for key, value in entries if isinstance(value, str)}


def _accuracy(path: Path) -> tuple[float | None, int | None]:
    """The top-1 accuracy in percent, and on how many images."""
    if not path.is_file() or not (said := _ACCURACY.search(read_text(path))):
        return None, None
    percent = float(said.group(1))
    images = int(said.group(2) or 0)
    return (percent, images or None) if LEAST_PERCENT <= percent <= 100 else (None, None)


def _power(path: Path, events: dict[str, str]) -> Power | None:
    """What the meter says; `None` where there is none, or its clock is unknown."""
    if not path.is_file() or not {"power_begin", "power_end"} <= set(events):
        return None
    samples = [
        (_time(path, line, stamp), _watts(path, line, watts))
        for line, text in enumerate(read_text(path).splitlines(), 1)
        for stamp, watts in _SAMPLE.findall(text)
    ]
    begin, end = (_time(path, 0, events[key]) for key in ("power_begin", "power_end"))
    return power_within(samples, begin, end)


def _time(path: Path, line: int, stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp.strip(), _STAMP)
    except ValueError:
        fault = Fault(path, line, "", shown(stamp), "a time such as 02-17-2022 14:29:34.907")
        raise BrokenFileError([fault]) from None


def _watts(path: Path, line: int, text: str) -> float:
    watts = number_in(text.strip())
    if not 0 <= watts <= POWER.largest:
        raise BrokenFileError([Fault(path, line, "Watts", shown(text), "a number of watts")])
    return watts


def power_within(
    samples: Sequence[tuple[datetime, float]], begin: datetime, end: datetime
) -> Power | None:
    """What a machine drew in a run and around it.

    The meter's clock and the machine's may be of different time zones: the shift of whole hours counts by
    which the samples cover the run.

    Args:
        samples: times and watts of the meter's.
        begin: when the run began, by the machine's clock.
        end: when it ended.

    Returns:
        `None` where no shift does, or several.
    """
    if not samples:
        return None
    first, last = min(samples)[0], max(samples)[0]
    shifts = [
        shift
        for shift in (timedelta(hours=hours) for hours in ZONES)
        if first <= begin + shift and end + shift <= last
    ]
    if len(shifts) != 1:
        return None
    begins, ends = begin + shifts[0], end + shifts[0]
    within = [watts for time, watts in samples if begins <= time <= ends]
    around = [watts for time, watts in samples if not begins <= time <= ends]
    return Power(sum(within) / len(within), min(around, default=None)) if within else None
