"""The models of a board, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.prediction.board_model import AUTO, BoardFit, Transfer
from advisor.prediction.model import LEAST_GROUPS, Errors, FittedModel, Model
from advisor.prediction.training import binomial_band
from advisor.quantities import MEMORY, POWER, TIME
from advisor.report.terminal import Fitted, TextTable, counted, magnitude, plain_table, significant

LEAST_NAMED = 0.01
MOST_NAMED = 5
"""Reference boards that count less, or come behind so many, are counted and not named."""

NOTHING_ALIKE = (
    "Nothing is predicted from other boards: none ran enough of these networks, and others."
)

DIMENSIONS = {"latency_ms": TIME, "net_power_w": POWER, "memory_mb": MEMORY}
TITLES = {"latency_ms": "latency", "net_power_w": "net power", "memory_mb": "memory"}
UNITS = {
    "constant": "",
    "batch": "per image",
    "operations": "per G operations",
    "activations": "per M activations",
    "params": "per M parameters",
    "layers": "per layer",
    "layer_runs": "per layer and image",
    "window_reads": "per M window reads",
    "size_mb": "per MB of parameters",
    "activations_mb": "per MB of activations",
    "peak_mb": "per MB of peak activations",
    "rate": "per G operations/ms",
}
"""What the coefficient of each term is counted per, for a whole batch where it is not the network's own."""

ERRORS: Mapping[str, Callable[[Errors], str]] = {
    "networks\nheld out": lambda errors: str(errors.architectures),
    "error\nmean": lambda errors: magnitude(errors.mean),
    "error\nmedian": lambda errors: magnitude(errors.median),
    "within\n10 %": lambda errors: magnitude(errors.within_10),
    "within\n25 %": lambda errors: magnitude(errors.within_25),
    "in 90 %\ninterval": lambda errors: (
        "-" if errors.coverage is None else magnitude(errors.coverage)
    ),
    "width\nmedian": lambda errors: "-" if errors.width is None else magnitude(errors.width),
}
"""What is said of a model's errors, by heading."""
NEEDED_LEAST = ("within\n25 %", "width\nmedian", "within\n10 %", "error\nmedian")
"""What a narrow terminal can do without, the first first."""


def fit_text(board: str, fit: BoardFit) -> RenderableType:
    """Each model with its equation, then how far all of them were off networks not seen."""
    parts: list[RenderableType] = []
    for variant, metrics in fit.models.items():
        parts.append(Text(", ".join([board, *variant.words]), style="bold"))
        for metric, models in metrics.items():
            for place, model in enumerate(models):
                parts.append(
                    Text(f"{_name(metric, models, place)} = {equation(model.model, metric)}")
                )
        parts += ["", _errors(metrics), ""]
    parts += [Text(sentence) for sentence in _notes(fit)]
    if fit.transfer:
        parts += ["", _transfer(board, fit.transfer)]
    elif AUTO in fit.recipe.like:
        parts += ["", Text(NOTHING_ALIKE)]
    return Group(*parts)


def _name(metric: str, models: Sequence[FittedModel], place: int) -> str:
    """What a model predicts; of those behind the first also what they ask for."""
    if place == 0:
        return TITLES[metric]
    needed = ", ".join(sorted(name.replace("_", " ") for name in models[place].model.needs))
    return f"{TITLES[metric]} by {needed}"


def equation(model: Model, metric: str) -> str:
    """A model as people read it: what each term costs, terms without cost left out."""
    unit = DIMENSIONS[metric].unit
    branches = [
        " + ".join(
            f"{significant(coefficient)} {unit} {UNITS[term]}".strip()
            for term, coefficient in zip(terms, coefficients, strict=True)
            if coefficient > 0
        )
        or f"0 {unit}"
        for terms, coefficients in zip(model.form, model.coefficients, strict=True)
    ]
    return branches[0] if len(branches) == 1 else f"the larger of ({') and ('.join(branches)})"


def _errors(metrics: Mapping[str, tuple[FittedModel, ...]]) -> Fitted:
    """A line a model that was held out."""
    lines = [
        (_name(metric, models, place), model.errors)
        for metric, models in metrics.items()
        for place, model in enumerate(models)
        if model.errors is not None
    ]

    def table_of(headings: Sequence[str]) -> TextTable:
        table = plain_table("model", *headings)
        for name, errors in lines:
            table.add_row(name, *(ERRORS[heading](errors) for heading in headings))
        return table

    return Fitted(table_of, tuple(ERRORS), (), NEEDED_LEAST)


def _transfer(board: str, transfer: Transfer) -> RenderableType:
    """What other boards predict, and how far that was off the board's own networks, each held out."""
    networks = counted(len(transfer.rows.architecture.names), "network")
    table = plain_table("transfer", "networks\nheld out", "error\nmean")
    for variant, metrics in transfer.errors.items():
        for metric, errors in metrics.items():
            title = ", ".join([TITLES[metric], *variant.words])
            table.add_row(title, str(errors.networks), magnitude(errors.mean))
    heading = Text(
        f"{networks} that were not run here, predicted from {_references(board, transfer)}",
        style="bold",
    )
    held_out = Text(
        "The networks held out are those measured; if they were picked to differ from each other, others are "
        "nearer."
    )
    return Group(heading, "", table, "", held_out)


def _references(board: str, transfer: Transfer) -> str:
    """The reference boards that count, with how much each does, for the variant that was held out most."""
    variant = max(transfer.errors, key=lambda each: transfer.errors[each]["latency_ms"].networks)
    weights = transfer.weights[variant]
    named = [name for name, weight in weights.items() if weight >= LEAST_NAMED][:MOST_NAMED]
    said = [f"{_as_said(board, name)} ({magnitude(weights[name])})" for name in named]
    if len(weights) > len(named):
        said.append(counted(len(weights) - len(named), "other"))
    likeness = f", run on {transfer.likeness[variant]}" if transfer.likeness[variant] else ""
    return f"{', '.join(said[:-1])}{' and ' * (len(said) > 1)}{said[-1]}{likeness}"


def _as_said(board: str, reference: str) -> str:
    return f"what {board} ran otherwise" if reference == board else reference


def _notes(fit: BoardFit) -> list[str]:
    first = [each[0] for metrics in fit.models.values() for each in metrics.values()]
    few = any(model.errors and model.errors.architectures < LEAST_GROUPS for model in first)
    notes = []
    if fit.residuals_from:
        lender = fit.residuals_from
        notes.append(f"Intervals come from the residuals of {lender}: they are assumed, not found.")
    elif few:
        notes.append(
            f"Below {LEAST_GROUPS} networks the board's own models have no intervals; --residuals-from BOARD "
            "borrows another board's."
        )
    for name, model in zip(_first_names(fit), first, strict=True):
        if model.errors and model.errors.coverage is not None:
            low, high = binomial_band(model.errors.architectures)
            count = model.errors.architectures
            notes.append(
                f"{name}: {model.errors.coverage * count:.1f} of {count} held-out networks lie in their "
                f"intervals; of 90 % one expects {low} to {high}."
            )
    return notes


def _first_names(fit: BoardFit) -> list[str]:
    return [TITLES[metric] for metrics in fit.models.values() for metric in metrics]
