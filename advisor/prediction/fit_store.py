"""A board's `fit.yaml`: its models as plain numbers that a person can read and diff.

What other boards predict lies beside it as a table, `transferred.csv`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from advisor.catalog.fields import Fields
from advisor.catalog.measurements_table import read_measurements
from advisor.catalog.records import Architecture, Board, Measurements, Metered
from advisor.catalog.writing import Row, measurements_csv, write_whole
from advisor.catalog.yaml_file import read_yaml
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.prediction.board_model import (
    TRANSFERRED,
    BoardFit,
    Transfer,
    TransferErrors,
    digest_of,
    fingerprint,
)
from advisor.prediction.model import Errors, FittedModel, Form, HeldOut, Model, needs
from advisor.prediction.rows import METRICS, variants
from advisor.prediction.terms import COLUMNS, TERMS
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
    """Write a board's models into its folder.

    Raises:
        AdvisorError: the file cannot be written.
    """
    lines = [COMMENT, f'fingerprint: "{fit.fingerprint}"']
    lines += [f"residuals_from: {fit.residuals_from}"] if fit.residuals_from else []
    if fit.transfer:
        lines += transfer_lines(fit.transfer, write_rows(folder, fit.transfer.rows))
    lines.append("laws:" if fit.models else "laws: {}")
    for (runtime, precision), metrics in fit.models.items():
        lines.append(f"  {runtime}+{precision}:")
        for metric, models in metrics.items():
            lines.append(f"    {metric}:")
            for place, model in enumerate(models, start=1):
                lines += [f"      law-{place}:", *_fitted_lines(model)]
    path = folder / FILE
    write_whole(path, "\n".join(lines) + "\n")
    if not fit.transfer:
        forget_rows(folder)
    return path


def _fitted_lines(fitted: FittedModel) -> list[str]:
    lines = [f"        {line}" for line in _model_lines(fitted.model)]
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
        lines += [f"            {line}" for line in _model_lines(each.model)]
        lines.append(f"            residuals: {_mapping(each.residuals)}")
        if each.residuals_unseen:
            lines.append(f"            residuals_unlike: {_mapping(each.residuals_unseen)}")
    return lines


def _model_lines(model: Model) -> list[str]:
    return [
        f"branch-{place}: {_mapping(dict(zip(terms, coefficients, strict=True)))}"
        for place, (terms, coefficients) in enumerate(
            zip(model.form, model.coefficients, strict=True), start=1
        )
    ]


def _mapping(values: Mapping[str, float] | Mapping[int, float]) -> str:
    return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in values.items()) + "}"


def _text(value: float) -> str:
    """Six digits; what is next to nothing is nothing, as the reader of numbers has it."""
    return "0" if abs(value) < 1e-9 else f"{value:.6g}"


def read_fit(folder: Path) -> BoardFit | None:
    """A board's models; `None` where it has none.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    path = folder / FILE
    if not path.exists():
        return None
    file = Fields(path, read_yaml(path, LARGEST_BYTES))
    told = file.text("fingerprint", required=True)
    residuals_from = file.name("residuals_from")
    models: dict[tuple[str, str], dict[str, tuple[FittedModel, ...]]] = {}
    inner = file.inner("laws", required=True)
    for name, fields in inner.blocks() if inner else ():
        runtime, plus, precision = name.rpartition("+")
        if not plus:
            file.note(fields.block.mark, shown(name), "RUNTIME+PRECISION")
        models[runtime, precision] = {
            metric: tuple(_fitted(each) for _, each in theirs.blocks())
            for metric in METRICS
            if (theirs := fields.inner(metric))
        }
        fields.leftovers()
    transfer = read_transfer(file, folder)
    file.finish()
    return BoardFit(told, models, residuals_from, transfer)


def _fitted(fields: Fields) -> FittedModel:
    model = _model(fields)
    held_out = fields.inner("held_out")
    folds = [_held_out(name, each) for name, each in held_out.blocks()] if held_out else []
    fitted = FittedModel(model, tuple(folds), _seen(fields, model.form), _errors(fields))
    fields.leftovers()
    return fitted


def _model(fields: Fields) -> Model:
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
        fields.note(fields.block.mark, "no coefficient above zero", "a model that tells something")
    return Model(tuple(form), tuple(coefficients))


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
    model = _model(fields)
    residuals = _residuals(fields, "residuals", required=True)
    unseen = _residuals(fields, "residuals_unlike", required=False)
    fields.leftovers()
    return HeldOut(name, model, residuals or {1: 0.0}, unseen)


