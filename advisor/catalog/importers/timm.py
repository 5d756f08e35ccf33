"""timm's public benchmark tables: rows of a board, what its networks cost, and how they ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from advisor.architectures.names import NAME, NAME_EXPECTED, family_of, read_name, sized, split_size
from advisor.catalog.csv_table import number_in, refuse_more, size_in, stream_csv
from advisor.catalog.files import read_text
from advisor.catalog.identities import difference
from advisor.catalog.measurements_table import LARGEST_BATCH, Row
from advisor.catalog.precision import UNKNOWN, has_float_accuracy, read_precision
from advisor.catalog.records import MEAN, Architecture
from advisor.catalog.tables import Reported
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.quantities import COUNT, RATE, TIME

AMP = "fp16"
"""What `amp` is in timm's tables, but for what needs more."""

NEEDED = ("model", "infer_img_size", "infer_batch_size", "infer_samples_per_sec")
FURTHER = ("infer_step_time", "param_count", "infer_gmacs", "infer_macts")
UNITS = {"params": 1e6, "operations": 2e9, "activations": 1e6}
"""Of timm's columns: parameters and activations in M; of G multiply-adds each is two operations."""

AGREEMENT = 0.1
"""How far the rate may be off the step time, beside what it is rounded by, and still be of the same run."""
RATE_DIGIT = 0.01
"""The last digit of the rate, in images per second."""

REPARAMETERISED = "-reparam"
"""What stands behind the name of a network that ran with its branches joined into one."""

LARGEST_NAMES = 1_000_000
MOST_HINTS = 5
"""For how many networks that are missing the nearest name is sought."""


class Timed(NamedTuple):
    """How fast a row's network ran; `None` for what the row does not say.

    Attributes:
        latency_ms: the mean time of a batch.
        throughput_fps: images per second, where no time of a batch goes with them.
    """

    latency_ms: float | None
    throughput_fps: float | None


@dataclass(frozen=True)
class RunAs:
    """How a table's networks ran.

    Attributes:
        runtime: "eager", "dynamo", or what the user states.
        precision: of the catalog's words; "unknown" where neither the file's name nor the user says.
    """

    runtime: str
    precision: str


def variant_of(file: Path, runtime: str | None, precision: str | None) -> RunAs:
    """How the networks of a table ran, by its name, as in benchmark-infer-fp32-nchw-pt240-cpu-x-dynamo.csv.

    Args:
        file: the table.
        runtime: what the user states, where the name does not say.
        precision: likewise.

    Raises:
        AdvisorError: the name says otherwise, or what is stated is no name.
    """
    parts = file.stem.lower().split("-")
    by_name = {
        "runtime": "dynamo" if "dynamo" in parts else None,
        "precision": next((_float_in(part) for part in parts if has_float_accuracy(part)), None),
    }
    if precision is not None and NAME.fullmatch(precision):
        precision = read_precision(precision)
    for what, stated in (("runtime", runtime), ("precision", precision)):
        if stated is None:
            continue
        if not NAME.fullmatch(stated):
            raise AdvisorError(f"{what}: {shown(stated)} is not a name", f"give {NAME_EXPECTED}")
        if by_name[what] not in (None, stated):
            raise AdvisorError(
                f"{what}: {shown(stated)} is stated, but the name {file.name} says {by_name[what]}",
                f"leave out --{what}",
            )
    return RunAs(
        by_name["runtime"] or runtime or "eager", by_name["precision"] or precision or UNKNOWN
    )


