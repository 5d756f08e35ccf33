"""`advisor compare`: two boards, or two runs or units of one, side by side; or one board's runtimes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.arguments import checked
from advisor.catalog.records import BetweenRuns, Estimate
from advisor.catalog.reproducibility import latencies_again
from advisor.catalog.run_as import Variant, telling_apart
from advisor.catalog.store import Catalog
from advisor.documents import computed
from advisor.errors import AdvisorError, closest, shown
from advisor.report.terminal import Fitted, TextTable, counted, plain_table, significant
from advisor.solve.latency_ratios import (
    BASE,
    Key,
    LatencyRatio,
    Speedup,
    latencies,
    latency_ratios,
    mean_ratio,
    speedups,
)

WAYS = ("runtime", "precision")
BASE_NAME = " ".join(BASE.words)
MEASURE = "measure some: advisor measure --runtime eager,onnxruntime --precision fp32,int8"

RUNS = "runtime"
"""The column of how rows ran."""

MOST_WAYS = 4
"""So many ways of running networks are named."""

BY_CHANCE = 0.10
"""How many of the 90 % intervals of equal things leave 1 out."""


@dataclass(frozen=True)
class Comparison:
    """Latencies side by side.

    Attributes:
        board: the board, or one of its runs or units as "BOARD/RUN", that stands first.
        other: likewise, the second; `None` where one board's runtimes or precisions are compared.
        by: "runtime" or "precision", which of them; `None` where two boards are.
        rows: each network and batch size that both have; its ratio is the other's latency over the
            board's, or a runtime's over that of eager fp32.
        like_variants: whether both ran each row alike.
        speedups: the same rows by runtime and precision; none where two boards are compared.
        left_out: how many pairs of a network and a batch size both boards have that do not stand in `rows`.
    """

    board: str
    other: str | None
    by: str | None
    rows: tuple[LatencyRatio, ...]
    like_variants: bool = True
    speedups: tuple[Speedup, ...] = ()
    left_out: int = 0

    @computed
    def mean_ratio(self) -> float:
        """The geometric mean of the ratios."""
        return mean_ratio(self.rows)


@checked
def compare(
    board: str,
    other: str | None = None,
    *,
    by: str | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Comparison:
    """The ratios of latencies of two boards, or of one board's runtimes, with their intervals.

    Args:
        board: a board, or one of its runs or units as "BOARD/RUN" or "BOARD/UNIT".
        other: another, which is held against it.
        by: instead of another: "runtime" holds what the board ran at fp32 against eager PyTorch,
            "precision" what it ran at other precisions.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the user data folder.

    Raises:
        AdvisorError: there is no such board or run, a file is broken, or nothing can be compared.
    """
    opened = Catalog.open(catalog)
    if by is not None:
        if by not in WAYS:
            raise AdvisorError(f"by: unknown {shown(by)}", f"known: {', '.join(WAYS)}")
        if other is not None:
            raise AdvisorError("--by compares what one board ran", "name one board")
        shared = None if "/" in board else opened.board(board).between_runs
        found = _speedups_by(by, board, _latencies_of(opened, board), shared)
        rows = tuple(row for each in found for row in each.rows)
        return Comparison(board, None, by, rows, like_variants=False, speedups=found)
    if other is None:
        raise AdvisorError("name two boards", "or say --by runtime, to compare those of one")
    first = _latencies_of(opened, board)
    sides = first, _as_called(opened, _latencies_of(opened, other), {key[0] for key in first})
    one, two = ({(key[0], key[2]) for key in each} for each in sides)
    for any_variant in (False, True):
        if paired := latency_ratios(*sides, any_variant=any_variant):
            left_out = len((one & two) - {(each.architecture, each.batch) for each in paired})
            return Comparison(
                board,
                other,
                None,
                tuple(paired),
                like_variants=not any_variant,
                left_out=left_out,
            )
    if not one & two:
        raise AdvisorError(
            f"{board} and {other} have no network and batch in common", "name others"
        )
    ran = [_ways_text(each, one & two) for each in sides]
    raise AdvisorError(
        f"{board} and {other} have {counted(len(one & two), 'pair')} of network and batch in common, and "
        f"ran none alike: {board} as {ran[0]}; {other} as {ran[1]}",
        "name two boards that ran networks alike; advisor show BOARD says how one ran them",
    )


def _ways_text(known: Mapping[Key, Estimate], pairs: Collection[tuple[str, int]]) -> str:
    """How a board ran some networks at some batch sizes."""
    ways = Counter(key[1] for key in known if (key[0], key[2]) in pairs)
    named = [" ".join(variant.words) for variant, _ in ways.most_common(MOST_WAYS)]
    more = len(ways) - len(named)
    return " or ".join(named) + (f", or {more} other ways" if more else "")


def _speedups_by(
    way: str, board: str, known: Mapping[Key, Estimate], between_runs: BetweenRuns | None
) -> tuple[Speedup, ...]:
    """The other runtimes at fp32, or the other precisions of whatever runtime."""
    if not any(variant[:2] == BASE[:2] for _, variant, _ in known):
        raise AdvisorError(
            f"{board} has no row of {BASE_NAME}, which the others are held against", MEASURE
        )
    found: dict[str, list[Speedup]] = {each: [] for each in WAYS}
    for each in speedups(known, between_runs):
        found["runtime" if each.variant.precision == BASE.precision else "precision"].append(each)
    if not found[way]:
        other = next((each for each in WAYS if found[each]), None)
        raise AdvisorError(
            f"{board} has no second {way} beside {BASE_NAME} for any network and batch",
            f"it has some to compare --by {other}" if other else MEASURE,
        )
    return tuple(found[way])


def _as_called(
    catalog: Catalog, known: Mapping[Key, Estimate], here: Collection[str]
) -> dict[Key, Estimate]:
    """Latencies, each network by the name that another board has it by, where it has it."""
    names = {key[0] for key in known}
    if names.issubset(here):
        return dict(known)
    called = {name: catalog.identities.called(name, here) for name in names}
    return {(called[key[0]], *key[1:]): each for key, each in known.items()}


def _latencies_of(catalog: Catalog, name: str) -> dict[Key, Estimate]:
    """The latencies of a board, or of one of its runs or units."""
    board_name, _, run = name.partition("/")
    board = catalog.board(board_name)
    if not run:
        rows = catalog.measurements(board)
        another = catalog.measurements(board, another_run=True)
        sources = catalog.sources_for(catalog.board_layers[board.name])
        return latencies(replace(rows, latency_ms=latencies_again(rows, another, sources)))
    try:
        from advisor.measuring.publish import (
            run_latencies,
            unit_latencies,
        )  # needs what few have installed
    except ModuleNotFoundError as error:
        hint = "install it: pip install 'dnn-advisor[measure]'"
        raise AdvisorError(
            f"reading a run needs {error.name}, which is not installed", hint
        ) from None

    runs = {**run_latencies(board.folder), **unit_latencies(board.folder)}
    if run not in runs:
        raise AdvisorError(f"board {board_name} has no run {shown(run)}", closest(run, runs))
    return runs[run]


Cell = Callable[[LatencyRatio], str]


def comparison_text(comparison: Comparison) -> RenderableType:
    """A line a row, then what the rows say together; only what is significant is bold."""
    if comparison.other is None:
        return _speedups_text(comparison)
    first, second = f"{comparison.board}\nms", f"{comparison.other}\nms"
    columns: Mapping[str, Cell] = {
        "network": lambda row: row.architecture,
        **_telling_apart([row.variant for row in comparison.rows]),
        "batch": lambda row: str(row.batch),
        first: lambda row: significant(row.first_ms),
        second: lambda row: significant(row.second_ms),
        "ratio": lambda row: ratio_text(row.ratio),
        "90 % interval": lambda row: _interval(row.low, row.high),
        "": _word,
    }
    of_one_batch = len({row.batch for row in comparison.rows}) == 1
    table = _table(comparison.rows, columns, (first, second, *("batch",) * of_one_batch))
    notes = (
        [] if comparison.like_variants else ["Unlike runtimes or precisions stand side by side."]
    )
    if comparison.left_out:
        pairs = counted(comparison.left_out, "pair")
        why = (
            "not in one runtime and precision alike"
            if comparison.like_variants
            else "of which one board has several runtimes or precisions, and none is that of the other"
        )
        notes.append(f"Left out: {pairs} of a network and batch that both boards have, {why}.")
    return Group(table, "", *map(Text, [_summary(comparison.other, comparison.rows), *notes]))


def _telling_apart(variants: Sequence[Variant]) -> Mapping[str, Cell]:
    """A column of what of their variants tells rows apart; none where all ran alike."""
    words = telling_apart(variants)
    return {RUNS: lambda row: words[row.variant]} if any(words.values()) else {}


def _speedups_text(comparison: Comparison) -> RenderableType:
    columns: Mapping[str, Cell] = {
        "network": lambda row: row.architecture,
        "batch": lambda row: str(row.batch),
        RUNS: lambda row: " ".join(row.variant.words),
        f"{BASE_NAME}\nms": lambda row: significant(row.first_ms),
        "ms": lambda row: significant(row.second_ms),
        "speed-\nup": lambda row: ratio_text(1 / row.ratio),
        "90 %\ninterval": lambda row: _interval(row.high and 1 / row.high, row.low and 1 / row.low),
        "": _word,
    }
    table = _table(comparison.rows, columns, (f"{BASE_NAME}\nms", "ms", "batch"))
    title = Text(f"{comparison.board}: how many times as fast as {BASE_NAME}\n")
    return Group(title, table, "", *map(Text, map(_speedup, comparison.speedups)))


def _table(
    rows: Sequence[LatencyRatio], columns: Mapping[str, Cell], droppable: Sequence[str]
) -> Fitted:
    """A line a row, in bold where it is significant."""

    def of(headings: Sequence[str]) -> TextTable:
        table = plain_table(*headings, left=("network", RUNS, ""))
        for row in rows:
            style = "bold" if row.significant else None
            table.add_row(*(columns[heading](row) for heading in headings), style=style)
        return table

    return Fitted(of, tuple(columns), droppable)


def ratio_text(ratio: float) -> str:
    """A ratio with two decimals, or three significant digits where these would leave little of it."""
    return f"{ratio:.2f}" if 0.095 <= ratio < 100 else significant(ratio)


def _interval(low: float | None, high: float | None) -> str:
    return "?" if low is None or high is None else f"{ratio_text(low)} to {ratio_text(high)}"


def _word(row: LatencyRatio) -> str:
    """What a row says, where it says anything for certain."""
    return "faster" if row.faster else "slower" if row.slower else ""


def _summary(second: str, rows: Sequence[LatencyRatio]) -> str:
    clear = sum(row.significant for row in rows)
    chance = round(BY_CHANCE * sum(row.low is not None for row in rows))
    by_chance = f" (about {chance} would be so by chance)" if chance and clear else ""
    return (
        f"{second} takes {ratio_text(mean_ratio(rows))} times as long on geometric mean of "
        f"{counted(len(rows), 'row')}; {_counts(rows)}{by_chance}."
    )


def _speedup(each: Speedup) -> str:
    return (
        f"{' '.join(each.variant.words)} is {ratio_text(each.factor)} times as fast on geometric mean of "
        f"{counted(len(each.rows), 'row')}; {_counts(each.rows)}."
    )


def _counts(rows: Sequence[LatencyRatio]) -> str:
    faster, slower = sum(row.faster for row in rows), sum(row.slower for row in rows)
    return f"significantly faster in {faster}, significantly slower in {slower}"


def slower_text(found: Sequence[Speedup]) -> Iterator[str]:
    """A sentence for each runtime and precision that is significantly slower than the base somewhere."""
    for each in found:
        slower = [row for row in each.rows if row.slower]
        if not slower:
            continue
        worst = max(slower, key=lambda row: row.ratio)
        everywhere = len(slower) == len(each.rows)
        where = "everywhere" if everywhere else f"in {len(slower)} of {len(each.rows)} rows"
        yield (
            f"{' '.join(each.variant.words)} is slower than {BASE_NAME} {where}: "
            f"{worst.ratio:.2g} times as long for {worst.architecture} at batch {worst.batch}, "
            f"{each.factor:.2g} times as fast on geometric mean."
        )
