"""Boards elsewhere, many at a time: each is measured as one here is, but its sessions run on its worker."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from advisor.architectures.names import is_own, is_own_file
from advisor.arguments import checked, trusting
from advisor.catalog.naming import Measurable
from advisor.errors import AdvisorError
from advisor.measuring.access import ALL, OPEN, Access
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.children import BoardLostError, Outcome, RealChildren, Sessions
from advisor.measuring.detections import DetectionsFound
from advisor.measuring.energy import EnergyFound
from advisor.measuring.fleet import Fleet, TaskError, Unit, connected
from advisor.measuring.fleet_files import (
    IN_EXPORTS,
    Files,
    Sent,
    digest_of_export,
    digest_of_module,
    part_of_export,
    receive,
    tidy,
)
from advisor.measuring.fleet_worker import (
    attempt,
    call_children,
    in_a_child,
    in_words,
)
from advisor.measuring.host import Host
from advisor.measuring.image_answers import AnswersFound
from advisor.measuring.image_data import LabelledImage
from advisor.measuring.measure import (
    Measured,
    MeasuredBoard,
    MeasuringPlan,
    check_asked,
    is_left,
    measure,
)
from advisor.measuring.preprocessing import Preprocessing
from advisor.measuring.runtimes.variants import prepared_as
from advisor.measuring.tasks import (
    SERVE_ONNX,
    HeatFound,
    MemoryFound,
    NoMeter,
    PreparedFound,
    Task,
    TimingFound,
    Variant,
)

DESCRIBE_S = 300.0
"""How long a board may take to say what it is, and whether it can measure."""

TRIES = 2
"""A child that is killed for an unknown reason is tried once more, in its limit again."""

HERE = "here"
"""What names this machine as the one that prepares."""

ANY_UNIT = "any unit"
"""Which machine a board is whose units are named: each of them."""

STATUSES = ("ok", "does_not_fit", "crashed", "timed_out", "failed")

Answer = TypeVar("Answer")


class Preparer:
    """A machine that prepares networks once for all boards of a run; what it makes lies on this one, too.

    Attributes:
        why_lost: why it prepares no more; "" while it does.
    """

    def __init__(self, on: Sessions | RemoteUnit) -> None:
        """Prepare there.

        Args:
            on: this machine's own children, or a unit of the fleet.
        """
        self._on, self._preparing = on, threading.Lock()
        self._done: dict[object, Outcome] = {}
        self.why_lost = ""

    def prepare(self, task: Task, limit_s: float) -> Outcome | None:
        """See `Sessions`.

        Returns:
            How it ended; `None` where the machine is lost, so that another has to.
        """
        key = (prepared_as(task.cell), task.content, task.device, task.check, task.calibration)
        with self._preparing:
            if key not in self._done and not self.why_lost:
                try:
                    self._done[key] = self._prepared(task, limit_s)
                except BoardLostError as error:
                    self.why_lost = str(error)
            return self._done.get(key)

    def _prepared(self, task: Task, limit_s: float) -> Outcome:
        found = self._on.prepare(task, limit_s)
        if found.status == "ok" and isinstance(self._on, RemoteUnit):
            self._on.fetch(found.value.prepared)
        return found


class RemoteUnit:
    """Children of one machine elsewhere: each is one task of its worker; see `Sessions`."""

    def __init__(self, fleet: Fleet, unit: Unit, preparer: Preparer | None = None) -> None:
        """Ask this unit.

        Args:
            fleet: by which it is reached.
            unit: whose worker.
            preparer: what prepares its networks; `None` for itself.
        """
        self._fleet, self._unit, self._preparer = fleet, unit, preparer
        self._address = ""
        self._there: set[str] = set()
        self._files = Files(self._called)

    @property
    def board(self) -> str:
        """The board's name."""
        return self._unit.board

    @property
    def is_there(self) -> bool:
        """Whether its worker is at the scheduler."""
        return self._unit.name in self._fleet.addresses()

    def ready(self, device: str) -> str:
        """See `Children`."""
        return self._result(str, "looking for", "ready", device)

    def check_installed(self, variants: Sequence[Variant], device: str) -> None:
        """See `Children`."""
        self._result(type(None), "looking for", "check_installed", list(variants), device)

    def check_code(self, module: str) -> None:
        """See that the machine has the same code of the user's own as this one.

        Raises:
            AdvisorError: it has not.
        """
        there = self._called(digest_of_module, module)
        if there != digest_of_module(module):
            has = f"has another {module} than this machine" if there else f"has no module {module}"
            raise AdvisorError(
                f"{in_words(self._unit.board, self._unit.unit)} {has}, and code does not travel",
                "copy it to the folder in which its worker starts, or name a file of the network: net.onnx",
            )

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        """See `Children`."""
        host = self._result(Host, "describing", "describe", device, threads, list(libraries))
        if not self._unit.unit:
            return host
        return replace(host, details={**host.details, "machine": ANY_UNIT})

    def busy(self, seconds: float) -> float | None:
        """See `Children`."""
        kinds = (float, type(None))
        found = self._asked(kinds, "listening", DESCRIBE_S, call_children, "busy", seconds)
        return float(found.value) if isinstance(found.value, float) else None

    def end(self) -> None:
        """See `Children`."""
        self._asked(type(None), "tidying", DESCRIBE_S, call_children, "end")
        self._asked(type(None), "tidying", DESCRIBE_S, tidy)

    def has(self, prepared: str) -> bool:
        """See `Sessions`; it is looked for once on each worker."""
        self._note_restart()
        if prepared and prepared not in self._there:
            if not self._result(bool, "looking for", "has", prepared):
                return False
            self._there.add(prepared)
        return True

    def _note_restart(self) -> None:
        """Forget what was there where the worker is another one now, maybe on an empty disk."""
        address = self._fleet.addresses().get(self._unit.name, "")
        if address and address != self._address:
            self._address = address
            self._there.clear()
            self._files.forget()

    def prepare(self, task: Task, limit_s: float) -> Outcome:
        """See `Sessions`; what a runtime compiles in a process of its own is prepared where it runs.

        So is all else once the machine that prepares is lost.
        """
        found = None
        if self._preparer is not None and task.cell.runtime in SERVE_ONNX:
            try:
                found = self._preparer.prepare(task, limit_s)
                if found and found.status == "ok" and found.value.prepared:
                    self._files.export(found.value.prepared)
            except BoardLostError:
                raise
            except AdvisorError as error:
                return Outcome("failed", None, str(error))
        return found or self._session(PreparedFound, "preparing", "prepare", task, limit_s)

    def fetch(self, prepared: str) -> None:
        """Bring what was prepared there into this machine's folder of exports.

        Raises:
            AdvisorError: it cannot be read there, or not be written here.
        """
        name = Path(prepared)
        for each in (prepared, *([f"{name.stem}.bin"] if name.suffix == ".xml" else ())):
            file = Sent(IN_EXPORTS, each, self._called(digest_of_export, each))
            receive(file, self._parts_of(each))

    def _parts_of(self, prepared: str) -> Iterator[bytes]:
        begin = 0
        while part := self._called(part_of_export, prepared, begin):
            yield part
            begin += len(part)

    def memory(self, task: Task, limit_s: float) -> Outcome:
        """See `Sessions`."""
        return self._session(MemoryFound, "memory of", "memory", task, limit_s)

    def heat(self, task: Task, seconds: float, limit_s: float) -> Outcome:
        """See `Sessions`."""
        return self._session(HeatFound, "heating with", "heat", task, seconds, limit_s)

    def time(self, task: Task, limit_s: float) -> Outcome:
        """See `Sessions`."""
        return self._session(TimingFound, "timing", "time", task, limit_s)

    def energy(self, task: Task, limit_s: float) -> Outcome:
        """See `Sessions`."""
        kinds = (EnergyFound, NoMeter, type(None))
        return self._session(kinds, "energy of", "energy", task, limit_s)

    def answers(
        self,
        function: Callable[..., object],
        task: Task,
        images: Sequence[LabelledImage],
        how: Preprocessing,
        limit_s: float,
    ) -> Outcome:
        """See `Sessions`; all that it needs is sent before."""
        try:
            self._note_restart()
            if task.prepared:
                self._files.export(task.prepared)
            there = self._files.images(images)
            arguments = (self._files.task(task), there, how)
        except BoardLostError:
            raise
        except AdvisorError as error:
            return Outcome("failed", None, str(error))
        words, limit = f"evaluating {task.cell}", TRIES * limit_s
        kinds = (AnswersFound, DetectionsFound)
        found = self._asked(kinds, words, limit, in_a_child, function, limit_s, *arguments)
        if found.status != "ok":
            return found
        if not found.value.changed and len(str(found.value.ranks)) != len(images):
            return sound(found.value.ranks, kinds)
        names = {each.path: here.path for each, here in zip(there, images, strict=True)}
        own = tuple(_renamed(each, names) for each in found.value.unreadable)
        changed = _renamed(found.value.changed, names)
        return replace(found, value=replace(found.value, unreadable=own, changed=changed))

    def _session(
        self, kind: type | tuple[type, ...], what: str, method: str, task: Task, *limits: float
    ) -> Outcome:
        """One session, of which the last of its limits says how long it may take."""
        try:
            self._note_restart()
            there = self._files.task(task)
        except BoardLostError:
            raise
        except AdvisorError as error:
            return Outcome("failed", None, str(error))
        words, limit_s = f"{what} {task.cell}", TRIES * limits[-1]
        return self._asked(kind, words, limit_s, call_children, method, there, *limits)

    def _result(self, kind: type[Answer], what: str, method: str, *arguments: Any) -> Answer:
        """What a method returns there that raises here.

        Raises:
            AdvisorError: as the method has it.
        """
        found = self._asked(kind, what, DESCRIBE_S, call_children, method, *arguments)
        value: Answer = self._value(found)
        return value

    def _called(self, function: Callable[..., Answer], *arguments: Any) -> Answer:
        """What a function returns there; see `_result`."""
        value: Answer = self._value(
            self._asked(object, "sending", DESCRIBE_S, function, *arguments)
        )
        return value

    def _value(self, found: Outcome) -> Any:
        if found.status != "ok":
            raise AdvisorError(f"{in_words(self._unit.board, self._unit.unit)}: {found.reason}")
        return found.value

    def _asked(
        self,
        kind: type | tuple[type, ...],
        what: str,
        limit_s: float,
        function: Callable[..., object],
        *arguments: Any,
    ) -> Outcome:
        """How one task of the worker ended."""
        try:
            found = self._fleet.ask(
                self._unit.name, what, attempt, function, *arguments, limit_s=limit_s
            )
        except TaskError as error:
            return Outcome(error.status, None, error.reason)
        return sound(found, kind)


