"""One session, against a clock that only moves when the test says so."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from advisor.measuring.energy import EnergyFound, ZeusMeter, find_meter, meter_energy
from advisor.measuring.tasks import HeatFound, NoMeter
from advisor.measuring.timing import SessionLimits, run_for, time_session

MS = 1_000_000


class FakeDevice:
    """Work that moves its own clock by a given time a run."""

    def __init__(self, durations_ms: Iterator[float]) -> None:
        self.now_ns = 0
        self.runs = 0
        self.durations_ms = durations_ms

    def clock(self) -> int:
        return self.now_ns

    def run(self) -> None:
        self.runs += 1
        self.now_ns += round(next(self.durations_ms) * MS)


def steady(first: list[float], then: float) -> Iterator[float]:
    yield from first
    while True:
        yield then


def test_slow_first_runs_stay_out() -> None:
    device = FakeDevice(steady([90, 50, 20], 10))
    timed = time_session(device.run, device.clock, SessionLimits(timed_s=0.2))
    assert set(timed.values_ms) == {10.0}
    assert len(timed.values_ms) == 20
    assert timed.settled
    assert timed.warm_up_runs == 6


def test_warming_up_ends_even_if_nothing_settles() -> None:
    device = FakeDevice(iter([10.0, 30.0] * 1000))
    timed = time_session(device.run, device.clock, SessionLimits(timed_s=0.1, warm_up_s=0.25))
    assert not timed.settled
    assert timed.warm_up_runs == 38


def test_a_run_longer_than_the_session_is_timed_once() -> None:
    device = FakeDevice(steady([], 5000))
    timed = time_session(device.run, device.clock, SessionLimits())
    assert (list(timed.values_ms), timed.warm_up_runs, device.runs) == ([5000.0], 2, 3)


def test_runs_too_short_for_the_clock_are_timed_several_at_once() -> None:
    device = FakeDevice(steady([], 0.01))
    timed = time_session(device.run, device.clock, SessionLimits(timed_s=0.01, value_s=0.001))
    assert timed.runs_per_value == 100
    assert list(timed.values_ms) == pytest.approx([0.01] * len(timed.values_ms))


def test_a_spike_is_a_value_like_any_other() -> None:
    device = FakeDevice(steady([10.0] * 12 + [80.0], 10))
    timed = time_session(device.run, device.clock, SessionLimits(timed_s=0.2))
    assert sorted(timed.values_ms)[-1] == 80.0


def test_running_for_a_while_shows_how_the_time_of_a_run_changes() -> None:
    device = FakeDevice(steady([10.0] * 20 + [12.0] * 20, 15))
    medians = run_for(device.run, device.clock, seconds=1.0, windows=5)
    assert medians == [10.0, 12.0, 15.0, 15.0, 15.0]
    assert device.now_ns >= 1000 * MS


def test_a_run_longer_than_a_window_stands_for_those_it_covers() -> None:
    device = FakeDevice(steady([], 700))
    assert run_for(device.run, device.clock, seconds=1.0, windows=10) == [700.0, 700.0]


def test_what_heating_found_and_whether_it_still_changes() -> None:
    steady_heat = HeatFound(20.0, [10.0] * 2 + [12.0] * 18)
    assert (steady_heat.pace_ms, steady_heat.still_changing) == (12.0, 0)
    assert HeatFound(20.0, [10.0] * 15 + [12.0] * 5).still_changing == pytest.approx(0.2)
    assert HeatFound(20.0, [10.0]).still_changing == 0


def test_two_runs_that_agree_warm_up_a_network_of_long_runs() -> None:
    device = FakeDevice(steady([900, 500], 500))
    timed = time_session(device.run, device.clock, SessionLimits())
    assert (timed.settled, timed.warm_up_runs, list(timed.values_ms)) == (True, 3, [500.0, 500.0])


def test_a_hot_board_is_kept_hot_before_anything_is_timed() -> None:
    device = FakeDevice(steady([], 10))
    timed = time_session(device.run, device.clock, SessionLimits(least_warm_up_s=5.0))
    assert timed.warm_up_runs == 500


# --- energy, with meters that replay


class Meter:
    """Tells what a recording says, and moves the clock as the work would."""

    name, scope = "recorded", "whole board"

    def __init__(self, *joules: float | None) -> None:
        self.said = iter(joules)
        self.now_s = 0.0

    def joules(self, work: object) -> float | None:
        assert callable(work)
        work()
        return next(self.said)

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def run(self) -> None:
        self.now_s += 0.5

    def measure(self, window_s: float = 4.0) -> EnergyFound | None:
        return meter_energy(self, self.run, window_s, self.clock, self.sleep)


def test_net_power_is_what_is_above_idle() -> None:
    found = Meter(8.0, 60.0, 12.0).measure()
    assert found is not None
    assert (found.runs, found.seconds) == (8, 4.0)
    assert found.idle_w == pytest.approx(2.5)
    assert found.net_power_w == pytest.approx(12.5)


def test_a_single_window_knows_how_far_off_its_powers_are() -> None:
    """By hand: idle power of 2 and 3 W, 15 W for 4 s, a meter that moves ten times a second."""
    found = EnergyFound(60.0, 4.0, 8, 2.0, 3.0, "recorded", "GPU only")
    one = 6.3138 / math.sqrt(2)  # half of the interval of one reading, of which two differ by 1 W
    assert found.gross_error_w == pytest.approx(math.hypot(one, 15 * 0.1 / 4), rel=1e-4)
    assert found.idle_error_w == pytest.approx(
        math.hypot(one / math.sqrt(2), 2.5 * 0.025 / math.sqrt(2)), rel=1e-4
    )
    assert found.net_error_w == pytest.approx(
        math.hypot(found.gross_error_w, found.idle_error_w), rel=1e-9
    )
    steady = EnergyFound(60.0, 4.0, 8, 2.5, 2.5, "recorded", "GPU only")
    assert 0.025 < steady.net_error_w / steady.gross_power_w < 0.026  # the meter's period is left


def test_a_window_lasts_many_periods_of_the_meter() -> None:
    found = Meter(8.0, 60.0, 12.0).measure(window_s=0.1)
    assert found is not None
    assert found.seconds >= 2.0


@pytest.mark.parametrize(
    "said",
    [(8.0, None, 8.0), (None, None, None), (8.0, 0.0, 8.0), (8.0, -5.5, 8.0), (8.0, 7.0, 8.0)],
    ids=["no permission", "no meter", "stuck", "wrapped", "less than idle"],
)
def test_a_meter_without_a_figure_gives_unknown_never_zero(said: tuple[float | None, ...]) -> None:
    assert Meter(*said).measure() is None


class Window:
    """What a zeus monitor returns for a window."""

    def __init__(self, gpu: dict[int, float], cpu: dict[int, float] | None) -> None:
        self.gpu_energy, self.cpu_energy, self.soc_energy = gpu, cpu, None
        self.total_energy = sum(gpu.values())


class Monitor:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.cpu_indices = list(window.cpu_energy or {})

    def begin_window(self, key: str, sync_execution: bool) -> None:
        assert not sync_execution

    def end_window(self, key: str, sync_execution: bool) -> Window:
        return self.window


@pytest.mark.parametrize(
    ("window", "kind", "expected"),
    [
        (Window({0: 5.0, 1: 7.0}, None), "gpu", 5.0),
        (Window({}, None), "gpu", None),
        (Window({}, {0: 3.0, 1: 4.0}), "cpu", 7.0),
        (Window({}, None), "cpu", None),
        (Window({0: 0.0}, None), "gpu", None),
        (Window({}, None), "soc", None),
    ],
)
def test_one_gpu_is_read_and_every_package_of_the_processor(
    window: Window, kind: str, expected: float | None
) -> None:
    assert ZeusMeter(Monitor(window), kind, 0).joules(lambda: None) == expected


def install(monkeypatch: pytest.MonkeyPatch, monitor: object) -> None:
    """Put a monitor in the place of zeus's own, which takes seconds to load; a child's test has that."""
    made_up = ModuleType("zeus.monitor")
    made_up.__dict__["ZeusMonitor"] = monitor
    monkeypatch.setitem(sys.modules, "zeus", ModuleType("zeus"))
    monkeypatch.setitem(sys.modules, "zeus.monitor", made_up)


def test_a_jetson_without_a_gpu_counter_is_metered_by_its_soc(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Jetson:
        def __init__(self, gpu_indices: list[int], cpu_indices: list[int] | None) -> None:
            if gpu_indices:
                raise ValueError("no NVML here")
            self.soc_is_present = True

    install(monkeypatch, Jetson)
    meter = find_meter("cuda:0")
    assert isinstance(meter, ZeusMeter)
    assert (meter.kind, meter.scope) == ("soc", "SoC")


def test_a_meter_that_refuses_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = "/sys/class/powercap/intel-rapl:0/energy_uj"

    def refuse(gpu_indices: list[int], cpu_indices: list[int] | None) -> None:  # noqa: ARG001
        if gpu_indices:
            raise RuntimeError("no driver")
        raise PermissionError(13, "Permission denied", counter)

    install(monkeypatch, refuse)
    said = f"{counter} cannot be read without more rights (sudo chmod a+r {counter})"
    assert find_meter("cpu") == NoMeter(said)
    assert find_meter("cuda:0") == NoMeter("RuntimeError: no driver")
    monkeypatch.setitem(sys.modules, "zeus.monitor", None)
    assert find_meter("cpu") == NoMeter("zeus is not installed")


@pytest.mark.parametrize("mode", [0o400, 0o000])
def test_a_counter_that_only_root_may_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int
) -> None:
    """zeus leaves out what it may not read, and says nothing."""
    counter = tmp_path / "intel-rapl:0" / "energy_uj"
    counter.parent.mkdir()
    counter.touch()
    counter.chmod(mode)
    monkeypatch.setattr("os.access", lambda path, how: bool(Path(path).stat().st_mode & 0o400))  # noqa: ARG005
    made_up = ModuleType("zeus.device.cpu")
    made_up.rapl = SimpleNamespace(RAPL_DIR=str(tmp_path))  # type: ignore[attr-defined]
    install(monkeypatch, lambda **_: SimpleNamespace(cpu_indices=[], soc_is_present=False))
    monkeypatch.setitem(sys.modules, "zeus.device.cpu", made_up)
    found = find_meter("cpu")
    assert isinstance(found, NoMeter)
    if mode:
        assert found.reason == "the processor has no energy counter here"
    else:
        assert found.reason.startswith(f"{counter} cannot be read without more rights")