def _residuals(fields: Fields, key: str, *, required: bool) -> dict[int, float]:
    """How far a model was off, by batch size."""
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
    """A board's models if they are of its present rows, else why there are none.

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
    if not set(fit.models) <= set(variants(table)):
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


PREDICTIONS = "transferred.csv"
INTERVAL_COLUMNS = {
    "latency_ms": ("latency_ms", "latency_low_ms", "latency_high_ms"),
    "net_power_w": ("net_power_w", "net_power_low_w", "net_power_high_w"),
    "memory_mb": ("memory_mb", "memory_low_mb", "memory_high_mb"),
}


def write_rows(folder: Path, rows: Measurements) -> str:
    """Write the predictions into a board's folder.

    Returns:
        What tells their content.

    Raises:
        AdvisorError: the file cannot be written.
    """
    text = measurements_csv(_written(rows))
    write_whole(folder / PREDICTIONS, text)
    return _digest(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def forget_rows(folder: Path) -> None:
    """Drop the predictions of an earlier fit, if there are any."""
    (folder / PREDICTIONS).unlink(missing_ok=True)


def _written(rows: Measurements) -> Iterator[Row]:
    for row in range(len(rows)):
        written: dict[str, str | int | float | None] = {
            name: labels.names[int(labels.index[row])]
            for name, labels in (
                ("architecture", rows.architecture),
                ("runtime", rows.runtime),
                ("precision", rows.precision),
            )
        }
        written |= {"batch": int(rows.batch[row]), "origin": "predicted", "source": TRANSFERRED}
        for metric, names in INTERVAL_COLUMNS.items():
            metered: Metered = getattr(rows, metric)
            for name, column in zip(names, metered.values, strict=True):
                value = float(column[row])
                written[name] = None if math.isnan(value) else value
        yield written


def transfer_lines(transfer: Transfer, table: str) -> list[str]:
    """What a transfer rests on, as lines of a board's `fit.yaml`.

    Args:
        transfer: the transfer.
        table: what `write_rows` returned, so that the predictions and these lines go together.
    """
    lines = ["transfer:", f'  table: "{table}"', "  references:"]
    lines += [f'    {name}: "{digest}"' for name, digest in transfer.references.items()]
    lines.append("  errors:")
    for (runtime, precision), metrics in transfer.errors.items():
        lines.append(f"    {runtime}+{precision}:")
        for metric, each in metrics.items():
            told = f"networks: {each.networks}, mean: {each.mean:.6g}, density: {each.density:.6g}"
            lines.append(f"      {metric}: {{{told}}}")
    return lines


def read_transfer(fields: Fields, folder: Path) -> Transfer | None:
    """A board's transfer; `None` where its `fit.yaml` names none.

    Faults of `fit.yaml` are noted in `fields`.

    Raises:
        BrokenFileError: the table of predictions is broken.
    """
    inner = fields.inner("transfer")
    if inner is None:
        return None
    written_with = inner.text("table", required=True)
    named = inner.inner("references", required=True)
    references = {name: named.text(name) for name in named.block.entries} if named else {}
    errors: dict[tuple[str, str], dict[str, TransferErrors]] = {}
    variants = inner.inner("errors")
    for name, each in variants.blocks() if variants else ():
        runtime, plus, precision = name.rpartition("+")
        if not plus:
            fields.note(each.block.mark, shown(name), "RUNTIME+PRECISION")
        errors[runtime, precision] = {
            metric: _transfer_errors(told)
            for metric in INTERVAL_COLUMNS
            if (told := each.inner(metric))
        }
        each.leftovers()
    if named:
        named.leftovers()
    inner.leftovers()
    path = folder / PREDICTIONS
    rows = read_measurements(path, None, {TRANSFERRED})
    if _digest(path.read_text(encoding="utf-8")) != written_with:
        found = "predictions of another fit"
        raise BrokenFileError([Fault(path, 0, "", found, "those that fit.yaml was written with")])
    return Transfer(references, errors, rows)


def _transfer_errors(fields: Fields) -> TransferErrors:
    networks = fields.quantity("networks", NUMBER, required=True)
    mean = fields.quantity("mean", NUMBER, required=True, zero_allowed=True)
    text = fields.text("density", required=True)
    try:
        density = float(text)
    except ValueError:
        density = math.nan
    if not math.isfinite(density):
        fields.note(fields.block.mark, shown(text), "a number for 'density'")
    fields.leftovers()
    return TransferErrors(int(networks or 0), mean or 0.0, density)
