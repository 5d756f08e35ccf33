"""A plan, a machine and children whose figures follow from the cell and the session alone."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.measuring.board_run import Ended, measure_board
from advisor.measuring.children import Outcome, RealChildren, Sessions
from advisor.measuring.host import Host, check_can_measure, device_named
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.journal import Now, utc_now
from advisor.measuring.preprocessing import Preprocessing
from advisor.measuring.run_plan import RunPlan, Thoroughness
from advisor.measuring.runtimes.exports import drop_oldest, is_there
from advisor.measuring.runtimes.variants import check_installed
from advisor.measuring.tasks import (
    REFERENCE,
    HeatFound,
    MemoryFound,
    NoMeter,
    PreparedFound,
    Task,
    TimingFound,
    Variant,
)
from advisor.measuring.timing import Disturbance, SessionLimits

HOST = Host(
    processor="a processor, 4 cores",
    accelerator="",
    memory_mb=8000.0,
    software="some system, torch 0",
    details={
        "machine": "this-one",
        "device": "cpu",
        "accelerator": "none",
        "threads": "4",
        "power_mode": "unknown",
        "heated": "none",
        "torch": "0",
        "date": "2026-01-01",
    },
)
PLAN = RunPlan(
    architectures=("bn-nin", "resnet-18", "vgg-16"),
    batches=(1, 2),
    device="cpu",
    threads=(0,),
    variants=(REFERENCE,),
    thoroughness=Thoroughness(4, 6, 0.06, SessionLimits()),
    declared_power_w=None,
)
FASTER = {("onnxruntime", "fp32"): 2.0, ("onnxruntime", "int8"): 4.0, ("eager", "bf16"): 0.4}
"""How many times as fast as the reference the made-up runtimes are."""

QUIET = Disturbance(0.0, 0.0, 2000.0, 0)


def noise(text: str) -> float:
    """A number between -1 and 1 that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**31 - 1


class FakeChildren:
    """Answers at once, or after `pause_s`, by made-up formulas; `ends` overrides single outcomes."""

    def __init__(self, ends: Mapping[str, Outcome] | None = None, pause_s: float = 0.0) -> None:
        self.ends = dict(ends or {})
        self.pause_s = pause_s
        self.asked: list[str] = []

    @property
    def units(self) -> Mapping[str, Sessions]:
        return {"": self}

    def ready(self, device: str) -> str:
        check_can_measure()
        return device_named(device)

    def check_installed(self, variants: Sequence[Variant], device: str) -> None:
        check_installed(variants, device)

    def has(self, prepared: str) -> bool:
        return is_there(prepared)

    def end(self) -> None:
        drop_oldest()

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        return replace(HOST, details={**HOST.details, **dict.fromkeys(libraries, "1.0")})

    def busy(self, seconds: float) -> float | None:
        return 0.0

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        return self._answer(f"prepare {task.cell}", PreparedFound("", 1e-6, 0.5))

    def memory(self, task: Task, limit_s: float) -> Outcome:
        return self._answer(f"memory {task.cell}", MemoryFound(100.0 * task.cell.batch, 50.0, 20.0))

    def heat(self, task: Task, seconds: float, limit_s: float) -> Outcome:
        # The board slows down by a quarter while it gets hot, then keeps its pace.
        windows = [8.0, 9.0, *[10.0] * 18] if seconds > 100 else [10.0] * 20
        return self._answer(f"heat {task.cell}", HeatFound(seconds, windows))

    def time(self, task: Task, limit_s: float) -> Outcome:
        # Every session of a cell finds the same, so that their order cannot matter.
        centre = 10.0 * task.cell.batch * (1 + len(task.cell.architecture) / 10)
        centre /= FASTER.get(task.cell.variant, 1.0)
        values = [centre * math.exp(0.01 * noise(f"{task.cell} {index}")) for index in range(30)]
        return self._answer(f"time {task.cell}", TimingFound(values, 1, True, QUIET))

    def energy(self, task: Task, limit_s: float) -> Outcome:
        return self._answer(f"energy {task.cell}", NoMeter("it is made up"))

    def answers(
        self,
        function: Callable[..., object],
        task: Task,
        images: Sequence[LabelledImage],
        how: Preprocessing,
        limit_s: float,
    ) -> Outcome:
        return RealChildren().answers(function, task, images, how, limit_s)

    def _answer(self, what: str, value: object) -> Outcome:
        self.asked.append(what)
        if self.pause_s:
            time.sleep(self.pause_s)
        return self.ends.get(what, Outcome("ok", value, ""))


class StoppingChildren(FakeChildren):
    """Ends a run in the middle, at the request that follows `after` others."""

    def __init__(self, after: int, stop: type[BaseException] | BaseException) -> None:
        super().__init__()
        self.after, self.stop = after, stop

    def _answer(self, what: str, value: object) -> Outcome:
        if len(self.asked) >= self.after:
            raise self.stop
        return super()._answer(what, value)


def known() -> Mapping[str, Architecture]:
    return Catalog.open().architectures


def measure(
    folder: Path,
    children: FakeChildren,
    plan: RunPlan = PLAN,
    *,
    fresh: bool = False,
    host: Host = HOST,
    now: Now = utc_now,
) -> Ended:
    with patch("os.fsync"):  # no test outlives a power cut
        return measure_board(
            folder, plan, host, known(), children, lambda *_: None, now, fresh=fresh
        )
