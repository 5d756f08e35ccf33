"""What a run has found so far, kept on disk session by session, so that nothing finished is lost."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from advisor.catalog.locks import locked
from advisor.errors import AdvisorError, BrokenFileError, Fault, reason_of

Record = Mapping[str, Any]
SESSIONS = "sessions.jsonl"
FORMAT = 2
"""The version of what a journal's lines mean, in its header; journals without one are of the first.

In the first, the cells of a run say nothing of threads: its plan does, for all of them.
"""

_NUMBER: tuple[type, ...] = (int, float)
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("cell", "values_us", "holds_for", "by", "counts"), list),
    **dict.fromkeys(("disturbance", "heat", "host"), dict),
    **dict.fromkeys(("runs_per_value", "peak_mb", "empty_mb", "run_ms"), _NUMBER),
    **dict.fromkeys(
        (
            *("status", "reason", "when", "no_meter", "of", "ranks", "prepared", "unit"),
            *("boxes", "decoder"),
        ),
        str,
    ),
    **dict.fromkeys(("piece", "outputs"), int),
    "unreadable": list,
    "energy": (dict, type(None)),
    "file_size_mb": (*_NUMBER, type(None)),
    "settled": bool,
    "number": int,
}
"""What parts of records must be, wherever they stand; a part that is not there is not missed here."""
_DIGITS = re.compile("([0-9]+)")

Now = Callable[[], datetime]
"""The time of day, in UTC."""


def utc_now() -> datetime:
    """The computer's clock."""
    return datetime.now(timezone.utc)


@dataclass
class Journal:
    """One run's file: a header, then a line for everything that ended.

    Attributes:
        path: the file.
        header: what was asked, with which seed, on which machine.
        records: everything that ended so far, in order; of what was appended here, without timing sessions.
    """

    path: Path
    header: Record
    records: list[Record] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        """The run's name: when it began."""
        return self.path.parent.name

    @property
    def day(self) -> str:
        """The day on which the run began, in UTC."""
        return self.run_id.partition("T")[0]

    @property
    def number(self) -> int:
        """Which run of its board it is, from 1 on; 0 of those that were not counted yet."""
        return int(self.header.get("number", 0))

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return any("end" in record for record in self.records)

    def of_unit(self, unit: str) -> Journal:
        """The same less the timing sessions of other units; it is not to be written."""
        records = [
            each for each in self.records if "values_us" not in each or each.get("unit", "") == unit
        ]
        return Journal(self.path, self.header, records)

    def append(self, record: Record) -> None:
        """Keep a record: when this returns, it is on disk.

        Raises:
            AdvisorError: it cannot be written.
        """
        _append(self.path, record)
        if "values_us" not in record:
            self.records.append(record)

    def forget_sessions(self) -> None:
        """Let go of what was timed, which the file has: a long run has much of it."""
        self.records = [each for each in self.records if "values_us" not in each]


def begin(runs: Path, header: Record, now: Now = utc_now) -> Journal:
    """Begin a run.

    Raises:
        AdvisorError: the folder or the file cannot be made.
    """
    name = now().strftime("%Y-%m-%dT%H-%M-%S")
    folder, count = runs / name, 1
    while folder.exists():
        count += 1
        folder = runs / f"{name}-{count}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise AdvisorError(f"{folder}: {reason_of(error)}") from None
    number = 1 + max((each.number for each in read_runs(runs)), default=0)
    journal = Journal(folder / SESSIONS, {**header, "number": number})
    _append(journal.path, journal.header)
    return journal


def read_runs(runs: Path) -> list[Journal]:
    """All runs of a board, in the order in which they began, whatever the clock said then.

    A run cut off before its header was whole is none.

    Raises:
        AdvisorError: a journal cannot be read, or is of a later format.
        BrokenFileError: a line is no record.
    """
    journals = [_read(path) for path in sorted(runs.glob(f"*/{SESSIONS}"))]
    whole = [journal for journal in journals if journal.header]
    return sorted(whole, key=lambda each: (each.number, _by_numbers(each.run_id)))


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """What sorts names by the numbers in them, so that X-10 follows X-2."""
    return [(int(each), "") if each.isdecimal() else (-1, each) for each in _DIGITS.split(name)]


def _read(path: Path) -> Journal:
    """A run's file, less a last line that is being written, or was when its writer was killed."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AdvisorError(f"{path}: {reason_of(error)}") from None
    records: list[Record] = []
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), start=1):
        try:
            record = json.loads(line, parse_constant=_refused)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict) or not _is_of_right_types(record, is_header=number == 1):
            raise broken_line(path, number)
        records.append(record)
    header = records[0] if records else {}
    if (found := header.get("format", 1)) not in range(1, FORMAT + 1):
        raise AdvisorError(
            f"{path}: a journal of format {found}, and this advisor reads formats 1 to {FORMAT}",
            "install a newer dnn-advisor",
        )
    return Journal(path, header, records[1:])


def broken_line(path: Path, number: int) -> BrokenFileError:
    """What is said of a line of a journal that is none of its records."""
    fault = Fault(path, number, "", "a broken line", "a JSON record")
    return BrokenFileError([fault], "delete the line to lose only that session")


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _is_of_right_types(record: Record, *, is_header: bool) -> bool:
    """Whether what is known of a record is of the types that its readers take it for."""
    if is_header:
        plan = record.get("plan")
        if not isinstance(plan, dict) or not {"device", "threads"} <= plan.keys():
            return False
        if not isinstance(plan.get("own", {}), dict) or not isinstance(record.get("seed", 0), int):
            return False
    return all(
        isinstance(record[name], kind) and not (isinstance(record[name], bool) and kind is not bool)
        for name, kind in _TYPES.items()
        if name in record
    ) and all(map(_is_number, record.get("values_us", ())))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def mend(journal: Journal) -> None:
    """Cut off a last line that was not finished, before the run goes on; nobody else may write it."""
    content = journal.path.read_bytes()
    with journal.path.open("r+b") as stream:
        stream.truncate(content.rfind(b"\n") + 1)


def _append(path: Path, record: Record) -> None:
    line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    try:
        with path.open("ab", buffering=0) as stream:
            size, written = os.fstat(stream.fileno()).st_size, 0
            try:
                written = stream.write(line)
                os.fsync(stream.fileno())
            except OSError:
                written = 0
                raise
            finally:
                if written != len(line):
                    os.ftruncate(stream.fileno(), size)  # nothing half-written
            if written != len(line):
                raise OSError(28, "No space left on device")  # noqa: TRY301  (the rest was taken back)
    except OSError as error:
        reason = reason_of(error)
        hint = "make room or choose another --catalog, then run again: what was finished is kept"
        raise AdvisorError(f"{path}: {reason}", hint) from None


@contextmanager
def exclusive(board_folder: Path) -> Iterator[None]:
    """Keep every other run off this board; the operating system lets go when the process ends.

    The lock lies beside the board's folder, which is not there yet when its first run begins.

    Raises:
        AdvisorError: another run is at work on the board, or the folder cannot be written.
    """
    lock = board_folder.with_name(f".{board_folder.name}.lock")
    busy = f"another run is at work on board {board_folder.name}"
    with locked(lock, busy, "wait for it, or name another --board"):
        yield
