"""`advisor findings`: every line of the paper, on its board and on another."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from advisor.catalog.store import Catalog
from advisor.paper.board_findings import findings
from advisor.paper.evidence import GROSS, Evidence, explained, rank_correlation
from advisor.paper.four_findings import (
    HOLDS,
    NOT,
    RELATED,
    UNDECIDED,
    accuracy_is_hyperbolic,
    four_findings,
    operations_estimate_time,
    power_is_constant,
)
from advisor.paper.layout import Layout
from advisor.paper.statements import AGREES, DISAGREES, PARTLY, statements
from tests.benchmarks.findings import worlds
from tests.conftest import Run

TX1 = Evidence.of(Catalog.open(), "jetson-tx1")
XEON = Evidence.of(Catalog.open(), "xeon-2-cores-vm")


def test_the_papers_findings_on_its_own_board() -> None:
    verdicts = [each.verdict for each in four_findings(TX1)]
    # 14 networks are too few to decide whether energy and accuracy are related strongly enough.
    assert verdicts == [HOLDS, UNDECIDED, UNDECIDED, HOLDS]
    power, hyperbola, energy, operations = (each.numbers for each in four_findings(TX1))
    assert power["mean_w"] == pytest.approx(11.82, abs=0.005)
    assert power["standard_deviation_w"] == pytest.approx(0.71, abs=0.005)
    assert power["batch_sizes"] == 7
    assert power["farthest_batch_size_high"] < power["spread_of_networks_high"] < 0.1
    assert (
        hyperbola["hyperbolic_error_percent_points"] < hyperbola["logarithmic_error_percent_points"]
    )
    # Ten networks are too few to tell a hyperbola from a logarithm, however much nearer it seems.
    gain = "gain_over_logarithmic_percent_points"
    assert hyperbola[f"{gain}_low"] < 0 < hyperbola[gain] < hyperbola[f"{gain}_high"]
    assert hyperbola["gain_over_linear_percent_points_low"] > 1
    assert energy["accuracy_slope_percent_joule"] > 0
    assert 0.4 < energy["accuracy_rank_correlation_low"] < RELATED
    assert operations["r2"] == pytest.approx(0.950, abs=0.0005)
    assert operations["mean_relative_error"] == pytest.approx(0.33, abs=0.005)
    assert operations["rank_correlation_low"] > 0.9
    assert operations["held_out_relative_error_low"] > 0.1


def test_what_a_board_has_no_rows_for_cannot_be_told() -> None:
    verdicts = [each.verdict for each in four_findings(XEON)]
    assert verdicts == [UNDECIDED, UNDECIDED, UNDECIDED, HOLDS]
    nothing = XEON.where(np.zeros(len(XEON), dtype=np.bool_))
    assert {each.verdict for each in four_findings(nothing)} == {UNDECIDED}
    assert statements(nothing) == ()


LINES = {
    "net power 11.8 W": (AGREES, "11.82 W and 0.71 W over 82 points"),
    "idle power 1.30 W": (AGREES, "1.30 W"),
    "AlexNet is about 3 times faster": (AGREES, "3.23 times"),
    "both AlexNets gain 80 images/s": (AGREES, "80.0 and 79.9"),
    "VGG takes a fifth of a second": (AGREES, "161 and 190 ms"),
    "time per image is linear in operations": (
        PARTLY,
        "R2 0.950, but a mean relative error of 33%",
    ),
    "memory at small batches has a floor": (AGREES, "203 to 208 MB"),
    "then it is linear in the parameters' size": (PARTLY, "max(200, 1.30 x size) fits alexnet"),
    "the highest accuracy falls linearly": (
        AGREES,
        "73.9 % (batch 1), 76.2 % (batch 16), 77.1 % (all",
    ),
    "ENet has 13 times": (AGREES, "13.03 and 23.7 times"),
    "if energy is a concern": (DISAGREES, "bn-nin 2.2, resnet-18 2.9, inception-v4 10.2"),
    "accuracy depends hyperbolically on operations": (AGREES, "R2"),
    "power is low where the forward pass is slow": (
        AGREES,
        "10.18 W; 10.05 and 10.04 W, with VGG-16's time +20%",
    ),
    "the newest ResNets and Inceptions lead": (DISAGREES, "5.25 points"),
    "batch 16 is the largest": (AGREES, "batch 16"),
    "memory against batch has a knee": (AGREES, "203, 205, 256, 640, 1412 MB"),
}


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_paper(line: str) -> None:
    verdict, found = LINES[line]
    (statement,) = (each for each in statements(TX1) if each.paper.startswith(line))
    assert statement.verdict == verdict
    assert found in statement.found
    assert statement.numbers and all(map(math.isfinite, statement.numbers.values()))


def test_no_line_is_left_out_or_made_up() -> None:
    assert len(statements(TX1)) == len(LINES)


def test_power_that_rises_with_the_network_does_not_hold() -> None:
    order = {name: place for place, name in enumerate(np.unique(TX1.names).tolist())}
    rising = replace(TX1, power_w=np.array([5.0 + 2 * order[name] for name in TX1.names.tolist()]))
    finding = power_is_constant(rising)
    assert finding.verdict == NOT
    assert finding.numbers["variance_share_of_networks"] == pytest.approx(1)
    constant = replace(TX1, power_w=np.full(len(TX1), 11.8))
    assert power_is_constant(constant).verdict == HOLDS


def test_a_logarithmic_world_is_not_taken_for_a_hyperbolic_one() -> None:
    logarithmic = replace(TX1, top1=20 + 10 * np.log(TX1.time_ms))
    finding = accuracy_is_hyperbolic(logarithmic)
    assert finding.verdict == NOT
    assert finding.numbers["logarithmic_error_percent_points"] < 1e-6
    hyperbolic = replace(TX1, top1=80 - 200 / TX1.time_ms)
    assert accuracy_is_hyperbolic(hyperbolic).verdict == HOLDS


def test_time_that_follows_operations_exactly_holds_and_noise_does_not() -> None:
    exact = replace(TX1, time_ms=5 + TX1.operations / 1e9)
    assert operations_estimate_time(exact).verdict == HOLDS
    falling = replace(TX1, time_ms=1e13 / TX1.operations)
    assert operations_estimate_time(falling).verdict == NOT


def test_gross_power_that_is_alike_does_not_show_net_power_to_be() -> None:
    gross = replace(TX1, power_w=np.full(len(TX1), 11.8), power_kind=GROSS)
    finding = power_is_constant(gross)
    assert finding.verdict == UNDECIDED
    assert finding.said.startswith(GROSS)


def test_power_that_follows_the_operations_does_not_hold_at_one_batch_size_either() -> None:
    rows = TX1.at(1)
    finding = power_is_constant(replace(rows, power_w=rows.operations / 1e9))
    assert finding.verdict == NOT
    assert finding.numbers["spread_with_operations_low"] > 0.5


def test_a_layout_takes_networks_and_batch_sizes_apart() -> None:
    """Exact products, one of them missing, by hand; then how far errors let them be known."""
    network, batch = np.array([0, 0, 0, 1, 1, 2, 2, 2]), np.array([1, 2, 4, 1, 2, 1, 2, 4])
    of_network, of_batch = np.array([5.0, 10.0, 20.0]), {1: 0.5, 2: 1.0, 4: 2.0}
    values = of_network[network] * [of_batch[each] for each in batch.tolist()]
    layout = Layout.of(values, network, batch)
    assert layout is not None
    assert layout.freedom == 8 - 3 - 2
    assert layout.networks == pytest.approx(np.log(of_network))
    assert layout.batches == pytest.approx(np.log([0.5, 1, 2]))
    assert layout.network_spread().value == pytest.approx(math.log(2))
    assert layout.farthest_batch().value == pytest.approx(math.log(2))
    noisy = Layout.of(values * np.exp(np.tile([0.1, -0.1], 4)), network, batch)
    assert noisy is not None
    spread, farthest = noisy.network_spread(), noisy.farthest_batch()
    assert spread.low < spread.value < spread.high
    assert farthest.low < farthest.value < farthest.high
    assert noisy.farthest_batch(together=True).high > farthest.high
    assert Layout.of(values[batch == 1], network[batch == 1], batch[batch == 1]) is None


WORLD_KINDS = [
    each
    for each in worlds()
    if each.name
    in (
        "power constant, 10% noise",
        "power: {'networks': 0.1}, 1% noise",
        "power: {'one_batch': 0.1}, 10% noise",
        "power: {'following': 0.3}, 10% noise",
        "power constant, 30% noise, one batch size",
        "accuracy hyperbolic, noise 1.0 and 0.0 points",
        "accuracy logarithmic, noise 1.0 and 0.0 points",
        "accuracy unrelated, noise 1.0 and 0.0 points",
        "energy correlates to 0.52, just enough",
        "energy correlates to 0.52, just too little",
        "energy correlates to 0.90",
        "energy independent",
        "energy correlates with operations alone",
        "time correlates to 0.52, just enough",
        "time correlates to 0.52, just too little",
        "time correlates to 0.90",
        "time independent",
    )
]

WORLDS = 60
"""So many of each kind are made up; chance alone adds 2.5 standard errors, 7 points, to the 5 %."""


@pytest.mark.parametrize("networks", [5, 14, 46])
def test_verdicts_are_wrong_in_few_made_up_worlds(networks: int) -> None:
    """Seeded; `tests/benchmarks/findings.py` prints the same of many more worlds."""
    shares = {world.name: world.shares(networks, WORLDS) for world in WORLD_KINDS}
    for world in WORLD_KINDS:
        assert shares[world.name].get(world.wrong, 0.0) <= 0.12, world.name
    said = {name: 1 - each.get(UNDECIDED, 0.0) for name, each in shares.items()}
    if networks == 46:  # not by saying nothing
        assert sum(each > 0.8 for each in said.values()) >= 8


def test_ranks_and_shares() -> None:
    x = np.array([1.0, 2.0, 2.0, 5.0])
    assert rank_correlation(x, x**3) == pytest.approx(1)
    assert rank_correlation(x, -x) == pytest.approx(-1)
    assert explained(
        np.array([1.0, 1.0, 3.0, 3.0]), np.array(["a", "a", "b", "b"])
    ) == pytest.approx(1)
    assert explained(
        np.array([1.0, 3.0, 1.0, 3.0]), np.array(["a", "a", "b", "b"])
    ) == pytest.approx(0)


def test_the_command_and_its_document(run: Run) -> None:
    plain = run("findings")
    assert plain.code == 0
    assert "1. power does not depend on the network or the batch size: holds\n" in plain.out
    assert "networks differ by 3% (2% to 6%), batch sizes by at most 1% (0% to 4%)" in plain.out
    assert max(map(len, plain.out.splitlines())) <= 80
    document = json.loads(run("findings", "--board", "xeon-2-cores-vm", "--json").out)
    assert document["schema"] == "advisor.findings/2"
    assert [each["verdict"] for each in document["findings"]] == [
        UNDECIDED,
        UNDECIDED,
        UNDECIDED,
        HOLDS,
    ]
    assert [each["numbers"] for each in document["statements"]] == [
        each.numbers for each in findings("xeon-2-cores-vm").statements
    ]
    jsonschema.validate(document, json.loads(run("schema", "findings").out))
    assert run("findings", "--board", "nosuch").code == 2
    assert "did you mean 'findings'?" in run("schema", "finding").err


def test_networks_without_a_cost_or_a_second_row_are_no_reason_to_fail() -> None:
    unknown = replace(TX1, operations=np.full(len(TX1), np.nan), params=np.full(len(TX1), np.nan))
    assert operations_estimate_time(unknown).verdict == UNDECIDED
    assert len(statements(unknown)) > 5
    assert power_is_constant(TX1.at(1)).verdict == UNDECIDED
    assert power_is_constant(unknown.at(1)).verdict == UNDECIDED


def test_one_question_opens_the_catalog_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    open_ = Catalog.open

    def counted(folder: object = None) -> Catalog:
        opened.append(folder)
        return open_(folder)  # type: ignore[arg-type]

    monkeypatch.setattr(Catalog, "open", counted)
    for board in ("jetson-tx1", "raspberry-pi-4*"):
        assert run("findings", "--board", board).code == 0
    assert len(opened) == 2
