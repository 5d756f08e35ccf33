"""What a table of results may hold: our columns, what people head them with, and in which units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from advisor.quality import is_share, read_metric, without_scale
from advisor.quantities import COUNT, MEMORY, PERCENT, POWER, RATE, TIME, Dimension

IN_HEADINGS: Mapping[str, tuple[str, ...]] = {
    TIME.name: ("s", "ms", "us", "µs", "μs"),
    MEMORY.name: ("B", "kB", "MB", "GB", "KiB", "MiB", "GiB"),
    POWER.name: ("W", "mW", "kW"),
    COUNT.name: ("k", "M", "G", "T"),
    RATE.name: ("fps",),
    PERCENT.name: ("%",),
}
"""Units that headings carry: no minutes and hours, since `latency_min` is no time in minutes."""
_COUNTED = re.compile(r"(?i)([kmgt])(?:flops?|macs?|madds?|ops|params?)")
"""A unit before what is counted in it: GFLOPs."""
WORDS_FOR_UNITS = {"million": "M", "millions": "M", "billion": "G", "percent": "%", "pct": "%"}


@dataclass(frozen=True)
class Column:
    """One of our columns.

    Attributes:
        key: what we call it.
        kind: the dimension of its numbers; `None` where it holds words.
        headings: what people call it, in the form of `folded`; with the unit where that says one.
        unit: the unit of our own name.
    """

    key: str
    kind: Dimension | None
    headings: Mapping[str, str]
    unit: str = ""


def _column(key: str, kind: Dimension | None, headings: str, **with_units: str) -> Column:
    unit = kind.unit if kind else ""
    return Column(key, kind, {**dict.fromkeys(headings.split(), ""), **with_units}, unit)


EVERY = (
    _column("architecture", None, "architecture arch network net model model_name network_name"),
    _column("task", None, "task"),
    _column("runtime", None, "runtime framework backend engine"),
    _column("precision", None, "precision dtype data_type datatype quantization quantisation"),
    _column("processor", None, "processor compute_unit primary_compute_unit"),
    _column("threads", COUNT, "threads num_threads n_threads"),
    _column("batch", COUNT, "batch batch_size batchsize bs"),
    _column("input", None, "input input_size input_shape resolution image_size img_size"),
    _column("family", None, "family"),
    _column("status", None, "status"),
    _column(
        "latency_ms",
        TIME,
        "latency median p50 latency_median median_latency latency_p50 p50_latency inference_time "
        "inference_latency execution_time",
        time_ms="ms",
        time_s="s",
        time_us="us",
        ms="ms",
        inference_ms="ms",
        inference_s="s",
        inference_us="us",
    ),
    _column(
        "latency_mean_ms",
        TIME,
        "latency_mean mean_latency mean latency_avg avg_latency latency_average average_latency avg",
    ),
    _column("latency_statistic", None, "latency_statistic statistic"),
    _column("latency_min_ms", TIME, "latency_min min_latency min"),
    _column("latency_max_ms", TIME, "latency_max max_latency max"),
    _column("latency_low_ms", TIME, "latency_low"),
    _column("latency_high_ms", TIME, "latency_high"),
    _column("latency_p90_ms", TIME, "latency_p90 p90_latency p90"),
    _column("latency_p99_ms", TIME, "latency_p99 p99_latency p99"),
    _column(
        "throughput_fps",
        RATE,
        "throughput_fps throughput fps frames_per_second images_per_second images_s img_s imgs_s "
        "throughput_img_s throughput_images_s samples_per_second samples_per_s samples_s ips "
        "images_sec img_sec imgs_sec images_per_sec images_per_s img_per_s frames_sec frames_s "
        "samples_sec samples_per_sec inferences_per_second inferences_s inferences_sec",
    ),
    _column("net_power_w", POWER, "net_power"),
    _column("gross_power_w", POWER, "gross_power board_power total_power"),
    _column("memory_mb", MEMORY, "memory mem peak_memory memory_usage ram"),
    _column("file_size_mb", MEMORY, "file_size model_size size_on_disk"),
    _column(
        "accuracy_percent",
        PERCENT,
        "accuracy top1 top_1 top1_accuracy top_1_accuracy accuracy_top1 acc acc1 acc_1",
    ),
    _column("top5_percent", PERCENT, "top5 top_5 top5_accuracy top_5_accuracy acc5 acc_5"),
    _column("metric", None, "metric"),
    _column("data_set", None, "data_set dataset"),
    _column("images", COUNT, "images accuracy_images accuracy_n n_images"),
    _column("params", COUNT, "params parameters num_params n_params param_count", mparams="M"),
    _column("operations", COUNT, "operations ops", gops="G", mops="M"),
    _column("macs", COUNT, "macs madds mult_adds multiply_adds", gmacs="G", mmacs="M"),
    _column("activations", COUNT, "activations acts"),
)
"""What is read."""
METRICS = ("mAP50-95", "mIoU")
"""Metrics of accuracy that a heading may name by itself."""
_ODD_INPUTS = (28, 32, 64, 227, 260, 299, 300, 331, 380, 456, 475, 513, 600)
"""Inputs that are no multiples of 16 from 96 on, and common all the same."""
_LEFT_OUT = {
    r"(.*_)?m?ap(_?(50|75|0_5|0_75))?(_.*)?": (
        "an mAP is over IoUs from 0.5 to 0.95, or at one: --map accuracy=... with --map metric==mAP50-95, "
        "or --map metric==mAP50"
    ),
    r".*energy.*|m?joules?.*|(mj|j)_per_.*": "energies are not, the power that they follow from is",
    r"(.*_)?(power|watts?|consumption)(_(m?k?w|watts?|avg|average|mean|draw|usage|consumption))*": (
        "whether it has idle power in it is not said: --map gross_power_w=... or --map net_power_w=..."
    ),
    r"(.*_)?(time|duration|[mu\u00b5\u03bc]?sec|(milli|micro)?seconds|[mu\u00b5\u03bc]s)": (
        "which times these are is not said: --map latency_ms=... with :ms, :us or :s behind it, if latencies"
    ),
    r"(.*_)?[mgt]?flops?(_.*)?": (
        "some count a multiply and an add as one: --map macs=... if these do, else --map operations=..."
    ),
}
"""What people head columns with that are left to who knows the table, and why."""
COLUMNS: Mapping[str, Column] = {each.key: each for each in EVERY}

BY_HEADING = {heading: each for each in EVERY for heading in each.headings}


def folded(heading: str) -> str:
    """A heading as words in lower case with _ between them: "Latency (ms)" -> "latency_ms"."""
    return "_".join(re.findall(r"[a-z0-9%µμ]+", heading.lower()))


def unread_by_reason(headings: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Headings that are none of ours, by why they are not read; "" where that needs no words."""
    found: dict[str, list[str]] = {}
    for heading in headings:
        reasons = (why for form, why in _LEFT_OUT.items() if re.fullmatch(form, folded(heading)))
        found.setdefault(next(reasons, ""), []).append(heading)
    return found