class RemoteBoard:
    """A board elsewhere, of which there may be several units; see `Children`."""

    def __init__(
        self, fleet: Fleet, units: Sequence[Unit], preparer: Preparer | None = None
    ) -> None:
        """Ask these units.

        Args:
            fleet: by which they are reached.
            units: all of one board.
            preparer: what prepares their networks; `None` for each itself.
        """
        self._units = {each.unit: RemoteUnit(fleet, each, preparer) for each in units}

    @property
    def units(self) -> Mapping[str, RemoteUnit]:
        """See `Children`."""
        return self._units

    def ready(self, device: str) -> str:
        """See `Children`."""
        (named, *_) = [each.ready(device) for each in self._units.values()]
        return named

    def check_installed(self, variants: Sequence[Variant], device: str) -> None:
        """See `Children`."""
        for each in self._units.values():
            each.check_installed(variants, device)

    def check_code(self, networks: Iterable[Measurable]) -> None:
        """See that each unit has the code of those networks that are made by the user's own.

        Raises:
            AdvisorError: one has not.
        """
        names = (each.made_from for each in networks if is_own(each.made_from))
        modules = {name.partition(":")[0] for name in names if not is_own_file(name)}
        for module in sorted(modules):
            for each in self._units.values():
                each.check_code(module)

    def describe(self, device: str, threads: int, libraries: Sequence[str]) -> Host:
        """See `Children`.

        Raises:
            AdvisorError: units are unlike each other in what makes a board.
        """
        hosts = {
            unit: each.describe(device, threads, libraries) for unit, each in self._units.items()
        }
        (first, host), *others = hosts.items()
        for unit, other in others:
            own = {**host.identity, **host.runtimes}
            for what, theirs in {**other.identity, **other.runtimes}.items():
                if theirs != own.get(what):
                    raise AdvisorError(
                        f"units {first} and {unit} are no samples of one board: {what} {own.get(what)}, and "
                        f"{what} {theirs}",
                        "make them alike, or call them by names of their own: advisor worker --board",
                    )
        return host

    def busy(self, seconds: float) -> float | None:
        """The busiest unit; see `Children`."""
        found = [each.busy(seconds) for each in self._units.values()]
        return max((each for each in found if each is not None), default=None)

    def end(self) -> None:
        """See `Children`; units that are gone have nothing to end."""
        for each in self._units.values():
            if each.is_there:
                with suppress(BoardLostError):
                    each.end()


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """What is said of a file there, of the file here."""
    path = next((each for each in names if text.startswith(each)), None)
    return text if path is None else names[path] + text.removeprefix(path)


