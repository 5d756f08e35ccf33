"""The paper's ten figures, by their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from advisor.report.charts import accuracy, batches, relations
from advisor.report.charts.board_data import BoardData
from advisor.report.charts.figure import Figure

FIGURES: Mapping[int, Callable[[BoardData], Figure]] = {
    1: accuracy.top1,
    2: accuracy.top1_against_operations,
    3: batches.time_against_batch,
    4: batches.power_against_batch,
    5: batches.memory_against_batch,
    6: relations.memory_against_parameters,
    7: relations.operations_against_time,
    8: relations.operations_against_power,
    9: relations.top1_against_rate,
    10: accuracy.accuracy_per_parameter,
}
