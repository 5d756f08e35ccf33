"""Which candidates a question may choose from: the rows of its boards, completed where asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import translate
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.names import TABLES, device_of, split_prefix
from advisor.catalog.accuracy import Accuracies
from advisor.catalog.precision import has_float_accuracy, read_precision
from advisor.catalog.records import MINIMUM, Architecture, Board, Labels, Measurements, distinct
from advisor.catalog.stack import Stack
from advisor.catalog.store import Catalog, Surveyed
from advisor.errors import AdvisorError, closest, shown
from advisor.options import Requirements, Selection
from advisor.prediction.terms import COLUMNS
from advisor.quality import CLASSIFICATION, task_of
from advisor.solve.candidates.candidates import Candidates
from advisor.solve.candidates.idle_power import without_powers_below_idle
from advisor.solve.candidates.named_networks import (
    called_alike,
    chosen_here,
    one_name_each,
    refuse_unknown,
    said_which,
    without_rows,
)
from advisor.solve.candidates.network_pool import NetworkPool, network_pool
from advisor.solve.candidates.stated_accuracies import (
    refuse_unknown_precisions,
    unreached,
    unused_losses,
)
from advisor.solve.candidates.weight_sets import (
    Wanted,
    names_unknown,
    unknown_of,
    wanted_weights,
    with_weights,
)
from advisor.stages import stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.prediction.board_model import BoardFit, Transfer

    Booleans = NDArray[np.bool_]

MOST_FITTED = 3
"""Of so many boards at most, asked together, fits are made that nobody has made: each may take seconds."""


def gather(catalog: Catalog, requirements: Requirements) -> Candidates:
    """Read what a question needs from the catalog; see `candidates_on` for the rest.

    Raises:
        AdvisorError: a board is unknown, a file is broken, or as `candidates_on` has it.
    """
    return gathered(catalog, requirements)[0]


def gathered(
    catalog: Catalog, requirements: Requirements, pool: NetworkPool | None = None
) -> tuple[Candidates, NetworkPool]:
    """The same, and the networks of which they are.

    Args:
        catalog: everything that is known.
        requirements: the question.
        pool: these networks, where a question to the same and more boards has gathered them already.

    Raises:
        AdvisorError: as `gather` has it.
    """
    stack, notes = boards_asked(catalog, requirements)
    found, pool = _gathered_on(catalog, requirements, stack, {}, pool)
    return replace(found, notes=(*notes, *found.notes)), pool


def gather_on(
    catalog: Catalog,
    requirements: Requirements,
    stack: Stack,
    fits: Mapping[str, BoardFit] | None = None,
) -> Candidates:
    """The same on boards whose rows and models need not stand in the catalog.

    Args:
        catalog: everything that is known.
        requirements: the question.
        stack: the boards with their rows.
        fits: the models of boards by name, where these are not those in their folders.

    Raises:
        AdvisorError: as `candidates_on` has it.
    """
    return _gathered_on(catalog, requirements, stack, fits or {}, None)[0]


@stage("gathering candidates")
def _gathered_on(
    catalog: Catalog,
    requirements: Requirements,
    stack: Stack,
    fits: Mapping[str, BoardFit],
    pool: NetworkPool | None,
) -> tuple[Candidates, NetworkPool]:
    refuse_unknown(catalog, requirements)
    chosen = requirements.selection
    refuse_unknown_precisions(chosen, stack.table)
    stack, notes = without_powers_below_idle(stack)
    task, said = _task(catalog, requirements, stack)
    pool = pool or network_pool(catalog, chosen, stack, task)
    notes += said
    stack, without = _without_unknown_weights(stack, pool, chosen)
    notes += without
    notes += [each.doubt for each in requirements.constraints if each.doubt]
    transfers: dict[str, Transfer] = {}
    named = chosen_here(catalog, pool.as_called(chosen), pool.architectures)
    if chosen.completes:
        tables = []
        for place, board in enumerate(stack.boards):
            each = Surveyed(board, stack.measurements(place))
            fit, of_fit = _fit(catalog, each, pool, fits, make=len(stack.boards) <= MOST_FITTED)
            table, more = _with_predictions(catalog, each, pool, named, fit, of_fit)
            tables.append(table)
            notes += more
            if fit and fit.transfer:
                transfers[board.name] = fit.transfer
        stack = Stack.of(stack.boards, tables)
    here = replace(requirements, selection=named)
    found = candidates_on(stack, pool, here)
    if transfers:
        from advisor.solve.candidates.margins import with_margins

        found = with_margins(found, transfers)
    notes += pool.notes
    notes += said_which(catalog, requirements, pool.architectures)
    notes += _unknown_here(pool, stack)
    notes += _without_accuracy(found, requirements)
    ran = found.measurements.architecture.used().names
    notes += without_rows(catalog, chosen, ran, pool.architectures, pool.stated_for)
    notes += unreached(found, pool.accuracies, chosen, pool.stated_for)
    notes += unused_losses(found, chosen)
    notes += _of_unknown_threads(found, chosen)
    notes += _of_unknown_licence(found, chosen)
    notes += _of_shortest_runs(found)
    notes += _of_little_memory(found)
    return replace(found, notes=tuple(notes)), pool


def _task(catalog: Catalog, requirements: Requirements, stack: Stack) -> tuple[str, list[str]]:
    """The task of a question, and what is to be said of it where none was asked for.

    Raises:
        AdvisorError: the boards have no rows of the task, or of several others where none was asked for.
    """
    selection = requirements.selection
    names = stack.table.architecture.names
    of_networks = {
        each: catalog.architectures[names[each]].task for each in distinct(stack.pairs[1])
    }
    known = set(of_networks.values())
    task = task_of(selection.task, known)
    if task is None:
        on = _boards_text(stack.boards)
        wanted = f"a network for {selection.task or CLASSIFICATION}"
        raise AdvisorError(
            f"{on} has no rows of {wanted}", f"its tasks: {', '.join(sorted(known))}"
        )
    notes = []
    if selection.task is None and task != CLASSIFICATION:
        notes = [f"the task is {task}, the only one of these rows"]
    others: dict[str, list[str]] = {}
    for board, networks in (
        zip(stack.boards, stack.distinct(stack.table.architecture.index), strict=True)
        if requirements.boards is not None
        else ()
    ):
        its = {of_networks[each] for each in networks}
        if its and task not in its:
            others.setdefault(", ".join(sorted(its)), []).append(board.name)
    return task, notes + [_left_out(names, of, task) for of, names in others.items()]


def _left_out(boards: Sequence[str], of: str, task: str) -> str:
    """What is to be said of boards whose rows are for other tasks."""
    if len(boards) == 1:
        return f"{boards[0]} is left out: its rows are for {of}, not for {task}"
    what = f"{len(boards)} boards are left out: their rows are for {of}, not for {task}"
    return f"{what}: {few(boards, what='boards')}"


def _unknown_here(pool: NetworkPool, stack: Stack) -> Iterator[str]:
    """What is to be said of networks that the question brings along, and of which nothing is known."""
    if missing := sorted((pool.added or frozenset()).difference(stack.networks)):
        yield f"included, and no candidate, since nobody ran it or predicts it here: {few(missing)}"


def boards_asked(catalog: Catalog, requirements: Requirements) -> tuple[Stack, list[str]]:
    """The boards of a question with their rows; and notes on those that had to be left out.

    Raises:
        AdvisorError: a board is unknown, or a file is broken.
    """
    stack, broken = catalog.stacked(requirements.boards, another_run=requirements.reproducible)
    notes = [f"left out, since a file is broken: {error.message}" for error in broken]
    return stack, [*notes, *_accelerators_apart(catalog, stack)]


def _accelerators_apart(catalog: Catalog, stack: Stack) -> Iterator[str]:
    """What is to be said of NPUs of the chips that are asked, which are devices of their own."""
    asked = {device_of(board.name) for board in stack.boards}
    known = {device_of(name) for name in catalog.board_layers}
    for apart in sorted({f"{each}-npu" for each in asked} & known - asked):
        yield f"not asked: {apart}, a device of its own in that chip (--board {apart})"


def _without_accuracy(found: Candidates, requirements: Requirements) -> Iterator[str]:
    """What is to be said of candidates that a table of accuracies leaves out."""
    chosen = requirements.selection
    if chosen.accuracy_table is None:
        return
    bare = found.rows[found.weights_index < 0]
    table = found.measurements
    for precision in distinct(table.precision.index[bare]).tolist():
        rows = bare[table.precision.index[bare] == precision]
        names = [
            table.architecture.names[each] for each in distinct(table.architecture.index[rows])
        ]
        at = table.precision.names[precision]
        of_it = "of it" if has_float_accuracy(at) else f"of it at {at}"
        yield f"of unknown accuracy, since {chosen.accuracy_table} has no row {of_it}: {few(names)}"


def _of_unknown_threads(found: Candidates, chosen: Selection) -> Iterator[str]:
    """What is to be said of rows that a choice of threads leaves out since they do not name theirs."""
    unknown = int(np.count_nonzero(found.measurements.threads == 0))
    if chosen.threads is not None and unknown:
        rows = "1 row" if unknown == 1 else f"{unknown} rows"
        yield f"of unknown threads, and left out: {rows}"


def _of_shortest_runs(found: Candidates) -> Iterator[str]:
    """What is to be said of latencies that are those of the shortest run."""
    shortest = found.measurements.latency_statistic
    if MINIMUM in shortest.names and (count := int(shortest.where(MINIMUM)[found.rows].sum())):
        candidates, their = (
            ("1 candidate", "its") if count == 1 else (f"{count} candidates", "their")
        )
        yield (
            f"the latency of {candidates} is that of {their} fastest run, and most runs take longer: leave "
            "some head-room; sure are only those whose slowest run is known, too, and meets the limits"
        )


def _of_little_memory(found: Candidates) -> Iterator[str]:
    """What is to be said of a limit on memory where the figure does not even cover the weights."""
    if "memory_mb" not in found.limited:
        return
    count = int(np.count_nonzero(found.figure("memory_mb") < found.weights_mb))
    if count:
        candidates = "1 candidate" if count == 1 else f"{count} candidates"
        yield (
            f"the memory of {candidates} is less than what the weights alone take: it does not cover all "
            "that is needed"
        )


def _of_unknown_licence(found: Candidates, chosen: Selection) -> Iterator[str]:
    """What is to be said of networks that a choice of licences leaves out since nobody says theirs."""
    unknown = sum(not each.licence for each in found.architectures)
    if chosen.licences is not None and unknown:
        yield f"of unknown licence, and left out: {unknown} network{'s' * (unknown > 1)}"


def few(names: Sequence[str], what: str = "networks", most: int = 3) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - most
    rest = f", and {more} more {what if more > 1 else what.removesuffix('s')}" if more > 0 else ""
    return ", ".join(names[:most]) + rest


def _fit(
    catalog: Catalog,
    surveyed: Surveyed,
    pool: NetworkPool,
    fits: Mapping[str, BoardFit],
    *,
    make: bool,
) -> tuple[BoardFit | None, str]:
    """The models by which a board's table is completed, and what is to be said of them; see `ready_fit`.

    Args:
        catalog: everything that is known.
        surveyed: the board with its rows.
        pool: the networks.
        fits: the models of boards by name, where these are not those in their folders.
        make: whether models that nobody has made are made.
    """
    from advisor.prediction.fit_store import current_fit
    from advisor.prediction.ready_fit import ready_fit

    board, table = surveyed.board, surveyed.measurements
    if board.name in fits:
        return fits[board.name], ""
    if make:
        return ready_fit(catalog, board, table, pool.architectures)
    return current_fit(board, table, pool.architectures, catalog.own_folder)


def _with_predictions(
    catalog: Catalog,
    surveyed: Surveyed,
    pool: NetworkPool,
    named: Selection,
    fit: BoardFit | None,
    of_fit: str,
) -> tuple[Measurements, tuple[str, ...]]:
    """The table completed by the board's models; as it is, with a note, where these cannot be used.

    What is to be said is of the networks that may be chosen alone.
    """
    from advisor.prediction.model import LEAST_GROUPS
    from advisor.solve.candidates.completion import completed, outside_seen, without_intervals

    board, table, batches = surveyed.board, surveyed.measurements, named.batches or ()
    known = pool.architectures
    if fit is None:
        return table, (f"nothing is predicted: {of_fit}",)
    notes = [of_fit] if of_fit else []
    if fit.residuals_from:
        notes.append(f"its intervals are made of the residuals of {fit.residuals_from}")
    beyond = sorted(size for size in batches if not table.batch.min() <= size <= table.batch.max())
    if beyond:
        sizes = ", ".join(map(str, beyond))
        notes.append(
            f"batch {sizes} lies outside what the models have seen: no error is known there, so that "
            "nothing is sure"
        )
    transferred = fit.transfer.rows.architecture.names if fit.transfer else ()
    if pool.added is None:
        here = table.architecture.position
        # Nobody can have a network of another board's table, which stands in it as that board ran it.
        known = {
            name: each
            for name, each in known.items()
            if name in here or split_prefix(name)[0] not in TABLES
        }
        known = one_name_each(catalog, known, here, transferred)
    whole = completed(board, table, known, fit, batches, pool.added)
    outside = outside_seen(board, whole, known, fit)
    whole = without_intervals(whole, np.isin(whole.batch, beyond) | outside.any(axis=1))
    asked = np.isin(whole.batch, sorted(batches)) if batches else np.ones(len(whole), np.bool_)
    predicted = {
        whole.architecture.names[index] for index in whole.architecture.index[asked].tolist()
    }
    of_use = sorted(known if pool.added is None else pool.added)
    wanted = set(of_use)
    if named.architectures is not None:
        wanted = {of_use[place] for place in _matching(named.architectures, of_use)}
    notes += _outside(whole, outside & asked[:, np.newaxis], wanted)
    of_files = {name for name in wanted - predicted if _in_no_format(known[name], fit)}
    notes += [
        f"{name} is left out: {known[name].precision} by its file, and the board's models know no "
        f"{known[name].precision}"
        for name in sorted(of_files)
    ]
    if unknown := len(wanted - predicted - of_files):
        are = "1 network is" if unknown == 1 else f"{unknown} networks are"
        notes.append(
            f"{are} left out: no model knows enough of {'it' if unknown == 1 else 'them'} there"
        )
    if unseen := _unseen_families(table, known, wanted.difference(transferred, of_files)):
        of_families = len({known[name].family_or_name for name in table.architecture.names})
        few_families = "1 family" if unseen == 1 else f"{unseen} families"
        too_few = ", too few to be sure" if of_families < LEAST_GROUPS else ""
        notes.append(
            f"of {few_families} that may be chosen no network ran there: how far predictions of such may "
            f"be off is judged by {of_families} other families, each left out of the fit{too_few}"
        )
    return whole, tuple(f"{board.name}: {each}" for each in notes)


def _outside(whole: Measurements, outside: Booleans, wanted: Collection[str]) -> Iterator[str]:
    """What is to be said of networks that lie outside what the models have seen."""
    of_wanted = np.isin(np.array(whole.architecture.names)[whole.architecture.index], [*wanted])
    rows = np.flatnonzero(outside[:, _OF_NETWORKS].any(axis=1) & of_wanted)
    names = [whole.architecture.names[place] for place in distinct(whole.architecture.index[rows])]
    if names:
        columns = [
            COLUMNS[place].replace("_", " ") for place in _OF_NETWORKS if outside[rows, place].any()
        ]
        ways = distinct(whole.variant_index[rows])
        ran = ", ".join(" ".join(whole.variants[way].words) for way in ways)
        as_run = f", run as {ran}," if len(ways) < len(whole.variants) else ""
        lies, it = ("lies", "it") if len(names) == 1 else ("lie", "them")
        yield (
            f"{few(names)}{as_run} {lies} outside what the models have seen, by {', '.join(columns)}: no "
            f"error is known there, so that nothing is sure of {it}{' run so' if as_run else ''}"
        )


_OF_NETWORKS = [place for place, name in enumerate(COLUMNS) if name not in ("batch", "latency_ms")]
"""The columns that describe a network."""


def _without_unknown_weights(
    stack: Stack, pool: NetworkPool, chosen: Selection
) -> tuple[Stack, list[str]]:
    """The boards without those that name weights of which nothing is known, and what is to be said of them.

    Raises:
        AdvisorError: all of them do.
    """
    known = pool.accuracies.known
    unknown = {
        board.weights: names_unknown(known, board, pool.stand_ins, pool.sets)
        for board in (stack.boards if chosen.weights is None else ())
    }
    kept, faults = [], {}
    for place, board in enumerate(stack.boards):
        if unknown.get(board.weights):
            faults[board.name] = unknown_of(board, pool.sets)
        else:
            kept.append(place)
    if not faults:
        return stack, []
    if not kept:
        raise next(iter(faults.values()))
    tables = [stack.measurements(place) for place in kept]
    notes = [f"{name} is left out: {fault}" for name, fault in faults.items()]
    return Stack.of([stack.boards[place] for place in kept], tables), notes


def _in_no_format(network: Architecture, fit: BoardFit) -> bool:
    """Whether no model is of the number format that a network's file is in."""
    return not any(network.runs_in(variant.precision) for variant in fit.models)