def _float_in(part: str) -> str:
    """The precision that a part of a table's name says."""
    word = read_precision(part)
    return AMP if word == "amp" else word


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark table reports.

    Attributes:
        variant: how the networks ran.
        timed: by (network, batch size), how fast it ran.
        networks: what each network costs, by name.
        dropped: how many rows were left out, by why.
        by_rate: of how many rows the rate alone counts, since the step time is missing or contradicts it.
        unlike: of how many networks a later row reports another cost than the first, which counts.
    """

    variant: RunAs
    timed: Mapping[tuple[str, int], Timed]
    networks: Mapping[str, Reported]
    dropped: Mapping[str, int]
    by_rate: int
    unlike: int

    def told_apart(self, known: Mapping[str, Reported]) -> Benchmark:
        """The same, with the networks called otherwise that ran re-parameterised under their old names.

        MobileOne, RepVGG, RepViT and FastViT are trained with branches that are joined for inference. Later
        tables of timm's have them so, which is another network: of up to 61 % fewer parameters.

        Args:
            known: what earlier tables report of networks, by the names in this one.
        """
        names = {
            name: _behind_name(name, REPARAMETERISED)
            for name, each in self.networks.items()
            if name in known and is_reparameterised(each, known[name])
        }
        networks = {
            names.get(name, name): replace(each, architecture=names.get(name, name))
            for name, each in self.networks.items()
        }
        timed = {(names.get(name, name), batch): each for (name, batch), each in self.timed.items()}
        return replace(self, timed=timed, networks=networks)

    def rows(self, source: str) -> list[Row]:
        """The rows of a `measurements.csv`."""
        return [
            {
                "architecture": architecture,
                "runtime": self.variant.runtime,
                "precision": self.variant.precision,
                "batch": batch,
                "latency_ms": each.latency_ms,
                "latency_statistic": MEAN if each.latency_ms else None,
                "throughput_fps": each.throughput_fps,
                "origin": "reported",
                "source": source,
                "status": "ok",
            }
            for (architecture, batch), each in self.timed.items()
        ]


def is_reparameterised(network: Reported, trained: Reported) -> bool:
    """Whether a network is another one with its branches joined: of nothing more, and not of equal counts.

    Args:
        network: as one table reports it.
        trained: as another reports the network of that name.
    """
    pairs = list(zip(network.figures, trained.figures, strict=True))
    if not all(here and there and here <= there for here, there in pairs):
        return False
    return bool(difference(_as_known(network), _as_known(trained)))


def _as_known(network: Reported) -> Architecture:
    return Architecture(network.architecture, "", network.input_shape, "", network.cost, None, "")


def _behind_name(name: str, words: str) -> str:
    """A network's name with words behind it, before its size."""
    bare, size = split_size(name)
    return sized(bare + words, size)


def read_benchmark(
    path: Path,
    variant: RunAs,
    source: str,
    only: Sequence[str] | None = None,
    not_timms: Collection[str] = (),
) -> Benchmark:
    """Read a table with timm's columns; numbers may have thousands separators.

    Args:
        path: the table.
        variant: how its networks ran.
        source: what the costs name as their source.
        only: what is wanted of it, as `read_names` has it; `None` for all.
        not_timms: names that are another library's alone.

    Raises:
        BrokenFileError: it is no CSV file, lacks a column, has no row that can be used, or has more than a
            table of timm's could.
        AdvisorError: it lacks networks that are wanted.
    """
    reading = _Reading(source, only, not_timms)
    for cells in stream_csv(
        path, NEEDED, FURTHER, "a table like timm's benchmark-infer-*.csv is read"
    ):
        why = reading.take(cells) if cells else "with too few or too many cells"
        if why:
            reading.dropped[why] += 1
        refuse_more(path, max(len(reading.timed), len(reading.seen)), "networks")
    if only is not None:
        refuse_lacking(path, only, reading.seen)
    if not reading.timed:
        found = ", ".join(f"{count} {why}" for why, count in reading.dropped.items()) or "no rows"
        raise BrokenFileError(
            [Fault(path, 0, "", found, "a network, its sizes and its time a row")]
        )
    return Benchmark(
        variant,
        reading.timed,
        reading.networks,
        reading.dropped,
        reading.by_rate,
        len(reading.unlike),
    )


class _Reading:
    """What was read of a table so far."""

    def __init__(
        self, source: str, only: Collection[str] | None, not_timms: Collection[str]
    ) -> None:
        self.source = source
        self.only = None if only is None else frozenset(only)
        self.not_timms = frozenset(not_timms)
        self.kept: set[tuple[str, ...]] = set()
        self.timed: dict[tuple[str, int], Timed] = {}
        self.networks: dict[str, Reported] = {}
        self.dropped: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.unlike: set[str] = set()
        self.by_rate = 0

    def take(self, cells: tuple[str, ...]) -> str:
        """Keep what a row reports; else say why not."""
        if cells in self.kept:
            return "that stood above"
        why = self._read(cells)
        if not why:
            self.kept.add(cells)
        return why

    def _read(self, cells: tuple[str, ...]) -> str:
        model, size, batch_cell, rate, step, *figures = cells
        written, pixels = read_name(model), size_in(size)
        if written is None or written.shape or written.library:
            return "whose model is no name"
        if pixels is None:
            return "without an input size"
        name = sized(written.name, pixels)
        if not self._wanted(name, written.name):
            return "of networks that are not asked for"
        if written.name in self.not_timms:
            return "of a network that torchvision has and timm has not"
        batch = _batch(batch_cell)
        timed = timed_by(number_in(step), number_in(rate), batch or 1)
        if batch is None or timed is None:
            return "without a batch size" if batch is None else "without a time above zero"
        counts = {
            what: _count(cell, unit)
            for (what, unit), cell in zip(UNITS.items(), figures, strict=True)
        }
        network = Reported(
            architecture=name,
            family=first.family if (first := self.networks.get(name)) else family_of(written.name),
            input_shape=(3, pixels, pixels),
            params=counts["params"],
            operations=counts["operations"],
            activations=counts["activations"],
            source=self.source,
        )
        return self._keep(network, (name, batch), timed)

    def _wanted(self, *names: str) -> bool:
        if self.only is None:
            return True
        self.seen.update(names)
        return not self.only.isdisjoint(names)

    def _keep(self, network: Reported, key: tuple[str, int], timed: Timed) -> str:
        first = self.networks.setdefault(key[0], network)
        alike = network.figures == first.figures
        if network.has_cost and not first.has_cost:
            self.networks[key[0]] = network
        elif network.has_cost and not alike:
            self.unlike.add(key[0])
        if key in self.timed:
            same = alike and timed == self.timed[key]
            return "that stood above" if same else "that stood above with other figures"
        self.timed[key] = timed
        self.by_rate += timed.latency_ms is None
        return ""


