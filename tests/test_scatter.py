"""The scatter plot of the terminal: what lands where, its labels, and the round numbers on its axes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report.scatter_text import (
    ROWS,
    Axis,
    Scale,
    Scatter,
    Series,
    scatter_lines,
    tick_texts,
)


def plot(*series: Series, width: int = 80, x_log: bool = False, y_log: bool = False) -> list[str]:
    scatter = Scatter(Axis("across", x_log), Axis("up", y_log), series)
    return [line.plain for line in scatter_lines(scatter, width)]


def points(mark: str, *pairs: tuple[float, float], labels: tuple[str, ...] = ()) -> Series:
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return Series(mark, f"as {mark}", table[:, 0], table[:, 1], labels)


def field(lines: list[str]) -> list[str]:
    """What stands right of the y axis."""
    rows = lines[1 : 1 + ROWS]
    edge = next(place for place, mark in enumerate(rows[1]) if mark in "|+")
    assert all(row[edge] in "|+" for row in rows)
    return [row[edge + 1 :] for row in rows]


def test_points_fall_into_the_cells_that_their_figures_name() -> None:
    lines = plot(points("o", (0, 0), (100, 12), (50, 6), (25, 9)), width=106)
    rows = field(lines)
    assert {len(row) for row in rows} == {101 + 106 - 105}
    last = len(rows[0]) - 1
    found = {
        (row, column)
        for row, text in enumerate(rows)
        for column, mark in enumerate(text)
        if mark == "o"
    }
    assert found == {(12, 0), (0, last), (6, round(last / 2)), (3, round(last / 4))}


def test_on_a_logarithmic_axis_equal_ratios_are_equally_long() -> None:
    rows = field(plot(points("o", (1, 1), (10, 1), (100, 1)), x_log=True))
    (row,) = [row for row in rows if "o" in row]
    places = [place for place, mark in enumerate(row) if mark == "o"]
    assert places == [0, round((len(row) - 1) / 2), len(row) - 1]


@given(
    st.lists(
        st.tuples(st.floats(1e-6, 1e9), st.floats(-1e6, 1e6).map(lambda y: round(y, 9))),
        min_size=1,
        max_size=30,
    ),
    st.integers(30, 200),
    st.booleans(),
)
def test_any_points_make_a_plot_of_the_same_shape(
    pairs: list[tuple[float, float]], width: int, log: bool
) -> None:
    names = tuple(f"network-{place}" for place in range(len(pairs)))
    lines = plot(points("o", *pairs, labels=names), width=width, x_log=log)
    assert len(lines) == ROWS + 5
    assert max(map(len, lines)) <= width
    assert any("o" in row for row in field(lines))


def test_the_first_series_is_seen_where_two_coincide() -> None:
    drawn = plot(points("@", (1, 1)), points("o", (1, 1), (2, 2)), points(".", (1, 1), (2, 2)))
    text = "".join(field(drawn))
    assert (text.count("@"), text.count("o"), text.count(".")) == (1, 1, 0)
    assert drawn[-1] == "@ as @   o as o   . as ."


def test_labels_stand_beside_their_points_and_never_on_one_another() -> None:
    rows = field(plot(points("o", (0, 0), (100, 12), labels=("left", "right"))))
    assert rows[-1].startswith("o left")
    assert rows[0].endswith("right o")
    crowd = [(float(place % 40), float(place // 40)) for place in range(400)]
    names = tuple(f"<{place}>" for place in range(400))
    text = "\n".join(field(plot(points("o", *crowd, labels=names), width=120)))
    for place, name in enumerate(names):
        assert text.count(name) <= 1, place
    assert text.count("<") == text.count(">") > 0


@pytest.mark.parametrize("width", [40, 80, 200])
def test_long_and_foreign_names_are_cut_and_told_in_plain_characters(width: int) -> None:
    names = ("network-" * 60, "\u7db2\u7d61<script>\x1b[31m")
    lines = plot(points("o", (1, 1), (2, 2), labels=names), width=width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "network-" in text
    assert ".." in text
    assert "??<script>?[31m" in text


def test_one_point_stands_in_the_middle() -> None:
    rows = field(plot(points("@", (69.57, 0.313))))
    (row,) = [place for place, text in enumerate(rows) if "@" in text]
    assert row == ROWS // 2
    assert abs(rows[row].index("@") - len(rows[row]) / 2) < 1


@pytest.mark.parametrize("log", [False, True])
def test_points_of_one_x_stand_above_each_other(log: bool) -> None:
    rows = field(plot(points("o", (5, 1), (5, 2), (5, 3)), x_log=log))
    places = {row.index("o") for row in rows if "o" in row}
    assert len(places) == 1
    assert sum("o" in row for row in rows) == 3


def test_nothing_to_draw_is_said() -> None:
    assert plot() == ["There is no point to draw."]
    assert plot(points("o")) == ["There is no point to draw."]
    assert plot(points("o", (np.nan, 1))) == ["There is no point to draw."]


def test_what_cannot_be_drawn_is_counted() -> None:
    lines = plot(points("o", (0, 1), (1, 1), (np.inf, 2), (2, 3)), x_log=True)
    assert lines[-1] == "o as o   2 not drawn"
    assert "".join(field(lines)).count("o") == 2
    assert lines[-2].strip() == "across (log)"


# --- round numbers


@pytest.mark.parametrize(
    ("low", "high", "log", "most", "expected"),
    [
        (54.6, 80.1, False, 6, ["55", "60", "65", "70", "75", "80"]),
        (5.7, 222, True, 7, ["10", "20", "50", "100", "200"]),
        (0.06, 2.2, True, 5, ["0.1", "0.2", "0.5", "1", "2"]),
        (5.8e6, 138e6, True, 3, ["10M", "30M", "100M"]),
        (0, 31.6e6, False, 4, ["0", "10M", "20M", "30M"]),
        (30, 45, True, 4, ["30", "35", "40", "45"]),
        (1, 1e12, True, 5, ["1", "1k", "1M", "1G", "1T"]),
        (-1, 1, False, 5, ["-1", "-0.5", "0", "0.5", "1"]),
        (4e5, 1.2e6, False, 4, ["500k", "1M"]),
        (1000, 2000, False, 4, ["1000", "1500", "2000"]),
    ],
)
def test_ticks_are_round_numbers(
    low: float, high: float, log: bool, most: int, expected: list[str]
) -> None:
    assert tick_texts(Scale(low, high, log).ticks(most)) == expected


@given(st.floats(1e-6, 1e12), st.floats(1.0001, 1e6), st.booleans(), st.integers(2, 20))
def test_ticks_lie_on_the_axis_and_are_not_too_many(
    low: float, ratio: float, log: bool, most: int
) -> None:
    scale = Scale(low, low * ratio, log)
    ticks = scale.ticks(most)
    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    assert all(low * (1 - 1e-9) <= tick <= low * ratio * (1 + 1e-9) for tick in ticks)
    assert len(set(tick_texts(ticks))) == len(ticks)