def _unseen_families(
    table: Measurements, known: Mapping[str, Architecture], names: Collection[str]
) -> int:
    """How many families of the networks that models predict have no row on the board."""
    seen = {known[name].family_or_name for name in table.architecture.names}
    return len({known[name].family_or_name for name in names} - seen)


def candidates_on(stack: Stack, pool: NetworkPool, requirements: Requirements) -> Candidates:
    """The candidates that a question may choose from.

    Args:
        stack: the boards with their rows.
        pool: every network that may come up, and what is known of its accuracy.
        requirements: the question.

    Raises:
        AdvisorError: the set of weights is unknown, a pattern or a batch size matches nothing, or all
            that is asked for together matches no row.
    """
    boards, table = stack.boards, stack.table
    task = pool.quality.task
    asked = selected(boards, table, pool.architectures, requirements.selection, task)
    named, accuracies = requirements.selection.weights, pool.accuracies
    by_name = {board.weights: board for board in boards}  # of which many share the same
    of_name = {
        name: wanted_weights(accuracies.known, board, named, pool.stand_ins, pool.sets)
        for name, board in by_name.items()
    }
    wanted = [of_name[board.weights] for board in boards]
    rows, weights_index, sets = with_weights(
        stack, np.flatnonzero(asked & table.ran), accuracies, wanted
    )
    without = 0
    if named is not None:
        bare = weights_index < 0
        without = len(distinct(table.architecture.index[rows[bare]]))
        rows, weights_index = rows[~bare], weights_index[~bare]
    return Candidates(
        boards=boards,
        measurements=table,
        row_board=stack.row_board,
        architectures=tuple(pool.architectures[name] for name in table.architecture.names),
        weights=sets,
        quality=pool.quality,
        float_percents=_float_percents(accuracies, wanted),
        rows=rows,
        weights_index=weights_index,
        fps=requirements.fps,
        limited=tuple(dict.fromkeys(each.metric for each in requirements.constraints)),
        overhead_ms=requirements.overhead_ms,
        battery_j=requirements.battery_j,
        out_of_memory=int(np.count_nonzero(asked & table.out_of_memory)),
        failed=int(np.count_nonzero(asked & ~table.ran & ~table.out_of_memory)),
        without_weights=without,
    )


