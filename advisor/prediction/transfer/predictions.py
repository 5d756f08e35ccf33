"""Fits a transfer: from a board's own rows and those of its reference boards to all other networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.catalog.predicted_rows import predicted_rows
from advisor.catalog.records import Architecture, Board, Labels, Measurements, Values
from advisor.catalog.run_as import Variant
from advisor.catalog.store import Surveyed
from advisor.errors import AdvisorError
from advisor.prediction.board_model import TRANSFERRED, Transfer, TransferErrors, digest_of
from advisor.prediction.rows import METRICS
from advisor.prediction.transfer.boards import (
    LIKENESS,
    SAME_WAY,
    Figures,
    Reference,
    References,
    alike,
    figures_of,
    in_scope,
    like_variant,
    likeness,
    likeness_text,
    other_networks,
    unknown_of,
    without,
)
from advisor.prediction.transfer.pools import (
    LEAST_MEASURED,
    Question,
    Transferred,
    common,
    transferred,
)


@dataclass(frozen=True)
class _Portion:
    """What is predicted of one variant, by metric."""

    variant: Variant
    predicted: Mapping[str, Transferred]
    likeness: str

    @property
    def references(self) -> set[str]:
        """The boards on which anything rests."""
        return {name for each in self.predicted.values() for name in each.weights}


def could_transfer(table: Measurements) -> bool:
    """Whether a board ran enough networks in some way that other boards could say something of the rest."""
    return any(
        len(np.unique(table.architecture.index[table.rows_of(variant)])) >= LEAST_MEASURED
        for variant in table.variants
    )


def fit_transfer(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    references: References,
    designs: Mapping[str, str],
) -> Transfer:
    """Predict all that the references know and the board has not run.

    Args:
        board: the new board.
        table: its rows.
        architectures: every network that any of the boards ran, by name.
        references: the boards to learn from, which call networks as the board does.
        designs: the design that each network is of.

    Raises:
        AdvisorError: too few of the board's networks ran on the references.
    """
    new = _New(board, table, architectures, references, designs)
    portions = [each for variant in table.variants if (each := _portion(new, variant))]
    if not portions:
        raise AdvisorError(*_too_few(new))
    used = sorted({name for portion in portions for name in portion.references} - {board.name})
    folders = {each.board.name: each.board.folder.parent for each in references.boards}
    return Transfer(
        references={name: digest_of(folders[name], name) for name in used},
        weights={each.variant: each.predicted["latency_ms"].weights for each in portions},
        likeness={each.variant: each.likeness for each in portions},
        errors={portion.variant: _errors(portion) for portion in portions},
        rows=_rows(portions),
    )


@dataclass(frozen=True)
class _New:
    """A new board, and what it is predicted from; see `fit_transfer`."""

    board: Board
    table: Measurements
    architectures: Mapping[str, Architecture]
    references: References
    designs: Mapping[str, str]


def _portion(new: _New, variant: Variant) -> _Portion | None:
    """What is predicted of one variant; `None` where that is nothing."""
    predicted: dict[str, Transferred] = {}
    said = ""
    for metric in METRICS:
        own = figures_of(new.board, new.table, metric, variant)
        if len(own.by_network) < LEAST_MEASURED:
            continue
        known = alike(list(_references(new, variant, own, metric)))
        if metric == "latency_ms":
            said = likeness_text([each for each in known if not each.named])
        figures = [each.figures for each in known]
        like = [each.likeness == LIKENESS.index(SAME_WAY) for each in known]
        found = transferred(
            Question(own, figures, new.architectures, new.board.cost, new.designs, like)
        )
        if found.names:
            predicted[metric] = found
    return _Portion(variant, predicted, said) if "latency_ms" in predicted else None


def _references(new: _New, variant: Variant, own: Figures, metric: str) -> Iterator[Reference]:
    """The ways in which boards ran enough of the networks of which a metric is known here."""
    board = new.board
    for other in new.table.variants if new.references.choose else ():
        found = figures_of(board, new.table, metric, other)
        if other != variant and common(own, found) >= LEAST_MEASURED:
            unknown = unknown_of(board, variant) | unknown_of(board, other)
            yield Reference(found, likeness(board, variant, board, other), unknown=unknown)
    for each in new.references.boards:
        if not in_scope(board, each.board, metric):
            continue
        for other, named in new.references.variants(each, variant):
            found = figures_of(each.board, each.measurements, metric, other)
            if common(own, found) < LEAST_MEASURED:
                continue
            others = other_networks(board, each.board, found.by_network, new.architectures)
            kept = without(found, others) if others else found
            unknown = unknown_of(board, variant) | unknown_of(each.board, other)
            yield Reference(kept, likeness(board, variant, each.board, other), named, unknown)


def _too_few(new: _New) -> tuple[str, str]:
    """Why nothing can be predicted, and what to do."""
    board, references = new.board, new.references
    names = ", ".join(sorted(references.named)) or "no other board"
    shared = _most_in_common(new)
    if shared >= LEAST_MEASURED:
        know = "no other board knows anything" if references.choose else f"{names} know nothing"
        return (
            f"{know} of networks that board {board.name} has not run: it has run all that "
            f"they know, or fewer than {LEAST_MEASURED} of these at any one batch size",
            "name other boards, or measure networks that `advisor suggest` names",
        )
    what = "none" if shared == 0 else f"only {shared}"
    where = "any one other board" if references.choose else names
    return (
        f"{what} of the networks that board {board.name} has run in one runtime and precision ran on "
        f"{where}; a transfer needs {LEAST_MEASURED}",
        "measure networks that `advisor suggest` names, or name other boards",
    )


def _most_in_common(new: _New) -> int:
    counts = [
        common(
            figures_of(new.board, new.table, "latency_ms", variant),
            _figures_like(each, "latency_ms", variant),
        )
        for variant in new.table.variants
        for each in new.references.boards
    ]
    return max(counts, default=0)


def _figures_like(reference: Surveyed, metric: str, variant: Variant) -> Figures:
    """What a reference found by the runtime and precision that are most like those of the new board."""
    rows = reference.measurements
    return figures_of(reference.board, rows, metric, like_variant(rows, variant))


def _errors(portion: _Portion) -> dict[str, TransferErrors]:
    return {metric: each.errors for metric, each in portion.predicted.items() if each.errors}


def _rows(portions: Sequence[_Portion]) -> Measurements:
    """All that is predicted as rows of a board; a metric without a latency is dropped."""
    latencies = [portion.predicted["latency_ms"] for portion in portions]
    batch = np.concatenate([np.array(each.batch, dtype=np.int64) for each in latencies])

    def predicted(metric: str) -> Values:
        values = Values.joined([_matched(portion, metric) for portion in portions])
        per_image = batch if metric == "latency_ms" else 1
        return Values(*(each * per_image for each in values))

    return predicted_rows(
        Labels.of([name for each in latencies for name in each.names]),
        [
            portion.variant
            for portion, each in zip(portions, latencies, strict=True)
            for _ in each.names
        ],
        batch,
        {metric: predicted(metric) for metric in METRICS},
        TRANSFERRED,
    )


def _matched(portion: _Portion, metric: str) -> Values:
    """A metric of the networks and batch sizes of which the latency is predicted."""
    wanted = portion.predicted["latency_ms"]
    found = portion.predicted.get(metric)
    keys = zip(found.names, found.batch, strict=True) if found else ()
    place = {key: row for row, key in enumerate(keys)}
    sought = zip(wanted.names, wanted.batch, strict=True)
    rows = np.array([place.get(key, -1) for key in sought], dtype=np.int64)
    columns = [np.zeros(0)] * 3 if found is None else found.values
    return Values(*(np.append(column, np.nan)[rows] for column in columns))