def sound(found: object, kind: type | tuple[type, ...]) -> Outcome:
    """What a worker answered, where it is of the kind that it should be."""
    if isinstance(found, Outcome) and found.status in STATUSES and isinstance(found.reason, str):
        if found.status != "ok":
            return Outcome(found.status, None, found.reason)
        if isinstance(found.value, kind) and _are_figures(found.value):
            return found
        found = found.value
    return Outcome("failed", None, f"its worker answered what is no answer: {repr(found)[:60]}")


def _are_figures(value: object) -> bool:
    """Whether a journal can hold it, and times are times."""
    if not isinstance(value, (TimingFound, MemoryFound, PreparedFound, HeatFound, EnergyFound)):
        return True
    try:
        json.dumps(asdict(value), allow_nan=False)
    except (TypeError, ValueError):
        return False
    if isinstance(value, TimingFound):
        return len(value.values_ms) > 0 and all(each > 0 for each in value.values_ms)
    return not isinstance(value, MemoryFound) or value.peak_mb > 0


@dataclass(frozen=True)
class FleetBoard:
    """How measuring one board of a fleet ended.

    Attributes:
        board: its name.
        measured: what was measured; `None` where it could not be.
        fault: why it did not come to its end; "" where it did.
        note: what went otherwise than asked.
        stopped: whether it was stopped by Ctrl-C.
    """

    board: str
    measured: Measured | None
    fault: str = ""
    note: str = ""
    stopped: bool = False

    @property
    def refused(self) -> bool:
        """Whether its run did not even begin: what was asked is wrong, or something is missing."""
        return self.measured is None and not self.stopped

    @property
    def nothing_ran(self) -> bool:
        """Whether it was measured, and no row has figures."""
        found = self.measured
        return bool(found and found.boards and not found.board.anything_ran)


