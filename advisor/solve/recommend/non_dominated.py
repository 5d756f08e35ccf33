"""Which rows no other row beats, where less is better in every column.

A row *dominates* another if it is nowhere more and somewhere less, so equal rows do not dominate each
other. Sorted by the first column, then the second, and so on, a row can only be dominated by one that
stands before it, which does away with one column:

* of one column, only the least is left;
* of two, a running minimum of the second shows it;
* of three, the rows before are halved again and again, and a running minimum shows how the lower half
  stands to the upper one, for all halves of one size at once: n log n, however many rows remain;
* of more, rows are compared block by block, which takes as long as n times what remains.

Before the sort a few good rows of a sample clear away most of what they dominate; only the time
depends on which these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats, Integers

    Booleans = NDArray[np.bool_]

SAMPLE = 2048
"""How many rows the good ones are drawn from; so few need no clearing themselves."""

MOST_GOOD_ROWS = 64
"""How many rows of the sample are looked at for good ones."""

WORTH_A_PASS = 0.04
"""The share of the rows that a good row has to clear away for the pass over all of them to pay."""

BLOCK = 256
"""How many rows are compared with all others at a time, where there are more than three columns."""

GOLDEN = 0.6180339887498949
"""Multiples of it, modulo 1, spread evenly and fall in step with no pattern of the rows."""


def non_dominated(figures: Floats) -> Integers:
    """The rows that no other row dominates.

    Args:
        figures: less is better in every column; shape (rows, columns), at least one column. Infinite
            figures are figures. A row with a NaN is unknown: it is left out, and dominates nothing.

    Returns:
        The places of these rows, ascending. Of equal rows either all are there or none is.

    Raises:
        ValueError: `figures` is no table, or has no column.
    """
    if figures.ndim != 2 or not figures.shape[1]:
        raise ValueError(f"a table with a column is needed, not an array of shape {figures.shape}")
    columns = np.ascontiguousarray(figures.T)
    kept = np.flatnonzero(~np.logical_or.reduce(np.isnan(columns)))
    columns = columns[:, kept]
    for row in _good_rows(columns):
        left = ~_dominated_by(row, columns)
        kept, columns = kept[left], columns[:, left]
    return kept[_front(columns)]


def _good_rows(columns: Floats) -> Floats:
    """A few rows that together dominate most of the others; shape (rows, columns)."""
    count = columns.shape[1]
    if count <= SAMPLE:
        return np.empty((0, len(columns)))
    drawn = (np.arange(1, SAMPLE + 1) * GOLDEN % 1 * count).astype(np.int64)
    sample = columns[:, drawn]
    front = sample[:, _front(sample)].T
    front = front[:: 1 + len(front) // MOST_GOOD_ROWS]
    clears = np.array([_dominated_by(row, sample) for row in front])
    good: list[Floats] = []
    while True:
        gains = np.count_nonzero(clears, axis=1)
        best = int(np.argmax(gains))
        if gains[best] < WORTH_A_PASS * SAMPLE:
            return np.array(good).reshape(-1, len(columns))
        good.append(front[best])
        clears &= ~clears[best]


def _dominated_by(row: Floats, columns: Floats) -> Booleans:
    """Which of the rows that `columns` hold are dominated by one row."""
    pairs = list(zip(columns, row, strict=True))
    nowhere_less: Booleans = np.logical_and.reduce([column >= figure for column, figure in pairs])
    alike: Booleans = np.logical_and.reduce([column == figure for column, figure in pairs])
    return nowhere_less & ~alike


def _front(columns: Floats) -> Booleans:
    """Which of the rows that `columns` hold are not dominated."""
    count = columns.shape[1]
    order = np.lexsort(columns[::-1])
    columns = columns[:, order]
    first = np.ones(count, dtype=np.bool_)  # of the rows that are equal
    first[1:] = np.logical_or.reduce(columns[:, 1:] != columns[:, :-1])
    later = columns[1:, first]
    match len(later):
        case 0:
            front = np.arange(np.count_nonzero(first)) == 0
        case 1:
            front = _front_of_two(later[0])
        case 2:
            front = _front_of_three(*later)
        case _:
            front = _front_of_more(columns[:, first])
    found = np.empty(count, dtype=np.bool_)
    found[order] = front[np.cumsum(first) - 1]
    return found


def _front_of_two(second: Floats) -> Booleans:
    """As `_front`, of distinct rows sorted by a first column, then by `second`."""
    front = np.ones(len(second), dtype=np.bool_)
    front[1:] = second[1:] < np.minimum.accumulate(second)[:-1]
    return front


def _front_of_three(second: Floats, third: Floats) -> Booleans:
    """As `_front`, of distinct rows sorted by a first column, then by `second` and `third`.

    Two rows are compared where their places first differ in a binary digit. At each digit the rows
    stand in blocks, by the digits before it, and by `second` within a block.
    """
    count = len(second)
    rank = _ranks(third)
    order = np.argsort(second, kind="stable")
    for digit in reversed(range(count.bit_length())):
        places = order >> digit
        upper = (places & 1).astype(np.bool_)
        # Lower by `count` from block to block, so that the running minimum begins anew in each.
        offset = (places >> 1) * count
        of_lower = np.minimum.accumulate(np.where(upper, count, rank[order]) - offset)
        left = ~upper | (of_lower + offset > rank[order])
        order = order[left]
        order = order[np.argsort(places[left], kind="stable")]
    front = np.zeros(count, dtype=np.bool_)
    front[order] = True
    return front


def _front_of_more(columns: Floats) -> Booleans:
    """As `_front`, of distinct rows of any number of columns.

    Taken by the sum of its ranks, no row is dominated by a later one.
    """
    ranks = np.array([_ranks(column) for column in columns])
    rest = np.argsort(ranks.sum(axis=0), kind="stable")
    front = np.zeros(columns.shape[1], dtype=np.bool_)
    while len(rest):
        block, rest = rest[:BLOCK], rest[BLOCK:]
        block = block[~_dominated_by_any(ranks[:, block], ranks[:, block])]
        front[block] = True
        rest = rest[~_dominated_by_any(ranks[:, block], ranks[:, rest])]
    return front


def _dominated_by_any(others: Integers, ranks: Integers) -> Booleans:
    """Which rows of `ranks` are dominated by one of `others`."""
    dominated = np.zeros(ranks.shape[1], dtype=np.bool_)
    for start in range(0, ranks.shape[1], 64 * BLOCK):
        part = ranks[:, start : start + 64 * BLOCK]
        nowhere_less = np.ones((others.shape[1], part.shape[1]), dtype=np.bool_)
        for other, column in zip(others, part, strict=True):
            nowhere_less &= other[:, None] <= column
        nowhere_less &= others.sum(axis=0)[:, None] < part.sum(axis=0)  # which leaves itself out
        dominated[start : start + 64 * BLOCK] = nowhere_less.any(axis=0)
    return dominated


def _ranks(column: Floats) -> Integers:
    """The place of each figure among the distinct ones."""
    ranks: Integers = np.unique(column, return_inverse=True)[1]
    return ranks
