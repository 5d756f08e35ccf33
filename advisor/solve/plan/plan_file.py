"""The file that asks for a plan: strict, every fault with its line, column and nearest spelling."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from advisor.catalog.store import Catalog
from advisor.errors import shown
from advisor.quantities import MEMORY, POWER, Dimension
from advisor.solve.plan.workloads import OBJECTIVES, PlanRequest, Workload, check_own
from advisor.solve.question.reading import (
    default_board,
    read_confidence,
    read_overhead,
    read_requirements,
)
from advisor.solve.question.requirements import DEFAULT_CONFIDENCE
from advisor.solve.question.requirements_file import Question, all_told, read_whole

WEIGHT = Dimension("a weight", "", {"": Decimal(1)}, "2", 1e6)


def read_plan_file(path: Path, catalog: Catalog) -> PlanRequest:
    """Read what is asked.

    Args:
        path: the file.
        catalog: what boards and networks are known.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    file = Question(path, read_whole(path))
    request = _request(file, catalog)
    if request is None:
        raise all_told(file.faults)
    return request


def _request(file: Question, catalog: Catalog) -> PlanRequest | None:
    """The question; `None` where something in the file is at fault."""
    board = file.name("board", catalog.board_layers) or default_board()
    share = _share(file)
    memory_mb = file.quantity("memory", MEMORY)
    power_w = file.quantity("power", POWER)
    objective = file.name("objective", OBJECTIVES) or "accuracy"
    confidence = file.option("confidence", read_confidence)
    floor_mb = file.quantity("runtime_floor", MEMORY, zero_allowed=True)
    inner = file.inner("workloads", required=True)
    workloads = [
        _workload(name, Question(file.path, fields.block, file.faults), board, confidence)
        for name, fields in (inner.blocks() if inner else ())
    ]
    if inner and not inner.block.entries:
        inner.note(inner.block.mark, "no workloads", "at least one")
    file.leftovers()
    if file.faults:
        return None
    return PlanRequest(
        board=board,
        workloads=tuple(each for each in workloads if each is not None),
        share=share,
        memory_mb=memory_mb,
        power_w=power_w,
        objective=objective,
        confidence=DEFAULT_CONFIDENCE if confidence is None else read_confidence(confidence),
        runtime_floor_mb=floor_mb,
    )


def _workload(name: str, fields: Question, board: str, confidence: str | None) -> Workload | None:
    """One workload; `None` where something in it is at fault."""
    faults = len(fields.faults)
    limits = fields.limits("require", check_own)
    if len(fields.faults) == faults and not any(each.sets_rate for each in limits):
        fields.note(fields.block.mark, f"no frame rate of {name!r}", "require: {fps: '>= 15'}, say")
    weight = fields.quantity("weight", WEIGHT)
    overhead = fields.option("overhead", read_overhead)
    options = fields.candidates("candidates")
    fields.leftovers()
    if fields.faults:
        return None
    requirements = read_requirements(
        {},
        beneath=limits,
        board=board,
        overhead=overhead,
        confidence=confidence,
        **options,  # type: ignore[arg-type]
    )
    return Workload(name, requirements, 1.0 if weight is None else weight)


def _share(fields: Question) -> float:
    """The share of the board's time, "80%" or "0.8"."""
    text = fields.text("share")
    if not text:
        return 1.0
    match = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < share <= 1:
        expected = "a share of the board's time like '80%', above 0 and at most 100%"
        fields.note(fields.block.entries["share"].mark, shown(text), expected)
        return 1.0
    return share
