"""A board's `fit.json`: its models as plain numbers, a line each, that a person can read and diff.

What other boards predict lies beside it as a table, `transferred.csv`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from advisor.catalog.files import SHIPPED, remove, write_whole
from advisor.catalog.json_file import LARGEST, JsonReading, Place
from advisor.catalog.measurements_table import Row, measurements_csv, read_measurements
from advisor.catalog.records import Architecture, Board, Measurements, Metered
from advisor.catalog.run_as import Variant
from advisor.catalog.writers import catalog_of, writing
from advisor.errors import AdvisorError, BrokenFileError, Fault, closest, shown
from advisor.folders import cache_folder, ready_cache
from advisor.prediction.board_model import (
    TRANSFERRED,
    BoardFit,
    Recipe,
    Transfer,
    TransferErrors,
    digest_of,
    fingerprint,
)
from advisor.prediction.calibration import Calibration
from advisor.prediction.model import Errors, FittedModel, Form, HeldOut, Model, needs
from advisor.prediction.rows import METRICS
from advisor.prediction.terms import COLUMNS, TERMS
from advisor.stages import LOG

FILE = "fit.json"
FORMAT = 3
"""Of the file, and of how models are chosen: fits of another are made again."""
KEPT = f"fits-{FORMAT}"
"""The folder of the cache in which fits of shipped boards lie."""
OWN_FITS = "fits"
"""The folder of a user's catalog that holds fits of shipped boards."""
OLD_FILE = "fit.yaml"
"""What format 1 was called; it is not read any more."""
PREDICTIONS = "transferred.csv"

LARGEST_BYTES = 20_000_000
"""A hundred networks by a dozen runtimes and precisions come to a tenth of that."""
MOST_RESIDUAL = 100
"""No logarithm of a ratio is believed beyond this."""

_VARIANT = re.compile(r"(.*)\+([^+/]*)(?:/([^/]*)/([0-9]{0,4}))?")
_ERRORS = ("mean", "median", "within_10", "within_25")
_INTERVALS = ("coverage", "width")
_CALIBRATION = ("margin", "decisions", "boards", "broken")
_INTERVAL_COLUMNS = {
    "latency_ms": ("latency_ms", "latency_low_ms", "latency_high_ms"),
    "net_power_w": ("net_power_w", "net_power_low_w", "net_power_high_w"),
    "memory_mb": ("memory_mb", "memory_low_mb", "memory_high_mb"),
}


# --- writing


def fit_folders(board: Board, own: Path | None = None) -> tuple[Path, ...]:
    """Where a board's fit may lie, the first that has one counting.

    Args:
        board: the board; the fit of a shipped one may also lie in the user's catalog, or in the cache.
        own: the user's catalog, where there is one.
    """
    if board.layer != SHIPPED:
        return (board.folder,)
    cache = cache_folder()
    in_own = () if own is None else (own / OWN_FITS / board.name,)
    return (*in_own, *(() if cache is None else (cache / KEPT / board.name,)), board.folder)


def fitted_folder(board: Board, own: Path | None = None) -> Path | None:
    """The folder of the fit of a board that counts, be it of an older version; `None` where it has none.

    Args:
        board: the board.
        own: the user's catalog, where there is one.
    """
    there = (
        each
        for each in fit_folders(board, own)
        if any((each / name).exists() for name in (FILE, OLD_FILE))
    )
    return next(there, None)


def write_fit(board: Board, fit: BoardFit, own: Path | None = None) -> Path:
    """Write a board's fit into its folder, in the place of any earlier one.

    Nothing writes into what is installed: the fit of a shipped board goes into the user's catalog, or else
    into the cache.

    Args:
        board: the board.
        fit: its fit.
        own: the user's catalog, where there is one.

    Returns:
        The file.

    Raises:
        AdvisorError: a file cannot be written.
    """
    if board.layer == SHIPPED and own is not None:
        with writing(own):
            return _write(own / OWN_FITS / board.name, fit)
    if board.layer == SHIPPED:
        return _write(ready_cache(f"{KEPT}/{board.name}"), fit)
    with writing(catalog_of(board.folder)):
        return _write(board.folder, fit)


def _write(folder: Path, fit: BoardFit) -> Path:
    head: dict[str, Any] = {
        "format": FORMAT,
        "fingerprint": fit.fingerprint,
        "recipe": _recipe_document(fit.recipe),
    }
    if fit.residuals_from:
        head["residuals_from"] = fit.residuals_from
    if fit.transfer:
        predictions = measurements_csv(_predicted_rows(fit.transfer.rows))
        write_whole(folder / PREDICTIONS, predictions, make_folder=True)
        head["transfer"] = _transfer_document(fit.transfer, _digest(predictions))
    path = folder / FILE
    write_whole(path, _text(head, fit), make_folder=True)
    if not fit.transfer:
        remove(folder / PREDICTIONS)
    remove(folder / OLD_FILE)
    return path