def _float_percents(accuracies: Accuracies, wanted: Sequence[Wanted]) -> dict[str, float]:
    """By network, the best accuracy of the wanted sets in floats."""
    found: dict[str, float] = {}
    for key in {key for each in {id(each): each for each in wanted}.values() for key in each.keys}:
        for each in accuracies.known.get(key, ()):
            if each.in_floats:
                percent = each.accuracy_percent.value
                found[key[0]] = max(percent, found.get(key[0], percent))
    return found


def selected(
    boards: Sequence[Board],
    table: Measurements,
    architectures: Mapping[str, Architecture],
    selection: Selection,
    task: str,
) -> NDArray[np.bool_]:
    """Which rows of a table are of a task and named by a selection; shape (rows,).

    Raises:
        AdvisorError: a pattern or a batch size matches nothing, or all together match no row.
    """
    on = _boards_text(boards)
    names = table.architecture.names
    families = Labels(tuple(architectures[name].family for name in names), table.architecture.index)
    licences = Labels(
        tuple(architectures[name].licence for name in names), table.architecture.index
    )
    known_families = {each.family for each in architectures.values()}
    of_task = [architectures[name].task == task for name in names]
    asked: NDArray[np.bool_] = np.array(of_task, dtype=np.bool_)[table.architecture.index]
    for what, patterns, labels, known in (
        ("architectures", selection.architectures, table.architecture, architectures),
        ("families", selection.families, families, known_families),
        ("licence", selection.licences, licences, licences.names),
        ("runtime", selection.runtimes, table.runtime, table.runtime.names),
        ("precision", _precisions(selection), table.precision, table.precision.names),
        ("processor", selection.processors, table.processor, table.processor.names),
    ):
        if patterns is not None:
            _check(what, patterns, [name for name in known if name])
            asked &= np.isin(labels.index, _matching(patterns, labels.names))
    if selection.threads is not None:
        counts = distinct(table.threads[table.threads > 0]).tolist()
        wanted = [count for count in counts if count in selection.threads]
        if not wanted:
            there = ", ".join(map(str, counts)) or "none that its rows name"
            raise AdvisorError(
                f"{on} has no rows at threads {selection.threads}", f"it has: {there}"
            )
        asked &= np.isin(table.threads, wanted)
    if selection.exclude:
        _check("exclude", selection.exclude, list(architectures))
        excluded = _matching(selection.exclude, table.architecture.names)
        asked &= ~np.isin(table.architecture.index, excluded)
    if selection.batches is not None:
        sizes = distinct(table.batch).tolist()
        missing = sorted(selection.batches.difference(sizes))
        if missing:
            raise AdvisorError(
                f"{on} has no rows at batch {', '.join(map(str, missing))}",
                f"it has: {', '.join(map(str, sizes)) or 'none at all'}",
            )
        asked &= np.isin(table.batch, sorted(selection.batches))
    if len(table) and not asked.any():
        said = ", ".join([*selection.patterns_said, f"batch {selection.batches_text}"])
        hint = (
            "exclude fewer"
            if [*selection.patterns] == ["exclude"]
            else f"did you mean {' or '.join(alike)}?"
            if (alike := called_alike(selection.architectures or (), table.architecture.names))
            else "ask for fewer of these at once"
        )
        raise AdvisorError(f"nothing to choose from: no row of {on} is left: {said}", hint)
    return asked


