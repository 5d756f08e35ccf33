"""How far are the models off networks that they have not seen, and do their intervals hold?

    python tests/benchmarks/models.py [--catalog DIR]

For every board: the mean relative error of latency, each architecture held out, by batch size, of both
forms of the operations model (fitted to each batch size by itself) and of `LatencyModel`; the forms that
were tried for each model; and over all boards how often the 90 % intervals hold, with their width.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from advisor.catalog.store import Catalog
from advisor.prediction.fitting import data_of, fit_board
from advisor.prediction.model import Form
from advisor.prediction.terms import column
from advisor.prediction.training import (
    FULL,
    MEMORY_FORMS,
    OPERATIONS,
    POWER_FORMS,
    WITH_ACTIVATIONS,
    Data,
    LatencyModel,
    MemoryModel,
    PowerModel,
    binomial_band,
    held_out_ratios,
)
from tests.paper_line import OperationsTime

TRIED: Sequence[Form] = (
    FULL,
    (("operations", "activations", "params", "layers", "layer_runs"),),
    (("operations", "activations", "params", "layers", "layer_runs", "window_reads"),),
    (("constant", "operations", "activations", "params", "layers", "window_reads"),),
    (("operations", "activations", "params", "window_reads"),),
    (("constant", "batch", "operations", "activations", "params"),),
    WITH_ACTIVATIONS,
    (("constant", "batch", "operations", "params"),),
    OPERATIONS,
)
"""Forms of `LatencyModel` that were tried."""


def reference_errors(data: Data, *, relative: bool) -> np.ndarray:
    """The operations model's relative error of each row: fitted to its batch size, its network left out."""
    errors = np.full(len(data.found), np.nan)
    batch = column(data.runs, "batch")
    for row in range(len(data.found)):
        others = (batch == batch[row]) & (data.architecture != data.architecture[row])
        if np.count_nonzero(others) > 2:
            time_ms = data.found[others] / batch[row]
            model = OperationsTime(relative).fit(data.runs[others], time_ms)
            predicted = model.predict(data.runs[row : row + 1])[0] * batch[row]
            errors[row] = abs(predicted / data.found[row] - 1)
    return errors


def by_batch(data: Data, errors: np.ndarray, sizes: Sequence[int]) -> str:
    """The mean error at each batch size, and of all rows."""
    batch = column(data.runs, "batch")
    means = [np.nanmean(errors[batch == size]) for size in sizes]
    return " ".join(f"{mean:6.1%}" for mean in [*means, np.nanmean(errors)])


def by_batch_ratio(data: Data, errors: np.ndarray, others: np.ndarray, sizes: Sequence[int]) -> str:
    """The mean error at each batch size, and of all rows, as a share of another model's."""
    batch = column(data.runs, "batch")
    rows = [*(batch == size for size in sizes), np.ones(len(batch), dtype=bool)]
    ratios = [np.nanmean(errors[each]) / np.nanmean(others[each]) for each in rows]
    return " ".join(f"{ratio:6.2f}" for ratio in ratios)


def print_forms(
    title: str, make: Callable[[Form], object], forms: Sequence[Form], data: Data
) -> None:
    """The held-out error of every form that was tried."""
    print(f"  {title}: mean relative error, each network held out")
    for form in forms:
        error = np.mean(np.abs(held_out_ratios(make, form, data) - 1))  # type: ignore[arg-type]
        print(f"    {error:6.1%}  {' | '.join(' + '.join(branch) for branch in form)}")


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--catalog")
    catalog = Catalog.open(parser.parse_args().catalog)
    covered, count = 0.0, 0
    widths = []
    for name in catalog.board_layers:
        board = catalog.board(name)
        table = catalog.measurements(board)
        for variant in table.variants:
            data = data_of(board, table, catalog.architectures, variant, "latency_ms")
            known = data.knowing(["activations", "layers", "window_reads"])
            sizes = np.unique(column(known.runs, "batch")).astype(int).tolist()
            model = np.abs(held_out_ratios(LatencyModel, FULL, known) - 1)
            plain = reference_errors(known, relative=False)
            relative = reference_errors(known, relative=True)
            left_out = sorted(set(data.architectures) - set(known.architectures))
            print(f"{name} {' '.join(variant.words)}: {len(known.architectures)} networks", end="")
            print(f", without {', '.join(left_out)}" if left_out else "")
            print(f"  batch                   {' '.join(f'{size:6}' for size in sizes)}    all")
            print(f"  operations, plain       {by_batch(known, plain, sizes)}")
            print(f"  operations, relative    {by_batch(known, relative, sizes)}")
            print(f"  LatencyModel            {by_batch(known, model, sizes)}")
            for what, other, target in (("plain", plain, 0.5), ("relative", relative, 0.7)):
                print(
                    f"  share of {what:9}      {by_batch_ratio(known, model, other, sizes)}", end=""
                )
                print(f"  (target: at most {target})")
            print_forms("latency", LatencyModel, TRIED, known)
            for metric, make, forms in (
                ("memory_mb", MemoryModel, MEMORY_FORMS),
                ("net_power_w", PowerModel, POWER_FORMS),
            ):
                data = data_of(board, table, catalog.architectures, variant, metric)
                data = data.knowing(["activations", "peak_activations"])
                if len(data.architectures) > 2:
                    print_forms(metric, make, forms, data)
            models = fit_board(board, table, catalog.architectures).models[variant]
            for first in (each[0] for each in models.values()):
                if first.errors and first.errors.coverage is not None and first.errors.width:
                    covered += first.errors.coverage * first.errors.architectures
                    count += first.errors.architectures
                    widths.append(first.errors.width)
    low, high = binomial_band(count)
    inside = "met" if low <= covered <= high else "MISSED"
    print(f"intervals hold for {covered:.1f} of {count} held-out networks ({covered / count:.0%});")
    print(f"  90 % would give {low} to {high} ({inside}); median width {np.median(widths):.0%}")


if __name__ == "__main__":
    main()