@trusting
@checked
def measure_on(
    scheduler: str,
    architectures: str | Sequence[str] = (),
    *,
    boards: str = ALL,
    access: Access = OPEN,
    on_plan: Callable[[MeasuringPlan], None] = lambda plan: None,  # noqa: ARG005
    on_progress: ReportProgress = lambda what, remaining_s: None,  # noqa: ARG005
    on_board: Callable[[MeasuredBoard], None] = lambda board: None,  # noqa: ARG005
    prepare_on: str | None = None,
    absent_s: float | None = None,
    **asked: Any,
) -> tuple[FleetBoard, ...]:
    """Measure boards elsewhere, side by side, each as `measure` does on this machine.

    The journals, and all else that is written, lie in this machine's catalog: a session is on disk before the
    next one of its board begins. After an interruption of whatever kind, the same call goes on; boards that
    it was done with are then not measured once more, unless `fresh`.

    Args:
        scheduler: the address of the Dask scheduler that the boards' workers have joined.
        architectures: as `measure` takes it.
        boards: their names with commas between them; "all" for all that are there.
        access: by which right the scheduler is reached.
        on_plan: hears what will be done on each board, before it is.
        on_progress: hears what happens next on a board, and about how many seconds it has left.
        on_board: hears of each board when its run has ended.
        prepare_on: where networks are exported, quantised and held against the reference, once for all
            boards: a board of the fleet, or "here"; `None` for on each board.
        absent_s: for how long a board that is gone is waited for; `None` for 5 minutes.
        asked: what else `measure` takes; boards are fitted only where `fit` is asked for, since the models of
            many take long, and are made when something is to be predicted.

    Returns:
        How each board ended; one that is lost, or cannot be measured, holds up no other.

    Raises:
        AdvisorError: what is asked for cannot be read; or the scheduler cannot be reached, or a board is not
            there.
    """
    named = [] if boards == ALL else [each.strip().partition("/")[0] for each in boards.split(",")]
    own = check_asked(architectures, named, asked)
    waiting = {} if absent_s is None else {"absent_s": absent_s}
    with connected(scheduler, access, **waiting) as fleet, ExitStack() as held:
        found = fleet.boards(boards)
        preparer = None if prepare_on is None else Preparer(_preparing(fleet, prepare_on, held))
        heard = {"on_plan": one_at_a_time(on_plan), "on_board": one_at_a_time(on_board)}
        progress = one_at_a_time(on_progress)

        go_on = not asked.get("fresh") and is_left(architectures, found, asked)

        def measured(board: str) -> FleetBoard:
            def of_board(what: str, remaining_s: float) -> None:
                progress(f"{board}: {what}", remaining_s)

            further = {"fit": False, "go_on": go_on, **asked, **heard}
            further.update({"on_progress": of_board, "board": board})
            units = found[board]
            return _measured(fleet, units, preparer, own, architectures, further)

        return side_by_side(fleet, found, measured)


