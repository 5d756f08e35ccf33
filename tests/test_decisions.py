"""The benchmark of decisions on a new board, on made-up tables like timm's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.decisions.__main__ import main
from tests.benchmarks.decisions.queries import judge, picks
from tests.benchmarks.decisions.standard_error import clustered
from tests.benchmarks.decisions.tables import Boards, read_boards
from tests.test_transfer import made_up

HEADER = (
    "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,"
    "infer_gmacs,infer_macts"
)


@pytest.fixture
def tables(tmp_path: Path) -> list[Path]:
    """A new board, two references, and accuracies."""
    names, _, costs, boards = made_up(80, 3)
    paths = []
    for board, logs in zip(("first", "second", "new"), boards, strict=True):
        rows = [
            f"{name.partition('@')[0]},224,{1000 / time_ms:.4f},{time_ms:.5f},1,{params:.4f},"
            f"{operations:.4f},{activations:.4f}"
            for name, time_ms, (operations, activations, params) in zip(
                names, np.exp(logs + 3).tolist(), np.exp(costs).tolist(), strict=True
            )
        ]
        paths.append(tmp_path / f"benchmark-infer-fp32-{board}.csv")
        paths[-1].write_text("\n".join([HEADER, *rows]) + "\n")
    tops = [f"{name.partition('@')[0]},224,{50 + row % 40}" for row, name in enumerate(names)]
    paths.append(tmp_path / "results.csv")
    paths[-1].write_text("\n".join(["model,img_size,top1", *tops]) + "\n")
    first, second, new, accuracies = paths
    return [new, first, second, accuracies]


@pytest.fixture
def boards(tables: list[Path]) -> Boards:
    new, *references, accuracies = tables
    return read_boards(new, references, accuracies)


def test_it_judges_every_method_and_keeps_what_it_found(
    tables: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    new, first, second, accuracies = map(str, tables)
    out = tmp_path / "out.json"
    asked = ["--target", new, "--reference", first, second, "--accuracy", accuracies]
    counts = ["--measured", "12", "--queries", "20", "--seeds", "2", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", ["decisions", *asked, *counts])
    main()
    document = json.loads(out.read_text())
    methods = document["methods"]
    assert document["networks"] == 80
    assert set(methods) == {
        "operations law",
        "three cost terms",
        "transfer",
        "transfer with verification",
    }
    errors = {name: each.get("relative_error_mean") for name, each in methods.items()}
    assert errors["transfer"] < errors["operations law"]
    verified = methods["transfer with verification"]
    assert 0 <= verified["spent_mean"] <= 10
    assert verified["lost_mean"] <= methods["transfer"]["lost_mean"]
    assert capsys.readouterr().out.count("\n") == 6


def test_who_knows_everything_loses_nothing(boards: Boards) -> None:
    from advisor.catalog.records import Values

    truth = Values(boards.time_ms, boards.time_ms, boards.time_ms)
    limits_ms = np.quantile(boards.time_ms, [0.1, 0.5, 0.9])
    judged = judge(boards, limits_ms, picks(boards, truth, limits_ms, 0.9), np.zeros(3))
    assert judged.lost.tolist() == [0, 0, 0]
    assert judged.broken.tolist() == [0, 0, 0]
    twice = Values(*(each / 2 for each in truth))
    fooled = judge(boards, limits_ms, picks(boards, twice, limits_ms, 0.9), np.zeros(3))
    assert np.nansum(fooled.broken) > 0


def test_the_standard_error_is_the_usual_one_only_where_nothing_errs_together() -> None:
    random = np.random.default_rng(0)
    hits = (random.random((400, 100)) < 0.9).astype(float)
    names = np.arange(100).astype(np.str_)
    usual = hits.std() / np.sqrt(hits.size)
    assert clustered(hits, names) == pytest.approx(usual, rel=0.3)
    alike = np.repeat(hits[:, :10], 10, axis=1)  # ten families, whose ten members err together
    families = np.repeat(names[:10], 10)
    assert clustered(alike, families) == pytest.approx(usual * np.sqrt(10), rel=0.5)
    by_seed = np.repeat(
        hits[:, :1], 100, axis=1
    )  # all that one set of measurements shows errs together
    assert clustered(by_seed, names) == pytest.approx(usual * 10, rel=0.3)
