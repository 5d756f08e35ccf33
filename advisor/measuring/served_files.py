"""What a network is served from, on disk: how large it is; and what was quantised, kept where it stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from advisor.errors import AdvisorError, reason_of
from advisor.folders import WRITING
from advisor.measuring.evaluation_plan import EvaluationPlan
from advisor.measuring.runtimes.exports import export_folder
from advisor.measuring.tasks import Cell


def served_file(plan: EvaluationPlan, cell: Cell, prepared: str) -> Path | None:
    """The file that a cell is served from; `None` where code alone makes the network.

    Args:
        plan: the evaluation.
        cell: the cell.
        prepared: the file's name in the folder of exports; "" for none.
    """
    if prepared:
        return export_folder() / prepared
    task = plan.task(cell)
    beside = task.weights or (task.made_from if Path(task.made_from).is_file() else "")
    return Path(beside) if beside else None


def kept_beside(folder: Path, cell: Cell, path: Path) -> Path:
    """A copy of a quantised network that nothing drops: what was evaluated is what can be shipped.

    Args:
        folder: where it is to lie.
        cell: how it is run, which names it.
        path: the file in the folder of exports.

    Raises:
        AdvisorError: it cannot be written.
    """
    place = folder / f"{cell.runtime}-{cell.precision}{path.suffix}"
    try:
        for suffix in (".bin", path.suffix) if path.suffix == ".xml" else (path.suffix,):
            begun = place.with_name(f"{WRITING}{os.getpid()}-{place.stem}{suffix}")
            try:
                shutil.copyfile(path.with_suffix(suffix), begun)
                begun.replace(place.with_suffix(suffix))
            finally:
                begun.unlink(missing_ok=True)  # what there was no room for
    except OSError as error:
        raise AdvisorError(f"{place}: {reason_of(error)}", "make room, then run it again") from None
    return place