def timed_by(step_ms: float, rate_fps: float, batch: int) -> Timed | None:
    """How fast a row's network ran: the time of a batch, else the rate alone, from which no latency follows.

    timm gives two figures of one run. The step time is the mean over the batches, each from its start to
    the end of what the device computes for it, hence what the catalog means by a latency; it is rounded to
    a microsecond, 0.05 % of a batch that takes 1 ms. The rate divides all images by the time of the whole
    loop, what runs between batches included, and is rounded to 0.01 images per second: a tenth of the
    value where an image takes 20 s. So the step time counts, and the rate where there is no step time or
    where both cannot be of the same run.

    Args:
        step_ms: time of a batch; NaN where the table has none.
        rate_fps: images per second; likewise.
        batch: images per batch.

    Returns:
        One of both; `None` where neither figure says anything.
    """
    least, most = TIME.range
    by_step = Timed(step_ms, None) if least <= step_ms <= most else None
    if not (RATE.range[0] <= rate_fps <= RATE.range[1]):
        return by_step
    if by_step is not None:
        expected_fps = 1000 * batch / step_ms
        if abs(rate_fps - expected_fps) <= AGREEMENT * expected_fps + RATE_DIGIT / 2:
            return by_step
    return Timed(None, rate_fps)


def _batch(cell: str) -> int | None:
    number = number_in(cell)
    return int(number) if 1 <= number <= LARGEST_BATCH and number == int(number) else None


def _count(cell: str, unit: float) -> int | None:
    """A count that a column gives in `unit`; `None` where it is empty, zero or none."""
    count = number_in(cell) * unit
    return round(count) if 1 <= count <= COUNT.largest else None


def read_names(path: Path) -> tuple[str, ...]:
    """Networks, one a line: `name@size`, or a name alone for all its sizes; `timm:` before it says nothing.

    Blank lines, and what follows a `#`, are passed over.

    Returns:
        The names without `timm:`, each once.

    Raises:
        BrokenFileError: the file cannot be read, or a line is no name of timm's.
    """
    faults = []
    names: dict[str, None] = {}
    for number, line in enumerate(read_text(path, LARGEST_NAMES).splitlines(), start=1):
        text = line.partition("#")[0].strip()
        written = read_name(text)
        if text and (written is None or written.library not in ("", "timm")):
            faults.append(Fault(path, number, "", shown(text), "a network of timm's, name@size"))
        elif written:
            names[written.plain] = None
    if not names and not faults:
        faults.append(Fault(path, 0, "", "no names", "a network a line, like resnet50@224"))
    if faults:
        raise BrokenFileError(faults, "one name@size a line")
    return tuple(names)


def refuse_lacking(path: Path, only: Sequence[str], known: Collection[str]) -> None:
    """Name all that is asked for and not there; of the first few, what may be meant."""
    missing = [name for name in only if name not in known]
    if missing:
        hints = filter(None, (_nearest(name, known) for name in missing[:MOST_HINTS]))
        raise AdvisorError(
            f"only: {path} lacks {len(missing)} of {len(only)} networks: {', '.join(missing)}",
            "; ".join(hints) or "leave them out",
        )


def _nearest(name: str, known: Collection[str]) -> str:
    """What may be meant by a name that is not known: another size, or another spelling; else ""."""
    bare, size = split_size(name)
    if size and bare in known:
        split = map(split_size, known)
        sizes = sorted(int(size) for other, size in split if size and other == bare)
        return f"{bare} is there at {', '.join(map(str, sizes))}"
    hint = closest(name, known)
    return f"{name}: {hint}" if hint.startswith("did you mean") else ""
