"""The files of a model of Qualcomm AI Hub: `perf.yaml`, `numerics.yaml`, `info.yaml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.architectures.names import read_shape
from advisor.catalog.records import PROCESSORS
from advisor.catalog.yaml_file import Block as Mapped
from advisor.catalog.yaml_file import Fields, List, Text, describe, read_yaml
from advisor.errors import AdvisorError, BrokenFileError, shown
from advisor.quality import read_task
from advisor.quantities import COUNT, parse

RUNTIMES = {
    "qnn_dlc": "qnn",
    "qnn_context_binary": "qnn-context-binary",
    "precompiled_qnn_onnx": "onnx-precompiled",
}
"""The source's words for runtimes that are called otherwise here."""

ON_ONE_IMAGE = (
    "Image Classification",
    "Object Detection",
    "Semantic Segmentation",
    "Pose Estimation",
    "Super Resolution",
    "Depth Estimation",
)
"""What models are for that take one image; others take clips, several cameras, or what is no image."""

EXPECTED = "the files of Qualcomm AI Hub's models, as of release 0.46.1"


@dataclass(frozen=True)
class Run:
    """On what a model was run: a device, a precision in the source's word, a runtime."""

    device: str
    precision: str
    runtime: str


@dataclass(frozen=True)
class Timed:
    """How long a model takes there.

    Attributes:
        run: where.
        processor: on which most of it ran, one of `PROCESSORS`; "" where unknown.
        latency_ms: the inference time.
        memory_mb: the upper end of its estimated peak memory; `None` where unknown.
        tools: names and versions of what ran it.
    """

    run: Run
    processor: str
    latency_ms: float
    memory_mb: float | None
    tools: Sequence[str]


@dataclass(frozen=True)
class Scored:
    """How well a model does there.

    Attributes:
        run: where.
        metric, unit: in what that is stated.
        data_set: on which images.
        images: on how many of these.
        value: the figure.
        in_float: that of the same images with the float weights, off the device; `None` where unknown.
    """

    run: Run
    metric: str
    unit: str
    data_set: str
    images: int | None
    value: float
    in_float: float | None


@dataclass(frozen=True)
class About:
    """What is said of a model.

    Attributes:
        shape: of its one image: channels, height, width; `None` where it takes something else or is unknown.
        task: what it is for.
        params: its parameters; `None` where unknown.
        licence: of its code and weights; "" where unknown.
    """

    shape: tuple[int, int, int] | None
    task: str
    params: int | None
    licence: str


def timed_in(path: Path, left_out: Counter[str]) -> list[Timed]:
    """What a `perf.yaml` says, of models of one component; what is left out is counted by why.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    fields = Fields(path, read_yaml(path))
    found: list[Timed] = []
    for precision, of_precision in _mappings(fields.inner("precisions", required=True)):
        components = list(_mappings(of_precision.inner("components", required=True)))
        for _, component in components:
            for device, runtimes in _mappings(component.inner("performance_metrics")):
                for runtime, run in _mappings(runtimes):
                    if len(components) > 1:
                        left_out["one of several components of a model, each timed alone"] += 1
                        continue
                    timed = _timed(Run(device, precision, _runtime(runtime)), run, left_out)
                    found += [timed] if timed else []
    _finish(fields)
    return found


def _timed(run: Run, fields: Fields, left_out: Counter[str]) -> Timed | None:
    status = fields.text("job_status") or "Passed"
    time = _number(fields, "inference_time_milliseconds")
    if status != "Passed" or time is None:
        why = f"a job that ended {status}" if status != "Passed" else "without an inference time"
        left_out[why] += 1
        return None
    memory, tools = fields.inner("estimated_peak_memory_range_mb"), fields.inner("tool_versions")
    unit = fields.text("primary_compute_unit").lower()
    return Timed(
        run=run,
        processor=unit if unit in PROCESSORS else "",
        latency_ms=time,
        memory_mb=_number(memory, "max") if memory else None,
        tools=[f"{name} {tools.text(name)}" for name in tools.block.entries] if tools else [],
    )


def scored_in(path: Path) -> list[Scored]:
    """What a `numerics.yaml` says; nothing where there is none.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    if not path.exists():
        return []
    fields = Fields(path, read_yaml(path))
    found: list[Scored] = []
    for metric in _list(fields, "metrics"):
        images = _number(metric, "num_partial_samples")
        in_float = _number(metric, "partial_torch_metric")
        for device, precisions in _mappings(metric.inner("device_metric")):
            for precision, runtimes in _mappings(precisions):
                for runtime, scored in _mappings(runtimes):
                    value = _number(scored, "partial_metric")
                    if value is None:
                        continue
                    each = Scored(
                        run=Run(device, precision, _runtime(runtime)),
                        metric=metric.text("metric_name"),
                        unit=metric.text("metric_unit"),
                        data_set=metric.text("dataset_name"),
                        images=None if images is None else int(images),
                        value=value,
                        in_float=in_float,
                    )
                    found.append(each)
    _finish(fields)
    return found


def about_in(path: Path) -> About | None:
    """What an `info.yaml` says; `None` where there is none.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    if not path.exists():
        return None
    fields = Fields(path, read_yaml(path))
    details = fields.inner("technical_details")
    size = details.text("Input resolution").replace(" ", "") if details else ""
    use, params = fields.text("use_case"), details.text("Number of parameters") if details else ""
    found = About(
        shape=read_shape(f"3x{size}" if size.count("x") == 1 else size.removeprefix("1x"))
        if use in ON_ONE_IMAGE
        else None,
        task=read_task(use),
        params=_count(params),
        licence=fields.text("license_type"),
    )
    _finish(fields)
    return found


def _count(text: str) -> int | None:
    """A number of parameters such as "25.5M"; `None` where it is not one."""
    try:
        return round(parse(text, COUNT, "params")) if text else None
    except AdvisorError:
        return None


def _runtime(word: str) -> str:
    return RUNTIMES.get(word, word.replace("_", "-"))


def _mappings(fields: Fields | None) -> Iterator[tuple[str, Fields]]:
    """Each key with its mapping, whatever the key is."""
    for name in fields.block.entries if fields else ():
        inner = fields.inner(name) if fields else None
        if inner is not None:
            yield name, inner


def _list(fields: Fields, key: str) -> Iterator[Fields]:
    """The mappings of a list."""
    node = fields.node(key, required=True)
    if isinstance(node, Text | Mapped):
        fields.note(node.mark, describe(node), f"a list for {key!r}")
    for item in node.items if isinstance(node, List) else ():
        if isinstance(item, Mapped):
            yield Fields(fields.path, item, fields.faults)
        else:
            fields.note(item.mark, describe(item), "a mapping")


def _number(fields: Fields, key: str) -> float | None:
    """A number above 0; `None` where there is none, or a 0, which stands for what is unknown."""
    text = fields.text(key)
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        fields.note(fields.block.entries[key].mark, shown(text), "a number")
    return found if found > 0 else None


def _finish(fields: Fields) -> None:
    if fields.faults:
        raise BrokenFileError(fields.faults, EXPECTED)
