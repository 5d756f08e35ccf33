"""A board's `fit.yaml`: its laws as plain numbers that a person can read and diff."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from advisor.catalog.fields import Fields
from advisor.catalog.records import Architecture, Board, Measurements
from advisor.catalog.writing import write_whole
from advisor.catalog.yaml_file import read_yaml
from advisor.errors import AdvisorError, closest, shown
from advisor.prediction.board_fit import METRICS, BoardFit, fingerprint, variants
from advisor.prediction.law import Errors, FittedLaw, Form, HeldOut, Law, needs
from advisor.prediction.terms import COLUMNS, TERMS
from advisor.prediction.transfer.transfer import digest_of
from advisor.prediction.transfer.transfer_file import (
    forget_rows,
    read_transfer,
    transfer_lines,
    write_rows,
)
from advisor.quantities import Dimension

FILE = "fit.yaml"
COMMENT = "# Written by `advisor fit`; fitting writes it again."
LARGEST_BYTES = 20_000_000
"""A hundred networks by a dozen runtimes and precisions come to a tenth of that."""
MOST_RESIDUAL = 100
"""No logarithm of a ratio is believed beyond this."""

NUMBER = Dimension("a number", "", {"": Decimal(1)}, "0.5", 1e15)
_ERRORS = ("mean", "median", "within_10", "within_25")
_INTERVALS = ("coverage", "width")


def write_fit(folder: Path, fit: BoardFit) -> Path:
    """Write a board's laws into its folder.

    Raises:
        AdvisorError: the file cannot be written.
    """
    lines = [COMMENT, f'fingerprint: "{fit.fingerprint}"']
    lines += [f"residuals_from: {fit.residuals_from}"] if fit.residuals_from else []
    if fit.transfer:
        lines += transfer_lines(fit.transfer, write_rows(folder, fit.transfer.rows))
    lines.append("laws:" if fit.laws else "laws: {}")
    for (runtime, precision), metrics in fit.laws.items():
        lines.append(f"  {runtime}+{precision}:")
        for metric, laws in metrics.items():
            lines.append(f"    {metric}:")
            for place, law in enumerate(laws, start=1):
                lines += [f"      law-{place}:", *_fitted_lines(law)]
    path = folder / FILE
    write_whole(path, "\n".join(lines) + "\n")
    if not fit.transfer:
        forget_rows(folder)
    return path


def _fitted_lines(fitted: FittedLaw) -> list[str]:
    lines = [f"        {line}" for line in _law_lines(fitted.law)]
    seen = [f"{name}: {{least: {a:.12g}, most: {b:.12g}}}" for name, (a, b) in fitted.seen.items()]
    lines += ["        seen:", *(f"          {line}" for line in seen)]
    if fitted.errors:
        told = {name: getattr(fitted.errors, name) for name in ("architectures", "rows", *_ERRORS)}
        told |= {
            name: value
            for name in _INTERVALS
            if (value := getattr(fitted.errors, name)) is not None
        }
        lines.append(f"        errors: {_mapping(told)}")
    if fitted.held_out:
        lines.append("        held_out:")
    for each in fitted.held_out:
        lines.append(f"          {each.architecture}:")
        lines += [f"            {line}" for line in _law_lines(each.law)]
        lines.append(f"            residuals: {_mapping(each.residuals)}")
        if each.residuals_unlike:
            lines.append(f"            residuals_unlike: {_mapping(each.residuals_unlike)}")
    return lines


def _law_lines(law: Law) -> list[str]:
    return [
        f"branch-{place}: {_mapping(dict(zip(terms, coefficients, strict=True)))}"
        for place, (terms, coefficients) in enumerate(
            zip(law.form, law.coefficients, strict=True), start=1
        )
    ]


def _mapping(values: Mapping[str, float] | Mapping[int, float]) -> str:
    return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in values.items()) + "}"


def _text(value: float) -> str:
    """Six digits; what is next to nothing is nothing, as the reader of numbers has it."""
    return "0" if abs(value) < 1e-9 else f"{value:.6g}"


def read_fit(folder: Path) -> BoardFit | None:
    """A board's laws; `None` where it has none.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    path = folder / FILE
    if not path.exists():
        return None
    file = Fields(path, read_yaml(path, LARGEST_BYTES))
    told = file.text("fingerprint", required=True)
    residuals_from = file.name("residuals_from")
    laws: dict[tuple[str, str], dict[str, tuple[FittedLaw, ...]]] = {}
    inner = file.inner("laws", required=True)
    for name, fields in inner.blocks() if inner else ():
        runtime, plus, precision = name.rpartition("+")
        if not plus:
            file.note(fields.block.mark, shown(name), "RUNTIME+PRECISION")
        laws[runtime, precision] = {
            metric: tuple(_fitted(each) for _, each in theirs.blocks())
            for metric in METRICS
            if (theirs := fields.inner(metric))
        }
        fields.leftovers()
    transfer = read_transfer(file, folder)
    file.finish()
    return BoardFit(told, laws, residuals_from, transfer)


def _fitted(fields: Fields) -> FittedLaw:
    law = _law(fields)
    held_out = fields.inner("held_out")
    folds = [_held_out(name, each) for name, each in held_out.blocks()] if held_out else []
    fitted = FittedLaw(law, tuple(folds), _seen(fields, law.form), _errors(fields))
    fields.leftovers()
    return fitted