def side_by_side(
    fleet: Fleet, boards: Collection[str], work: Callable[[str], Answer]
) -> tuple[Answer, ...]:
    """What comes of working with each board, all at a time; Ctrl-C stops each in order."""
    with ThreadPoolExecutor(len(boards), "board") as pool:
        ends = [pool.submit(work, board) for board in boards]
        try:
            return tuple(end.result() for end in ends)
        except KeyboardInterrupt:
            fleet.stopping.set()
            return tuple(end.result() for end in ends)


def one_at_a_time(hear: Callable[..., None]) -> Callable[..., None]:
    """What hears of several boards, called by one thread after the other."""
    speaking = threading.Lock()

    def heard(*said: object) -> None:
        with speaking:
            hear(*said)

    return heard


@contextmanager
def board_on(scheduler: str, board: str, access: Access = OPEN) -> Iterator[RemoteBoard]:
    """One board elsewhere, which no other client has meanwhile.

    Args:
        scheduler: the address of the Dask scheduler that its worker has joined.
        board: its name, perhaps with one of its units as "board/unit".
        access: by which right the scheduler is reached.

    Raises:
        AdvisorError: it cannot be reached, or not so; or another client is at work on it.
    """
    with connected(scheduler, access) as fleet, ExitStack() as held:
        found = fleet.boards(board)
        if len(found) > 1:
            raise AdvisorError(
                f"several boards are at {scheduler}: {', '.join(found)}", "name one: --board NAME"
            )
        (units,) = found.values()
        for each in units:
            held.enter_context(fleet.held(each.name))
        yield RemoteBoard(fleet, units)


def _preparing(fleet: Fleet, on: str, held: ExitStack) -> Sessions:
    """What prepares for all boards, and is held for them."""
    if on == HERE:
        return RealChildren()
    found = fleet.boards(on)
    if len(found) > 1:
        raise AdvisorError(f"one board prepares for all, not {', '.join(found)}", "name one")
    ((unit, *_),) = found.values()
    held.enter_context(fleet.held(unit.name))
    return RemoteUnit(fleet, unit)


def _measured(
    fleet: Fleet,
    units: Sequence[Unit],
    preparer: Preparer | None,
    own: Iterable[Measurable],
    architectures: str | Sequence[str],
    asked: dict[str, Any],
) -> FleetBoard:
    """One board of a fleet, while no other client has it."""
    board = units[0].board
    if asked.get("sustained") and len(units) > 1:
        why = "--sustained heats one unit, and others would stay cold"
        return FleetBoard(board, None, f"{why} (name it: --board {units[0].name})")
    try:
        with ExitStack() as held:
            for each in units:
                held.enter_context(fleet.held(each.name))
            there = RemoteBoard(fleet, units, preparer)
            there.check_code(own)
            found = measure(architectures, children=there, **asked)
    except AdvisorError as error:
        return FleetBoard(board, None, str(error).removeprefix(f"{in_words(board)}: "))
    except KeyboardInterrupt:
        return FleetBoard(board, None, "stopped before its run began", stopped=True)
    note = ""
    if preparer is not None and preparer.why_lost:
        note = f"prepared on the board itself: {preparer.why_lost}"
    if found.boards and all(each.was_done for each in found.boards):
        note = f"done by run {found.board.run_id}; --fresh measures it once more"
    if not found.boards or found.board.finished:
        return FleetBoard(board, found, note=note)
    why = found.board.why_stopped
    return FleetBoard(board, found, why or "stopped", note, stopped=not why)
