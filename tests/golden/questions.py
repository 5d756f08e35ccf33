"""Questions drawn with a fixed seed, and what of an answer has to stay as it was.

    python -m tests.golden.questions

writes `answers.jsonl` anew from the code as it is: a line a question. Do so only where answers are meant to
change, in a commit of its own that says why.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import advisor

ANSWERS = Path(__file__).parent / "answers.jsonl"
QUESTIONS = 260
FRONTIERS = 40
SEED = 15
IMPORTED = "imported"
THREE = f"jetson-tx1,xeon-2-cores-vm,{IMPORTED}"
"""Not any: an answer that is kept is no matter of what else is shipped."""
BOARDS = ("jetson-tx1", "jetson-tx1", "xeon-2-cores-vm", "xeon-2-cores-vm", IMPORTED, THREE)
KEYS = (
    "accuracy_top1_percent",
    "latency_ms",
    "time_per_image_ms",
    "response_ms",
    "fps",
    "energy_j",
    "net_power_w",
    "average_power_w",
    "board_energy_j",
    "battery_hours",
    "memory_mb",
    "params",
    "operations",
)
RENAMED = {
    "latency_ms": "batch_latency_ms",
    "response": "latency",
    "accuracy_top1_percent": "accuracy_percent",
}
"""What is called otherwise since."""
IDENTITY = ("architecture", "weights", "board", "runtime", "precision", "batch")
LIMITS = {
    "fps": (1, 300, ""),
    "latency": (5, 1000, "ms"),
    "energy": (0.05, 5, "J"),
    "power": (2, 14, "W"),
    "memory": (150, 1500, "MB"),
    "accuracy": (55, 82, ""),
    "params": (1e6, 1e8, ""),
    "ops": (5e8, 3e10, ""),
    "hours": (1, 12, "h"),
}
CONDITIONS = (
    "time <= 20 ms",
    "batch-latency <= 90 ms",
    "net-power <= 6 W",
    "board-energy <= 0.9 J",
)
OBJECTIVES = (
    "accuracy",
    "accuracy",
    "fps",
    "energy",
    "latency",
    "memory",
    "accuracy within 1, energy",
    "accuracy within 3 points, fps within 20%, memory",
    "power within 10%, accuracy",
    "time",
)
AXES = ("time", "accuracy", "energy", "memory", "fps", "power", "params", "latency")
BAD = (
    ["pick", "--fps", "fast"],
    ["pick", "--energy", "0.5"],
    ["pick", "--board", "no-such-board"],
    ["pick", "--objective", "beauty"],
    ["pick", "--where", "params"],
    ["pick", "--accuracy", "0.7"],
    ["pick", "--fps", "30", "--where", "fps >= 20"],
    ["pick", "--hours", "8"],
    ["pick", "--architectures", "no-such-*"],
    ["pick", "--weights", "none-such"],
    ["pick", "--confidence", "2"],
    ["pick", "--explain", "no-such-net"],
    ["pick", "--top", "0"],
    ["pick", "--json", "--csv"],
    ["pick", "no-such-file.yaml"],
    ["frontier", "--x", "time", "--y", "time"],
    ["frontier", "--x", "hours"],
    ["plan", "no-such-file.yaml"],
    ["pick", "--fps", "100000"],
    ["pick", "--fps", "30", "--energy", "0.5J"],
    ["pick", "--fps", "30", "--accuracy", "80"],
    ["predict", "resnet-50"],
    ["predict", "--ops", "4.1G", "--params", "25.6M"],
    ["predict"],
    ["show", "resnet-18"],
    ["show", "no-such-net"],
    ["boards"],
    ["findings"],
    ["findings", "--board", "none"],
    ["compare", "jetson-tx1"],
    ["schema", "pick"],
    ["schema", "none"],
    ["catalog", "check"],
    ["fit", "no-such-board"],
    ["no-such-command"],
)
"""Command lines, right and wrong, of which the exit code counts."""


def questions() -> list[dict[str, Any]]:
    """The questions: picks, then frontiers, then command lines and plans."""
    draw = random.Random(SEED)
    asked: list[dict[str, Any]] = [{"pick": _options(draw)} for _ in range(QUESTIONS)]
    for _ in range(FRONTIERS):
        axes = draw.sample(AXES, draw.choice((2, 2, 3)))
        asked.append({"frontier": {**dict(zip("xyz", axes, strict=False)), **_options(draw)}})
    asked += [{"command": each} for each in BAD]
    asked += [{"plan": "catalog/requirements/plan-robot.yaml"}]
    return asked


def _options(draw: random.Random) -> dict[str, Any]:
    names = draw.sample(list(LIMITS), draw.choice((0, 1, 1, 2, 2, 2, 3, 3, 4)))
    options: dict[str, Any] = {"board": draw.choice(BOARDS)}
    for name in names:
        least, most, unit = LIMITS[name]
        figure = least * (most / least) ** draw.random()
        options[name] = f"{figure:.3g}{unit}" if name not in ("params", "ops") else f"{int(figure)}"
    if "hours" in names or draw.random() < 0.15:
        options["battery"] = f"{draw.choice((5, 10, 40))}Wh"
    if "latency" in names and draw.random() < 0.3:
        options["latency"] += draw.choice(("@p90", "@p99"))
    return options | _further(draw, options["board"])


def _further(draw: random.Random, board: str) -> dict[str, Any]:
    """Options beside the limits."""
    options: dict[str, Any] = {}
    if draw.random() < 0.2:
        options["where"] = draw.choice(CONDITIONS)
    if draw.random() < 0.5:
        options["objective"] = draw.choice(OBJECTIVES)
    if draw.random() < 0.3:
        options["confidence"] = draw.choice(("none", "0.5", "0.7", "0.99"))
    if draw.random() < 0.25 and board != THREE:
        options["candidates"] = "all"
    if draw.random() < 0.15:
        options["weights"] = "any"
    if draw.random() < 0.15:
        options["overhead"] = "3ms"
    if draw.random() < 0.1:
        options["batch"] = "1"
    return options


def make_catalog(folder: Path) -> Path:
    """A user's catalog with one board that was imported from a table like timm's."""
    drawn = np.random.default_rng(SEED)
    count = 40
    names = [f"made_up_network_{index}" for index in range(count)]
    gmacs = drawn.lognormal(1.0, 1.0, count).clip(0.05)
    top1 = (70 + 5 * np.log(gmacs) + drawn.normal(0, 3, count)).clip(20, 90)
    batches = drawn.choice([64, 128, 256], count)
    rates = 4000 / (gmacs + 0.5) * drawn.lognormal(0, 0.2, count)
    accuracies, table = folder / "results.csv", folder / "benchmark-infer-amp-nchw-made-up.csv"
    accuracies.write_text(
        "model,img_size,top1,top5\n"
        + "".join(
            f"{name}.a1_in1k,224,{one:.3f},95\n{name}.b2_in1k,224,{one - 2:.3f},95\n"
            for name, one in zip(names, top1, strict=True)
        )
    )
    table.write_text(
        "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,"
        "infer_gmacs,infer_macts\n"
        + "".join(
            f"{name},224,{rate:.2f},{1000 * batch / rate:.3f},{batch},"
            f"{6 * macs:.2f},{macs:.2f},{3 * macs:.2f}\n"
            for name, rate, batch, macs in zip(names, rates, batches, gmacs, strict=True)
        )
    )
    catalog = folder / "catalog"
    arguments = ["timm", table, "--board", IMPORTED, "--catalog", catalog, "--accuracy", accuracies]
    command = [sys.executable, "-m", "advisor", "import", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return catalog


def answer(
    question: Mapping[str, Any], catalog: Path, exit_code: Callable[[Sequence[str]], int]
) -> dict[str, Any]:
    """What is kept of the answer to one question.

    Args:
        question: one of `questions`.
        catalog: the folder that `make_catalog` made.
        exit_code: runs `advisor` with these arguments.
    """
    if "command" in question:
        return {"exit": exit_code(question["command"])}
    try:
        if "plan" in question:
            planned = advisor.plan(question["plan"])
            return {"chosen": [_named(each.candidate) for each in planned.chosen]}
        if "frontier" in question:
            found = advisor.frontier(catalog=catalog, **question["frontier"])
            return {
                "fitting": found.feasible,
                "pick": found.pick and _named(found.pick),
                "points": [_named(each) for each in found.points],
            }
        return _picked(advisor.pick(catalog=catalog, **question["pick"]))
    except advisor.AdvisorError as error:
        return {"exit": error.exit_code}


def _picked(told: advisor.Recommendation) -> dict[str, Any]:
    best = told.best
    return {
        "exit": 0 if best else 1,
        "considered": told.considered,
        "networks_fitting": told.networks_feasible,
        "rejected": sorted(
            [_key(each.constraint), each.rejected, each.unknown] for each in told.rejections
        ),
        "best": best and {**_named(best), "metrics": _metrics(best), "mark": best.mark},
        "alternatives": [_named(each) for each in told.alternatives],
        "relaxations": [
            {"to": {_key(each.constraint): _digits(each.limit) for each in offered.limits}}
            | _named(offered.candidate)
            for offered in (*told.relaxations, *([told.together] if told.together else []))
        ],
    }


def _key(constraint: Any) -> str:
    name, _, sense = constraint.key.partition(":")
    return ":".join(filter(None, [RENAMED.get(name, name), sense]))


def _named(candidate: advisor.Candidate) -> dict[str, Any]:
    identity = [getattr(candidate, name) for name in IDENTITY]
    return {"is": identity, "chance": _digits(candidate.chance)}


def _metrics(candidate: advisor.Candidate) -> dict[str, list[float | None]]:
    found = {key: candidate.metric(RENAMED.get(key, key)) for key in KEYS}
    return {
        key: [_digits(each.value), _digits(each.low), _digits(each.high)]
        for key, each in found.items()
        if each is not None
    }


def _digits(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.8g}")


def answers(catalog: Path) -> Iterator[dict[str, Any]]:
    """Every question with its answer."""
    for question in questions():
        yield {"question": question, "answer": answer(question, catalog, _exit_code)}


def _exit_code(arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", "advisor", *arguments]
    return subprocess.run(command, check=False, capture_output=True).returncode


def main() -> None:
    """Write the file of answers."""
    for name in ("ADVISOR_BOARD", "ADVISOR_CATALOG"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = os.environ["XDG_CACHE_HOME"] = folder
        lines = [json.dumps(each) + "\n" for each in answers(make_catalog(Path(folder)))]
    ANSWERS.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
