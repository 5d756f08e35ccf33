"""How good are the decisions on a new board, after a handful of measurements?

    python -m tests.benchmarks.decisions --target FILE --reference FILE... --accuracy FILE \
        --measured 20 --queries 200 --seeds 50 --json OUT

The tables are timm's. The target is a board that is taken as new: `suggest` names the networks that are
measured on it, every method predicts the rest, and each query asks for the most accurate network within a
limit on the time per image. What is predicted, and what is picked, is held against the whole table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.files import write_whole
from advisor.prediction.transfer.suggestions import most_informative
from tests.benchmarks.decisions.methods import METHODS, TRIED, Errors, Predict, errors_of
from tests.benchmarks.decisions.queries import Judged, draw_limits_ms, judge, picks
from tests.benchmarks.decisions.standard_error import clustered
from tests.benchmarks.decisions.tables import Boards, read_boards
from tests.benchmarks.decisions.verification import Transfers, verified

if TYPE_CHECKING:
    from advisor.catalog.records import Floats, Integers

CURVE = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""The confidences of the curve of broken against lost."""

VERIFIED = "transfer with verification"


@dataclass(frozen=True)
class Asked:
    """What is tried.

    Attributes:
        measured: how many networks are measured at first.
        queries, seeds: how many queries for each of how many drawings of measurements.
        confidence: how sure picks have to be.
        most: how many measurements verification may spend.
    """

    measured: int
    queries: int
    seeds: int
    confidence: float
    most: int


def main() -> None:
    """Run it."""
    options = _options()
    asked = Asked(
        options.measured, options.queries, options.seeds, options.confidence, options.verify
    )
    boards = read_boards(options.target, options.reference, options.accuracy)
    lines = [f"{options.target.stem} as new board, predicted from {', '.join(boards.references)}"]
    lines.append(
        f"{len(boards.names)} networks ({boards.left_out} left out that a reference lacks), "
        f"{len(boards.rated)} of known accuracy; {asked.measured} measured, {asked.queries} queries, "
        f"{asked.seeds} seeds, confidence {asked.confidence:g}"
    )
    print("\n".join(lines), flush=True)
    results = {}
    for name, predict in ({**METHODS, **TRIED} if options.tried else METHODS).items():
        results[name] = run_method(boards, predict, asked)
        print(_line(name, results[name]), flush=True)
    if asked.most:
        results[VERIFIED] = run_verification(boards, asked)
        print(_line(VERIFIED, results[VERIFIED]), flush=True)
    if options.json:
        document = {
            "target": options.target.stem,
            "references": list(boards.references),
            "networks": len(boards.names),
            "asked": {each.name: getattr(asked, each.name) for each in fields(asked)},
            "methods": results,
        }
        write_whole(options.json, json.dumps(document, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--reference", type=Path, nargs="+", action="extend", required=True)
    parser.add_argument("--accuracy", type=Path, required=True)
    parser.add_argument("--measured", type=int, default=20)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--confidence", type=float, default=0.9)
    parser.add_argument("--verify", type=int, default=10, help="0 for no verification")
    parser.add_argument("--tried", action="store_true", help="what was tried before, too")
    parser.add_argument("--json", type=Path)
    options: argparse.Namespace = parser.parse_args()
    return options


def drawings(boards: Boards, asked: Asked) -> Iterator[tuple[Integers, Floats]]:
    """For each seed the places of the networks measured at first, and the limits that are asked."""
    networks = boards.evidence.described
    for seed in range(asked.seeds):
        chance = np.random.default_rng(seed)
        suggested = most_informative(boards.evidence, asked.measured, chance=chance)
        measured = networks.places(suggested)
        yield measured, draw_limits_ms(boards, asked.queries, chance)


def run_method(boards: Boards, predict: Predict, asked: Asked) -> dict[str, object]:
    """What a method predicted and picked, over all seeds."""
    errors: list[Errors] = []
    judged: dict[float, list[Judged]] = {each: [] for each in (*CURVE, asked.confidence)}
    for measured, limits_ms in drawings(boards, asked):
        predicted = predict(boards, measured)
        errors.append(errors_of(boards, measured, predicted))
        for confidence, those in judged.items():
            chosen = picks(boards, predicted, limits_ms, confidence)
            those.append(judge(boards, limits_ms, chosen, np.zeros(len(limits_ms))))
    return {
        **_errors(boards, errors),
        **_picks(judged[asked.confidence]),
        "curve": [{"confidence": each, **_picks(judged[each])} for each in CURVE],
    }


def run_verification(boards: Boards, asked: Asked) -> dict[str, object]:
    """What verification picked, beginning with the transfer."""
    judged = []
    for measured, limits_ms in drawings(boards, asked):
        transfers = Transfers(boards, measured)
        ended = [
            verified(transfers, each, asked.confidence, asked.most) for each in limits_ms.tolist()
        ]
        chosen, spent = zip(*ended, strict=True)
        judged.append(judge(boards, limits_ms, np.array(chosen), np.array(spent, dtype=np.float64)))
    return _picks(judged)


def _errors(boards: Boards, errors: Sequence[Errors]) -> dict[str, object]:
    relative, held, width = (
        np.array([getattr(each, name) for each in errors]) for name in ("relative", "held", "width")
    )
    families = np.array(boards.evidence.families, dtype=np.str_)
    return {
        "relative_error_mean": float(np.nanmean(relative)),
        "coverage": float(np.nanmean(held)),
        "coverage_standard_error": clustered(held, families),
        "width_median": float(np.nanmedian(width)),
    }


def _picks(judged: Sequence[Judged]) -> dict[str, object]:
    def mean(name: str) -> float | None:
        values = np.concatenate([getattr(each, name) for each in judged])
        return float(np.nanmean(values)) if np.any(~np.isnan(values)) else None

    answered = mean("answered")
    return {
        "broken": mean("broken"),
        "overrun_mean": mean("overrun"),
        "lost_mean": mean("lost"),
        "unanswered": None if answered is None else 1 - answered,
        "spent_mean": mean("spent"),
    }


def _line(name: str, result: dict[str, object]) -> str:
    def text(key: str, scale: float, unit: str, digits: int = 1) -> str:
        value = result.get(key)
        return f"{scale * value:.{digits}f}{unit}" if isinstance(value, float) else "-"

    parts = [
        f"{name:27}",
        f"error {text('relative_error_mean', 100, ' %')}",
        f"broken {text('broken', 100, ' %')}",
        f"overrun {text('overrun_mean', 100, ' %')}",
        f"lost {text('lost_mean', 1, '', 2)}",
        f"unanswered {text('unanswered', 100, ' %')}",
        f"in 90 % interval {text('coverage', 100, ' %')} "
        f"+-{text('coverage_standard_error', 100, '')}",
        f"width {text('width_median', 100, ' %', 0)}",
        f"spent {text('spent_mean', 1, '')}",
    ]
    return ", ".join(parts)


if __name__ == "__main__":
    main()
