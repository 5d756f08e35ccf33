"""Many boards read and asked as one table: each is what it is by itself."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.catalog.stack import Stack, distinct_pairs, numbered_pairs
from advisor.catalog.store import Catalog
from advisor.options import read_requirements
from advisor.solve.candidates.chance import chance, likeliest
from advisor.solve.candidates.gather import gather
from tests.conftest import ROWS, Overlay
from tests.test_plain_table import assert_equal

SOME = ("raspberry*", "jetson*", "hailo*")


def test_boards_read_together_have_the_rows_that_each_has_alone() -> None:
    stack, broken = Catalog.open().stacked(SOME)
    assert broken == []
    assert [each.name for each in stack.boards] == sorted(each.name for each in stack.boards)
    catalog = Catalog.open()
    for place, board in enumerate(stack.boards):
        assert catalog.board(board.name) == board
        assert_equal(stack.measurements(place), catalog.measurements(board))


def test_candidates_of_many_boards_have_the_weights_that_they_have_alone() -> None:
    catalog = Catalog.open()
    together = gather(catalog, read_requirements({}, board="raspberry*"))
    for place, board in enumerate(together.boards):
        alone = gather(catalog, read_requirements({}, board=board.name))
        of_it = together.board_index == place
        sets = [
            together.weights[at] if at >= 0 else None
            for at in together.weights_index[of_it].tolist()
        ]
        expected = [alone.weights[at] if at >= 0 else None for at in alone.weights_index.tolist()]
        assert sets == expected
        assert together.batch[of_it].tolist() == alone.batch.tolist()


def test_a_source_counts_as_its_own_layer_has_it(overlay: Overlay) -> None:
    shipped = Catalog.open()
    board = shipped.board("jetson-agx-orin.mlperf-v3.0-krai")
    sources = sorted({*shipped.measurements(board).latency_ms.source.names})
    overlay.write(
        "sources.yaml",
        "".join(
            f"{each}: {{citation: mine, read: mine, error: none}}\n"
            for each in (*sources, "my-notes")
        ),
    )
    stack, _ = Catalog.open(overlay.folder).stacked([board.name, "small", "jetson-tx1"])
    names = [each.name for each in stack.boards]
    assert names == sorted(names)
    assert_equal(stack.measurements(names.index(board.name)), shipped.measurements(board))
    assert stack.measurements(names.index("small")).latency_ms.values.value.tolist() == [20, 60, 50]


def test_boards_of_two_layers_stand_in_the_order_of_their_names(overlay: Overlay) -> None:
    for name in ("aaa", "zzz"):
        for file in ("board.yaml", "measurements.csv"):
            content = (overlay.folder / "boards/small" / file).read_bytes()
            overlay.write(f"boards/{name}/{file}", content)
    stack, _ = Catalog.open(overlay.folder).stacked(None)
    names = [each.name for each in stack.boards]
    assert names == sorted(names)
    assert {"aaa", "small", "zzz", "jetson-tx1"} <= set(names)
    assert len(stack.measurements(names.index("zzz"))) == len(ROWS)


def test_stacks_are_merged_in_the_order_of_names() -> None:
    catalog = Catalog.open()
    whole, _ = catalog.stacked(SOME)
    places = np.arange(len(whole))
    parts = [
        Stack.of(
            [whole.boards[place] for place in some.tolist()],
            [whole.measurements(place) for place in some.tolist()],
        )
        for some in (places[1::2], places[::2])
    ]
    merged = Stack.merged(parts)
    assert merged.boards == whole.boards
    assert merged.row_board.tolist() == whole.row_board.tolist()
    assert_equal(merged.table, whole.table)


@pytest.mark.parametrize("many", [4, 10_000_000])
def test_pairs_are_distinct_and_in_order(many: int) -> None:
    one, other = np.array([2, 0, 2, 0, 1]), np.array([3, 1, 3, 0, many - 1])
    first, second, which = numbered_pairs(one, other, many)
    assert list(zip(first, second, strict=True)) == [(0, 0), (0, 1), (1, many - 1), (2, 3)]
    alone = distinct_pairs(one, other, many)
    assert [each.tolist() for each in alone] == [first.tolist(), second.tolist()]
    assert which.tolist() == [3, 1, 3, 0, 2]


def test_the_likeliest_of_many_is_the_one_with_the_greatest_chance() -> None:
    catalog = Catalog.open()
    for limits in {"fps": "30", "energy": "0.5 J"}, {"latency": "20 ms", "fps": "60"}:
        asked = read_requirements(limits, board="jetson*")
        found = gather(catalog, asked)
        for step in (1, 2, 3):
            some = found.take(np.arange(len(found))[::step])
            chances = chance(some, asked.constraints)
            assert likeliest(some, asked.constraints) == int(np.argmax(chances))