_PERMISSIVE = ("apache*", "mit*", "bsd*", "isc*", "unlicense*", "cc0*", "cc-by-4*", "zlib*")
SEVERAL = {"permissive": _PERMISSIVE}
"""Words that stand for several patterns: licences under which a product need not be open itself."""


def _precisions(selection: Selection) -> tuple[str, ...] | None:
    """The precisions that are named in the catalog's words, patterns as they are."""
    if selection.precisions is None:
        return None
    plain = re.compile(r"[\w. +-]+")
    return tuple(
        read_precision(each) if plain.fullmatch(each) else each for each in selection.precisions
    )


def _boards_text(boards: Sequence[Board]) -> str:
    """The boards, for messages."""
    return ("board " if len(boards) == 1 else "boards ") + ", ".join(each.name for each in boards)


def _check(what: str, patterns: Sequence[str], known: Sequence[str]) -> None:
    for pattern in patterns:
        if not len(_matching([pattern], known)):
            raise AdvisorError(
                f"{what}: {shown(pattern)} matches nothing", closest(pattern, set(known))
            )


def _matching(patterns: Sequence[str], names: Sequence[str]) -> list[int]:
    """The places of the names that match any of the patterns, whatever their case."""
    spelt = [each for pattern in patterns for each in SEVERAL.get(pattern, (pattern,))]
    compiled = re.compile("|".join(map(translate, spelt)), re.IGNORECASE)
    return [place for place, name in enumerate(names) if compiled.match(name)]