def _law(fields: Fields) -> Law:
    branches = [
        inner
        for place in (1, 2)
        if (inner := fields.inner(f"branch-{place}", required=place == 1)) is not None
    ]
    form, coefficients = [], []
    for branch in branches:
        terms = tuple(branch.block.entries)
        for term in terms:
            if term not in TERMS:
                mark = branch.block.key_marks[term]
                branch.note(
                    mark, f"the term {shown(term)}", f"a known term ({closest(term, TERMS)})"
                )
        form.append(tuple(term for term in terms if term in TERMS))
        coefficients.append(tuple(_number(branch, term) for term in terms if term in TERMS))
        if not terms:
            branch.note(branch.block.mark, "no terms", "at least one")
    if not any(each > 0 for branch in coefficients for each in branch):
        fields.note(fields.block.mark, "no coefficient above zero", "a law that tells something")
    return Law(tuple(form), tuple(coefficients))


def _number(fields: Fields, key: str) -> float:
    value = fields.quantity(key, NUMBER, required=True, zero_allowed=True)
    return value if value is not None else 1.0


def _signed(fields: Fields, key: str) -> float:
    """A number that may be negative."""
    text = fields.text(key, required=True)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) < MOST_RESIDUAL:
        mark = fields.block.entries[key].mark
        fields.note(mark, shown(text), f"a number between -{MOST_RESIDUAL} and {MOST_RESIDUAL}")
        return 0.0
    return value


def _held_out(name: str, fields: Fields) -> HeldOut:
    law = _law(fields)
    residuals = _residuals(fields, "residuals", required=True)
    unlike = _residuals(fields, "residuals_unlike", required=False)
    fields.leftovers()
    return HeldOut(name, law, residuals or {1: 0.0}, unlike)


def _residuals(fields: Fields, key: str, *, required: bool) -> dict[int, float]:
    """How far a law was off, by batch size."""
    inner = fields.inner(key, required=required)
    if inner is None:
        return {}
    sizes = [each for each in inner.block.entries if each.isdecimal() and int(each)]
    found = {int(each): _signed(inner, each) for each in sizes}
    inner.leftovers()
    if not found:
        inner.note(inner.block.mark, "no residuals", "one by batch size, like {1: 0.2}")
    return found


def _seen(fields: Fields, form: Form) -> dict[str, tuple[float, float]]:
    inner = fields.inner("seen", required=True)
    seen = {}
    for name in COLUMNS:
        if inner and (name in needs(form) or name == "batch"):
            both = inner.inner(name, required=True)
            if both:
                seen[name] = _number(both, "least"), _number(both, "most")
                both.leftovers()
    if inner:
        inner.leftovers()
    return seen


def _errors(fields: Fields) -> Errors | None:
    inner = fields.inner("errors")
    if inner is None:
        return None
    counts = [int(_number(inner, name)) for name in ("architectures", "rows")]
    told = [_number(inner, name) for name in _ERRORS]
    interval = [inner.quantity(name, NUMBER, zero_allowed=True) for name in _INTERVALS]
    inner.leftovers()
    return Errors(*counts, *told, *interval)


def current_fit(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture]
) -> tuple[BoardFit | None, str]:
    """A board's laws if they are of its present rows, else why there are none.

    Returns:
        The fit and "", or `None` and the reason, which names the mend.
    """
    try:
        fit = read_fit(board.folder)
    except AdvisorError as error:
        return None, f"{error}; {_mend(board)}"
    if fit is None:
        return None, f"board {board.name} has no fit; {_mend(board)}"
    fault = _fault(board, table, architectures, fit)
    return (None, f"{fault}; {_mend(board)}") if fault else (fit, "")


def _fault(
    board: Board, table: Measurements, architectures: Mapping[str, Architecture], fit: BoardFit
) -> str:
    """Why a fit is not of these rows; "" where it is."""
    if fit.fingerprint != fingerprint(board, table, architectures):
        return f"the fit of board {board.name} is stale"
    if changed := _changed_references(board, fit):
        return f"{changed}, which the fit of {board.name} rests on, changed or went"
    if not set(fit.laws) <= set(variants(table)):
        return f"the fit of board {board.name} is of runtimes that it has no rows of"
    return ""


def _changed_references(board: Board, fit: BoardFit) -> str:
    """Which reference boards are not what they were, in words; "" if all are."""
    references = fit.transfer.references if fit.transfer else {}
    boards = board.folder.parent
    changed = [name for name, told in references.items() if digest_of(boards, name) != told]
    return f"board {', '.join(changed)}" if changed else ""


def _mend(board: Board) -> str:
    """How to fit a board anew in the way in which it is fitted, the boards left out that are gone."""
    boards = board.folder.parent
    like = [name for name in references_before(board.folder) if digest_of(boards, name)]
    return " ".join(["run: advisor fit", board.name, *(f"--like {name}" for name in like)])


def references_before(folder: Path) -> tuple[str, ...]:
    """The reference boards that a board's `fit.yaml` names, whatever else is wrong with it."""
    try:
        inner = Fields(folder / FILE, read_yaml(folder / FILE, LARGEST_BYTES)).inner("transfer")
    except AdvisorError:
        return ()
    named = inner.inner("references") if inner else None
    return tuple(named.block.entries) if named else ()