def column_called(name: str) -> Column | None:
    """The column of ours that a map names, by its key or what people head it with."""
    return COLUMNS.get(name) or BY_HEADING.get(folded(name))


def column_headed(heading: str) -> tuple[Column, str] | None:
    """The column of ours that a heading is of, and the unit that it says; `None` where it is of none."""
    whole = folded(heading)
    if whole in COLUMNS:
        return COLUMNS[whole], COLUMNS[whole].unit
    if whole in BY_HEADING:
        found = BY_HEADING[whole]
        return found, found.headings[whole]
    if metric_headed(heading):
        return COLUMNS["accuracy_percent"], "%" if re.search(r"(?i)%|percent|pct", heading) else ""
    if is_share(heading):  # which those who read the figures see, too
        column = BY_HEADING.get(folded(without_scale(heading)))
        return (column, "") if column and column.kind is PERCENT else None
    words = re.findall(r"[A-Za-z0-9%µμ]+", heading)
    column = BY_HEADING.get(folded(" ".join(words[:-1])))
    if column is None or column.kind is None:
        return None
    unit = unit_meant(words[-1], column.kind)
    return None if unit is None else (column, unit)


def is_usual_input(pixels: int) -> bool:
    """Whether networks often have inputs of so many pixels."""
    return pixels in _ODD_INPUTS or (96 <= pixels <= 1280 and pixels % 16 == 0)


def metric_headed(heading: str) -> str:
    """The metric of accuracy that a heading names: "mAP@0.5:0.95"; "" where it names none."""
    metric = read_metric(heading)
    return metric if metric in METRICS else ""


def unit_meant(word: str, kind: Dimension) -> str | None:
    """A unit of a dimension, as headings write it, in lower case, too; `None` where it is none."""
    units = IN_HEADINGS[kind.name]
    if kind is COUNT and (counted := _COUNTED.fullmatch(word)):
        word = counted.group(1)
    word = WORDS_FOR_UNITS.get(word.lower(), word)
    if word in units:
        return word
    lower = {each.lower(): each for each in units}
    return lower.get(word) if word == word.lower() or kind in (TIME, RATE) else None