def _recipe_document(recipe: Recipe) -> dict[str, Any]:
    """How a board is fitted; without the boards that are left out, where there are none."""
    unlike = {"unlike": list(recipe.unlike)} if recipe.unlike else {}
    return {"like": list(recipe.like), **unlike, "residuals_from": recipe.residuals_from}


def _text(head: Mapping[str, Any], fit: BoardFit) -> str:
    lines = [f"{_json(key)}: {_json(value)}," for key, value in head.items()]
    variant_blocks = []
    for variant, metrics in fit.models.items():
        blocks = []
        for metric, models in metrics.items():
            each = ",\n".join(map(_model_lines, models))
            blocks.append(f"{_json(metric)}: [\n{each}\n]")
        joined = ",\n".join(blocks)
        variant_blocks.append(f"{_json(_variant_key(variant))}: {{\n{joined}\n}}")
    models_block = ",\n".join(variant_blocks)
    return "\n".join(["{", *lines, f'"models": {{\n{models_block}\n}}', "}", ""])


def _model_lines(fitted: FittedModel) -> str:
    """A model in a line, and each of those that were fitted without a network in one of its own."""
    batches = sorted({size for each in fitted.held_out for size in each.residuals})
    known: dict[str, Any] = {
        "form": fitted.model.form,
        "coefficients": _coefficients(fitted.model),
        "seen": {name: [_plain(each, 12) for each in ends] for name, ends in fitted.seen.items()},
    }
    if fitted.errors:
        names = ("architectures", "rows", *_ERRORS, *_INTERVALS)
        errors = {name: getattr(fitted.errors, name) for name in names}
        known["errors"] = {
            name: _plain(value) for name, value in errors.items() if value is not None
        }
    if not fitted.held_out:
        return _json(known)
    known["batches"] = batches
    folds = ",\n".join(
        f"{_json(each.architecture)}: {_json(_fold_document(each, fitted.model.form, batches))}"
        for each in fitted.held_out
    )
    return f'{_json(known)[:-1]}, "held_out": {{\n{folds}\n}}}}'


def _fold_document(fold: HeldOut, form: Form, batches: Sequence[int]) -> dict[str, Any]:
    """A model that has not seen a network; its form where that is another than of the model of all."""
    document: dict[str, Any] = {} if fold.model.form == form else {"form": fold.model.form}
    document["coefficients"] = _coefficients(fold.model)
    for name in ("residuals", "residuals_unseen"):
        if residuals := getattr(fold, name):
            document[name] = [
                _plain(residuals[size]) if size in residuals else None for size in batches
            ]
    return document


def _coefficients(model: Model) -> list[list[float]]:
    return [[_plain(each) for each in branch] for branch in model.coefficients]


def _plain(value: float, digits: int = 6) -> float:
    """A number of so many digits; what is next to nothing is nothing."""
    rounded = 0.0 if abs(value) < 1e-9 else float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _transfer_document(transfer: Transfer, table: str) -> dict[str, Any]:
    """What a transfer rests on.

    Args:
        transfer: the transfer.
        table: the digest of the table of its predictions, so that the two go together.
    """
    errors = {
        _variant_key(variant): {metric: _errors_document(each) for metric, each in metrics.items()}
        for variant, metrics in transfer.errors.items()
    }
    return {
        "table": table,
        "references": dict(transfer.references),
        "weights": {
            _variant_key(variant): {name: _plain(weight) for name, weight in weights.items()}
            for variant, weights in transfer.weights.items()
        },
        "likeness": {_variant_key(variant): said for variant, said in transfer.likeness.items()},
        "errors": errors,
    }


def _errors_document(errors: TransferErrors) -> dict[str, Any]:
    document: dict[str, Any] = {
        "networks": errors.networks,
        "mean": _plain(errors.mean),
        "density": _plain(errors.density),
    }
    if errors.calibration:
        document["calibration"] = {
            name: _plain(getattr(errors.calibration, name)) for name in _CALIBRATION
        }
    return document


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _predicted_rows(rows: Measurements) -> Iterator[Row]:
    for row in range(len(rows)):
        written: dict[str, str | int | float | None] = {
            name: labels.at(row)
            for name, labels in (
                ("architecture", rows.architecture),
                ("runtime", rows.runtime),
                ("precision", rows.precision),
                ("processor", rows.processor),
            )
        }
        written["threads"] = int(rows.threads[row]) or None
        written |= {"batch": int(rows.batch[row]), "origin": "predicted", "source": TRANSFERRED}
        for metric, names in _INTERVAL_COLUMNS.items():
            metered: Metered = getattr(rows, metric)
            for name, column in zip(names, metered.values, strict=True):
                value = float(column[row])
                written[name] = None if math.isnan(value) else value
        yield written


