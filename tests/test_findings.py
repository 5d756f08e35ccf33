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
from advisor.paper.evidence import Evidence, explained, rank_correlation
from advisor.paper.four_findings import (
    HOLDS,
    IN_PART,
    NOT,
    UNKNOWN,
    accuracy_is_hyperbolic,
    four_findings,
    operations_estimate_time,
    power_is_constant,
)
from advisor.paper.statements import AGREES, DISAGREES, PARTLY, statements
from tests.conftest import Run

TX1 = Evidence.of(Catalog.open(), "jetson-tx1")
XEON = Evidence.of(Catalog.open(), "xeon-2-cores-vm")


def test_the_papers_findings_on_its_own_board() -> None:
    verdicts = [each.verdict for each in four_findings(TX1)]
    assert verdicts == [IN_PART, HOLDS, HOLDS, IN_PART]
    power, hyperbola, energy, operations = (each.numbers for each in four_findings(TX1))
    assert power["mean_w"] == pytest.approx(11.82, abs=0.005)
    assert power["standard_deviation_w"] == pytest.approx(0.71, abs=0.005)
    assert power["batch_sizes_equivalent"] == power["batch_sizes"] == 7
    assert (
        hyperbola["hyperbolic_error_percent_points"] < hyperbola["logarithmic_error_percent_points"]
    )
    assert energy["accuracy_slope_percent_joule"] > 0
    assert operations["r2"] == pytest.approx(0.950, abs=0.0005)
    assert operations["mean_relative_error"] == pytest.approx(0.33, abs=0.005)


def test_what_a_board_has_no_rows_for_is_unknown() -> None:
    verdicts = [each.verdict for each in four_findings(XEON)]
    assert verdicts == [UNKNOWN, NOT, UNKNOWN, IN_PART]
    nothing = XEON.where(np.zeros(len(XEON), dtype=np.bool_))
    assert {each.verdict for each in four_findings(nothing)} == {UNKNOWN}
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
    random = np.random.default_rng(0)
    noise = replace(TX1, time_ms=random.uniform(1, 1000, len(TX1)))
    assert operations_estimate_time(noise).verdict == NOT


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
    assert "1. power does not depend on the network or the batch size: holds in part" in plain.out
    assert max(map(len, plain.out.splitlines())) <= 80
    document = json.loads(run("findings", "--board", "xeon-2-cores-vm", "--json").out)
    assert document["schema"] == "advisor.findings/2"
    assert [each["verdict"] for each in document["findings"]] == [UNKNOWN, NOT, UNKNOWN, IN_PART]
    assert [each["numbers"] for each in document["statements"]] == [
        each.numbers for each in findings("xeon-2-cores-vm").statements
    ]
    jsonschema.validate(document, json.loads(run("schema", "findings").out))
    assert run("findings", "--board", "nosuch").code == 2
    assert "did you mean 'findings'?" in run("schema", "finding").err


def test_networks_without_a_cost_or_a_second_row_are_no_reason_to_fail() -> None:
    unknown = replace(TX1, operations=np.full(len(TX1), np.nan), params=np.full(len(TX1), np.nan))
    assert operations_estimate_time(unknown).verdict == UNKNOWN
    assert len(statements(unknown)) > 5
    assert power_is_constant(TX1.at(1)).verdict == UNKNOWN
