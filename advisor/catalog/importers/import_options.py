"""What can be imported, and what a user may say of it: each format and each option, declared once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from advisor.arguments import AnyPath, check_argument
from advisor.errors import AdvisorError, closest, shown

Kind: TypeAlias = type[str | bool | int | list[str] | Path]


@dataclass(frozen=True)
class Format:
    """A kind of tables of other tools.

    Attributes:
        name: what it is called.
        files: what its files are, in words.
        help: what becomes of them.
        board: whether a board is made of them.
        several: whether several files may be given at once.
    """

    name: str
    files: str
    help: str
    board: bool = True
    several: bool = False


@dataclass(frozen=True)
class ImportOption:
    """Something that a user may say of a table.

    Attributes:
        name: its name in Python.
        formats: the formats that take it.
        help: what it says.
        metavar: what it takes, for the command line.
        kind: the type of its value; a list may be given one by one.
        given_flag: its name on the command line, where that is another.
        default: what holds where nothing is said, in words.
    """

    name: str
    formats: Sequence[str]
    help: str
    metavar: str = ""
    kind: Kind = str
    given_flag: str = ""
    default: str = ""

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + (self.given_flag or self.name.replace("_", "-"))

    @property
    def unsaid(self) -> Any:
        """Its value where the user says nothing."""
        return {bool: False, list: ()}.get(self.kind)

    @property
    def hint(self) -> Any:
        """What it may be in Python."""
        return {bool: bool, list: Sequence[str], Path: AnyPath | None}.get(
            self.kind, self.kind | None
        )


CSV, TRTEXEC, TIMM, ACCURACIES = "csv", "trtexec", "timm", "accuracies"

FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format(
            CSV,
            "A CSV file with a header.",
            "A CSV file of results; columns are ours by their headings, or by --map.",
        ),
        Format(
            TRTEXEC,
            "Logs that trtexec printed.",
            "Logs of TensorRT's trtexec, each run that passed a row; the GPU compute time is the latency.",
            several=True,
        ),
        Format(
            ACCURACIES,
            "Your copy of timm's results-imagenet.csv.",
            "The accuracies of timm's networks, joined on name and input size, into your own catalog.",
            board=False,
        ),
        Format(
            TIMM,
            "Your copy of one of timm's benchmark-infer-*.csv.",
            "A benchmark table of timm's: how long its networks take, and what they cost; each is name@size.",
        ),
    )
}

DESCRIBING = (
    ImportOption("title", (CSV,), "What people call the board."),
    ImportOption(
        "idle_power", (CSV,), "What it draws while idle; '<= 2W' where that is a bound.", "1.3W"
    ),
    ImportOption("memory", (CSV,), "How much memory it has.", "4GB"),
    ImportOption("weights", (CSV,), "The sets of weights that the table is of.", "NAME"),
    ImportOption("memory_scope", (CSV,), "What its memory figures cover.", "TEXT"),
    ImportOption("power_scope", (CSV,), "What its power figures cover.", "TEXT"),
)
"""What describes the board of a table of the user's own."""

OPTIONS: Mapping[str, ImportOption] = {
    each.name: each
    for each in (
        ImportOption(
            "columns",
            (CSV,),
            "Which of the file's columns is ours, as latency_ms=step_time:s; what all rows have, as "
            "runtime==tflite; what a word means, as precision:True=int8; or a YAML file of such pairs. "
            "May be repeated.",
            "OURS=THEIRS[:UNIT]",
            list,
            "map",
        ),
        ImportOption(
            "rows",
            (CSV,),
            "Only rows with that in one of the file's columns, as system=rpi4. May be repeated: of one "
            "column either will do, of several all must hold.",
            "COLUMN=CELL",
            list,
        ),
        ImportOption(
            "skip_bad",
            (CSV,),
            "Leave rows out that cannot be read, and count them.",
            kind=bool,
        ),
        *DESCRIBING,
        ImportOption(
            "architecture",
            (TRTEXEC,),
            "The network, where its file's name does not say.",
            "NAME",
            given_flag="arch",
        ),
        ImportOption(
            "batch", (TRTEXEC,), "The batch size, where a log does not say.", "N", kind=int
        ),
        ImportOption(
            "accuracy",
            (TIMM,),
            "Your copy of timm's results-imagenet.csv, imported as well.",
            "FILE",
            Path,
        ),
        ImportOption(
            "only",
            (TIMM,),
            "Only these networks: a file of one name, or name@size, a line.",
            "FILE",
            Path,
        ),
        ImportOption(
            "runtime",
            (TIMM,),
            "What ran them, where the file's name does not say.",
            "NAME",
            default="eager",
        ),
        ImportOption(
            "precision",
            (TRTEXEC, TIMM),
            "The precision, where the log or the file's name does not say.",
            "fp16",
        ),
        ImportOption(
            "data_set",
            (ACCURACIES,),
            "The data set, where it is not ImageNet-1k and the file's name is silent.",
            "NAME",
        ),
    )
}


def read_options(format: str, given: Mapping[str, object]) -> dict[str, Any]:
    """The value of every option, of those that a user does not state, too.

    Raises:
        AdvisorError: there is no such option, it is not for that format, or its value is of another type.
    """
    values = {name: option.unsaid for name, option in OPTIONS.items()}
    for name, value in given.items():
        if name not in OPTIONS:
            raise AdvisorError(f"unknown option {shown(name)}", closest(name, OPTIONS))
        option = OPTIONS[name]
        check_argument(name, value, option.hint)
        if value is None or value is False or value in ((), []):
            continue
        if isinstance(value, int) and value < 1:
            raise AdvisorError(f"{name}: {value} is none", "give 1 or more")
        if format not in option.formats:
            takers = " and ".join(option.formats)
            raise AdvisorError(f"{name} is not for the format {format}", f"it is for {takers}")
        values[name] = Path(value) if option.kind is Path else value  # type: ignore[arg-type]
    return values