# --- reading


def read_fit(folder: Path) -> BoardFit | None:
    """A board's fit; `None` where it has none.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    path = folder / FILE
    if not path.exists():
        return None
    reading = JsonReading(path, LARGEST_BYTES)
    document = reading.document()
    if document.get("format") != FORMAT:
        found = f"the format {json.dumps(document.get('format'))}"
        reading.note(("format",), found, f"{FORMAT}, the one that this version knows")
        reading.finish()
    required = ("format", "fingerprint", "recipe", "models")
    reading.record(document, (), required, ("residuals_from", "transfer"))
    fit = BoardFit(
        fingerprint=reading.text(document.get("fingerprint", ""), ("fingerprint",)),
        models=_models(reading, document.get("models", {})),
        residuals_from=reading.name(document.get("residuals_from", ""), ("residuals_from",)),
        transfer=_transfer(reading, document.get("transfer"), folder),
        recipe=_recipe(reading, document.get("recipe", {})),
    )
    reading.finish()
    return fit


def read_recipe(folder: Path) -> Recipe | None:
    """How a board was fitted, whatever else is wrong with its fit; `None` where that cannot be known."""
    reading = JsonReading(folder / FILE, LARGEST_BYTES)
    try:
        recipe = _recipe(reading, reading.document().get("recipe"))
    except AdvisorError:
        return None
    return None if reading.faults else recipe


def _recipe(reading: JsonReading, value: object) -> Recipe:
    place: Place = ("recipe",)
    found = reading.record(value, place, ("like", "residuals_from"), ("unlike",))

    def boards(key: str) -> tuple[str, ...]:
        each = reading.items(found.get(key, []), (*place, key))
        return tuple(reading.text(text, (*place, key, i)) for i, text in enumerate(each))

    return Recipe(
        boards("like"),
        boards("unlike"),
        reading.name(found.get("residuals_from", ""), (*place, "residuals_from")),
    )


def _models(
    reading: JsonReading, value: object
) -> dict[Variant, dict[str, tuple[FittedModel, ...]]]:
    models = {}
    for name, metrics in reading.mapping(value, ("models",)).items():
        place: Place = ("models", name)
        by_metric = reading.record(metrics, place, (), METRICS)
        models[_variant(reading, name, place)] = {
            metric: tuple(
                _fitted(reading, each, (*place, metric, i))
                for i, each in enumerate(reading.items(by_metric[metric], (*place, metric)))
            )
            for metric in METRICS
            if metric in by_metric
        }
    return models


def _variant_key(variant: Variant) -> str:
    """A variant as a key of the file: RUNTIME+PRECISION, and where these are known /PROCESSOR/THREADS."""
    key = f"{variant.runtime}+{variant.precision}"
    if variant.processor or variant.threads:
        key += f"/{variant.processor}/{variant.threads or ''}"
    return key


def _variant(reading: JsonReading, key: str, place: Place) -> Variant:
    found = _VARIANT.fullmatch(key)
    if not found:
        reading.note(place, shown(key), "RUNTIME+PRECISION or RUNTIME+PRECISION/PROCESSOR/THREADS")
        return Variant(key, "")
    return Variant(found[1], found[2], found[3] or "", int(found[4] or 0))


def _fitted(reading: JsonReading, value: object, place: Place) -> FittedModel:
    optional = ("errors", "batches", "held_out")
    found = reading.record(value, place, ("form", "coefficients", "seen"), optional)
    form = _form(reading, found.get("form", []), (*place, "form"))
    errors = found.get("errors")
    folds = reading.mapping(found.get("held_out", {}), (*place, "held_out"))
    batches = reading.numbers(found.get("batches", []), (*place, "batches"), 1)
    return FittedModel(
        model=_model(reading, found, place, form),
        held_out=tuple(
            _fold(reading, name, each, (*place, "held_out", name), form, list(map(int, batches)))
            for name, each in folds.items()
        ),
        seen=_seen(reading, found.get("seen", {}), (*place, "seen"), form),
        errors=None if errors is None else _errors(reading, errors, (*place, "errors")),
    )


def _form(reading: JsonReading, value: object, place: Place) -> Form:
    """The terms of each branch, those left out that are unknown."""
    form = []
    for i, branch in enumerate(reading.items(value, place)):
        terms = [reading.text(term, (*place, i)) for term in reading.items(branch, (*place, i))]
        for k, term in enumerate(terms):
            if term not in TERMS:
                hint = closest(term, TERMS)
                reading.note((*place, i, k), f"the term {shown(term)}", f"a known term ({hint})")
        form.append(tuple(terms))
    if not form or () in form:
        reading.note(place, "no terms", "the terms of each branch")
    return tuple(form)


def _model(reading: JsonReading, found: Mapping[str, Any], place: Place, form: Form) -> Model:
    """A model of a form with the coefficients of an object."""
    place = (*place, "coefficients")
    branches = reading.items(found.get("coefficients", []), place)
    coefficients = tuple(reading.numbers(branch, (*place, i)) for i, branch in enumerate(branches))
    if tuple(map(len, coefficients)) != tuple(map(len, form)):
        reading.note(place, "not as many as there are terms", "one for each term of the form")
    elif not any(map(any, coefficients)):
        reading.note(place, "no coefficient above zero", "a model that predicts something")
    return Model(form, coefficients)


def _fold(
    reading: JsonReading,
    name: str,
    value: object,
    place: Place,
    form: Form,
    batches: Sequence[int],
) -> HeldOut:
    required, optional = ("coefficients", "residuals"), ("form", "residuals_unseen")
    found = reading.record(value, place, required, optional)
    if "form" in found:
        form = _form(reading, found["form"], (*place, "form"))
    return HeldOut(
        name,
        _model(reading, found, place, form),
        _residuals(reading, found.get("residuals", []), (*place, "residuals"), batches),
        _residuals(reading, found["residuals_unseen"], (*place, "residuals_unseen"), batches)
        if "residuals_unseen" in found
        else {},
    )


def _residuals(
    reading: JsonReading, value: object, place: Place, batches: Sequence[int]
) -> dict[int, float]:
    """How far a model was off, by batch size; null where the network did not run at one."""
    found = reading.items(value, place)
    if len(found) != len(batches):
        reading.note(place, f"{len(found)} residuals", f"one for each of {len(batches)} batches")
    if None in found:
        batches = [size for size, off in zip(batches, found, strict=False) if off is not None]
        found = [off for off in found if off is not None]
    if not found:
        reading.note(place, "no residuals", "one at least")
    off = reading.numbers(found, place, -MOST_RESIDUAL, MOST_RESIDUAL)
    return dict(zip(batches, off, strict=False))


def _seen(
    reading: JsonReading, value: object, place: Place, form: Form
) -> dict[str, tuple[float, float]]:
    """The least and greatest of each column that a model needs."""
    needed = needs(tuple(tuple(term for term in terms if term in TERMS) for terms in form))
    columns = [name for name in COLUMNS if name in needed or name == "batch"]
    found = reading.record(value, place, columns)
    seen = {}
    for name in columns:
        ends = reading.items(found.get(name, [0, 0]), (*place, name))
        if len(ends) != 2:
            reading.note((*place, name), "not two numbers", "the least and the greatest")
            continue
        least, greatest = (reading.number(each, (*place, name, i)) for i, each in enumerate(ends))
        seen[name] = least, greatest
    return seen


def _errors(reading: JsonReading, value: object, place: Place) -> Errors:
    names = ("architectures", "rows", *_ERRORS)
    found = reading.record(value, place, names, _INTERVALS)
    known = {
        name: reading.number(each, (*place, name))
        for name, each in found.items()
        if name in names or name in _INTERVALS
    }
    counts = [int(known.get(name, 0)) for name in names[:2]]
    return Errors(
        *counts, *(known.get(name, 0.0) for name in _ERRORS), *(known.get(n) for n in _INTERVALS)
    )


def _transfer(reading: JsonReading, value: object, folder: Path) -> Transfer | None:
    """What other boards predict.

    Raises:
        BrokenFileError: the table of predictions is broken.
    """
    if value is None:
        return None
    place: Place = ("transfer",)
    further = ("weights", "likeness")
    found = reading.record(value, place, ("table", "references", "errors"), further)
    named = reading.mapping(found.get("references", {}), (*place, "references"))
    references = {
        reading.name(name, (*place, "references", name)): reading.text(
            digest, (*place, "references", name)
        )
        for name, digest in named.items()
    }
    errors = {
        _variant(reading, name, (*place, "errors", name)): {
            metric: _transfer_errors(reading, each, (*place, "errors", name, metric))
            for metric, each in reading.record(
                metrics, (*place, "errors", name), (), METRICS
            ).items()
        }
        for name, metrics in reading.mapping(found.get("errors", {}), (*place, "errors")).items()
    }
    weights = {
        _variant(reading, name, (*place, "weights", name)): {
            board: reading.number(weight, (*place, "weights", name, board))
            for board, weight in reading.mapping(each, (*place, "weights", name)).items()
        }
        for name, each in reading.mapping(found.get("weights", {}), (*place, "weights")).items()
    }
    likeness = {
        _variant(reading, name, (*place, "likeness", name)): reading.text(
            said, (*place, "likeness", name)
        )
        for name, said in reading.mapping(found.get("likeness", {}), (*place, "likeness")).items()
    }
    path = folder / PREDICTIONS
    rows = read_measurements(path, None, {TRANSFERRED})
    if _digest(path.read_text(encoding="utf-8")) != found.get("table"):
        fault = Fault(path, 0, "", "predictions of another fit", f"those that {FILE} goes with")
        raise BrokenFileError([fault])
    return Transfer(references, weights, likeness, errors, rows)


def _transfer_errors(reading: JsonReading, value: object, place: Place) -> TransferErrors:
    found = reading.record(value, place, ("networks", "mean", "density"), ("calibration",))
    return TransferErrors(
        int(reading.number(found.get("networks", 1), (*place, "networks"), 1)),
        reading.number(found.get("mean", 0.0), (*place, "mean")),
        reading.number(found.get("density", 0.0), (*place, "density"), -LARGEST),
        _calibration(reading, found["calibration"], (*place, "calibration"))
        if "calibration" in found
        else None,
    )


def _calibration(reading: JsonReading, value: object, place: Place) -> Calibration:
    found = reading.record(value, place, _CALIBRATION)
    least = {"margin": 1.0}
    margin, decisions, boards, broken = (
        reading.number(found.get(name, 1), (*place, name), least.get(name, 0.0))
        for name in _CALIBRATION
    )
    return Calibration(margin, int(decisions), int(boards), broken)


# --- whether a fit is still good


def current_fit(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    own: Path | None = None,
) -> tuple[BoardFit | None, str]:
    """A board's fit if it is of its present rows, else why there is none.

    Args:
        board: the board.
        table: its rows.
        architectures: the networks of these rows, by name.
        own: the user's catalog, where there is one.

    Returns:
        The fit and "", or `None` and the reason, which names the mend.
    """
    fit, why_not = None, ""
    kept = [each for each in fit_folders(board, own) if (each / FILE).exists()]
    for folder in kept or [board.folder]:
        boards = own / "boards" if own and folder.is_relative_to(own) else board.folder.parent
        fit, why_not = _current_fit(folder, board, table, architectures, boards)
        LOG.info("fit of %s: %s", board.name, why_not or folder / FILE)
        if fit is not None:
            break
    return fit, why_not


def _current_fit(
    folder: Path,
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    boards: Path,
) -> tuple[BoardFit | None, str]:
    """The same of the fit in one folder; what it rests on is sought among `boards` first."""
    mend = f"run: advisor fit {board.name}"
    try:
        fit = read_fit(folder)
    except AdvisorError as error:
        return None, f"{error}; {mend}"
    if fit is None and (board.folder / OLD_FILE).exists():
        options = "with the --like and --residuals-from of then"
        found = f"the fit of board {board.name} ({OLD_FILE}) is of an older version"
        return None, f"{found}; {mend}, {options}"
    if fit is None:
        return None, f"board {board.name} has no fit; {mend}"
    fault = _why_not_current(board, table, architectures, fit, boards)
    return (None, f"{fault}; {mend}") if fault else (fit, "")


def _why_not_current(
    board: Board,
    table: Measurements,
    architectures: Mapping[str, Architecture],
    fit: BoardFit,
    boards: Path,
) -> str:
    """Why a fit is not of these rows; "" where it is."""
    if fit.fingerprint != fingerprint(board, table, architectures):
        return f"the fit of board {board.name} is stale"
    references = fit.transfer.references if fit.transfer else {}
    changed = [name for name, digest in references.items() if digest_of(boards, name) != digest]
    if changed:
        named = ", ".join(changed)
        return f"board {named}, which the fit of {board.name} rests on, changed or went"
    if not set(fit.models) <= set(table.variants):
        return f"the fit of board {board.name} is of runtimes that it has no rows of"
    return ""
