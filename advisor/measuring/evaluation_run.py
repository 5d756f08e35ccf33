"""An evaluation on its way: the images through each way to run a network, every answer kept at once."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor._version import __version__
from advisor.catalog.locks import locked
from advisor.catalog.writers import writing
from advisor.errors import AdvisorError, Fault, with_all_faults
from advisor.folders import ready_cache
from advisor.measuring.annotated_images import AnnotatedImages
from advisor.measuring.box_decoders import named_decoder
from advisor.measuring.campaign import PREPARE_LIMIT_S, ReportProgress
from advisor.measuring.children import BoardLostError, Children, Outcome, RealChildren
from advisor.measuring.detections import DetectionsFound, detect_on_images, unpacked
from advisor.measuring.evaluation_plan import EvaluationPlan
from advisor.measuring.image_answers import BAD, AnswersFound, answer_images
from advisor.measuring.image_data import SEED, UNREADABLE, ChangedError
from advisor.measuring.journal import FORMAT, Journal, begin, mend, read_runs
from advisor.measuring.runtimes.exports import EXPORTS, is_there
from advisor.measuring.runtimes.variants import libraries_of
from advisor.measuring.tasks import REFERENCE, SERVE_ONNX, Cell, Task

if TYPE_CHECKING:
    from advisor.measuring.box_decoders import Boxes

PIECE = 256
"""So many images are answered in one child: what is lost when a run is killed."""

PIECE_LIMIT_S, IMAGE_LIMIT_S = 600.0, 30.0
"""How long a child may take at least, and for each image: none that gets on takes so long."""

Prepare = Callable[[Task, float], Outcome]
"""Prepares a network within so many seconds; see `advisor.measuring.children.Sessions`."""


class EvaluationRun:
    """One evaluation, from wherever its journal stands.

    Attributes:
        failed: why cells could not be run, by cell.
        prepared: the files that cells were served from, in the folder of exports; "" for none.
        lost: why units of the board took no part until the end, by their labels.
        finished: whether it has come to its end, rather than being stopped.
        why_stopped: why it has not; "" where it has, or was stopped by Ctrl-C.
    """

    def __init__(
        self,
        plan: EvaluationPlan,
        journal: Journal,
        children: Children,
        report_progress: ReportProgress,
        *,
        skip_bad: bool,
        prepare: Prepare | None = None,
    ) -> None:
        """Take up the run.

        Args:
            plan: what to run.
            journal: where everything is kept; what it holds already is not done again.
            children: what runs the tasks; several units share the images.
            report_progress: hears of the progress.
            skip_bad: whether images that cannot be read are left out.
            prepare: prepares networks in files, on this machine; a child of it unless given.
        """
        self._prepare = prepare or RealChildren().prepare
        self.units, self.lost = dict(children.units), dict[str, str]()
        self.finished, self.why_stopped = True, ""
        self._keeping = threading.RLock()
        self.plan, self.journal, self.skip_bad = plan, journal, skip_bad
        self.report_progress = report_progress
        self.failed: dict[Cell, str] = {}
        self.prepared: dict[Cell, str] = {}
        self._begun = time.monotonic()
        self._answered = 0
        self._answer: Callable[..., AnswersFound | DetectionsFound] = answer_images
        if plan.finds_boxes:
            self._answer = partial(detect_on_images, decoder=plan.decoder)

    def run(self) -> None:
        """Do all that is left; Ctrl-C, or the loss of the whole board, ends it in order.

        Raises:
            AdvisorError: what the others are held against cannot be run, an image cannot be read, or the
                images or classes are not those of the network, or not what they were.
        """
        try:
            self._run_all()
        except KeyboardInterrupt:
            self.finished = False
        except BoardLostError as error:
            self.finished, self.why_stopped = False, str(error)

    def _run_all(self) -> None:
        for count, cell in enumerate(self.plan.cells):
            why = self._run_cell(cell)
            if why and count == 0:
                raise AdvisorError(f"{self.plan.network.name} in {' '.join(cell.variant)}: {why}")
            if why:
                self.failed[cell] = why
            if count == 0:
                self._check_readable()
        self.plan.images.check_listing()

    def ranks(self, cell: Cell) -> str:
        """How far up each image's right answer came, as far as that is known; see `AnswersFound`."""
        kept = self._kept(cell)
        found = []
        for piece in range(self._pieces):
            if piece not in kept:
                break
            found.append(str(kept[piece]["ranks"]))
        return "".join(found)

    def is_whole(self, cell: Cell) -> bool:
        """Whether all images have gone through it."""
        return len(self.ranks(cell)) == len(self.plan.images.images)

    @property
    def outputs(self) -> int:
        """How many classes the network has; 0 where that is not known yet."""
        return max(
            (int(each["outputs"]) for each in self.journal.records if "outputs" in each), default=0
        )

    def boxes(self, cell: Cell) -> dict[int, Boxes]:
        """What a detector found on each image that it could read, by the image's label."""
        kept, images = self._kept(cell), iter(self.plan.images.images)
        return {
            image.label: boxes
            for piece in sorted(kept)
            for mark, boxes, image in zip(
                str(kept[piece]["ranks"]), unpacked(kept[piece]), images, strict=False
            )
            if mark != BAD
        }

    @property
    def decoder(self) -> str:
        """By what a detector's output was decoded; "" where nothing was."""
        found = (str(each["decoder"]) for each in self.journal.records if each.get("decoder"))
        return next(found, "")

    @property
    def unreadable(self) -> list[str]:
        """The images that cannot be read, and why."""
        found = (line for each in self.journal.records for line in each.get("unreadable", ()))
        return list(dict.fromkeys(found))

    @property
    def images_by_unit(self) -> dict[str, int]:
        """How many images each unit of a board answered, counted for each way; none where it has none."""
        found: Counter[str] = Counter()
        for each in self.journal.records:
            if "ranks" in each and each.get("unit"):
                found[each["unit"]] += len(each["ranks"])
        return dict(sorted(found.items()))

    @property
    def _pieces(self) -> int:
        return -(-len(self.plan.images.images) // PIECE)

    def _kept(self, cell: Cell) -> dict[int, dict[str, object]]:
        """What is known of a cell, by piece."""
        key = self.plan.key(cell)
        return {
            each["piece"]: dict(each)
            for each in self.journal.records
            if each.get("of") == key and {"ranks", "piece"} <= each.keys()
        }

    def _run_cell(self, cell: Cell) -> str:
        """Run all pieces that are not known yet.

        Returns:
            Why it cannot be run; "" where it could.
        """
        kept = self._kept(cell)
        task, why = self._prepared_task(cell)
        if why:
            return why
        left: deque[int] = deque()
        for piece in range(self._pieces):
            if piece in kept:
                self._check_classes(kept[piece])
            else:
                left.append(piece)
        while left and not why:
            why = self._on_units(cell, task, left)
        return why

    def _on_units(self, cell: Cell, task: Task, left: deque[int]) -> str:
        """Let each unit of the board take pieces as it gets on; see `_run_cell`.

        A unit that is lost leaves its piece to the others.

        Raises:
            BoardLostError: no unit is left.
        """
        units = sorted(self.units)
        if len(units) == 1:
            return self._work_off(units[0], cell, task, left)
        with ThreadPoolExecutor(len(units), "unit") as pool:
            ends = [pool.submit(self._work_off, unit, cell, task, left) for unit in units]
        return next(filter(None, [end.result() for end in ends]), "")

    def _work_off(self, unit: str, cell: Cell, task: Task, left: deque[int]) -> str:
        """What one unit does of the pieces that are left; nothing is left for others once one fails."""
        why = ""
        while left and not why:
            with self._keeping:
                if not left:
                    break
                piece = left.popleft()
                done = f"{piece * PIECE} of {len(self.plan.images.images)} images"
                self.report_progress(f"{' '.join(cell.variant)}: {done}", self._remaining_s())
            try:
                why = self._answer_piece(unit, cell, task, piece)
            except BoardLostError as error:
                with self._keeping:
                    left.appendleft(piece)
                    self.lost[unit] = str(error)
                    del self.units[unit]
                    self.journal.append({"unit": unit, "lost": str(error)})
                    if not self.units:
                        raise
                return ""
            except BaseException:
                left.clear()
                raise
        if why:
            left.clear()
        return why

    def _answer_piece(self, unit: str, cell: Cell, task: Task, piece: int) -> str:
        """Have a unit answer some images; why it could not, "" where it could."""
        images = self.plan.images.images[piece * PIECE : (piece + 1) * PIECE]
        limit_s = PIECE_LIMIT_S + IMAGE_LIMIT_S * len(images)
        how = self.plan.preprocessing
        outcome = self.units[unit].answers(self._answer, task, images, how, limit_s)
        if outcome.status != "ok":
            return _why(outcome)
        with self._keeping:
            self._keep(cell, unit, piece, outcome.value)
            self._answered += len(images)
        return ""

    def _keep(
        self, cell: Cell, unit: str, piece: int, found: AnswersFound | DetectionsFound
    ) -> None:
        """Put what a child found on disk, where it can be believed."""
        if found.changed:
            raise ChangedError(found.changed, "run it again: it begins anew")
        of = {"of": self.plan.key(cell), "piece": piece, **({"unit": unit} if unit else {})}
        record = {**of, **asdict(found)}
        del record["changed"]
        self._check_classes(record)
        self.journal.append(record)

    def _check_classes(self, record: Mapping[str, Any]) -> None:
        """Refuse a network whose classes are not those of the images, as far as its answers show."""
        images, network = self.plan.images, self.plan.network.name
        if record["outputs"]:
            images.check_classes(record["outputs"], network)
        elif isinstance(images, AnnotatedImages) and record["decoder"]:
            classes = {int(each) for boxes in unpacked(record) for each in boxes[:, 5]}
            first_class = named_decoder(record["decoder"]).first_class
            images.check_found(classes, first_class, network)

    def _prepared_task(self, cell: Cell) -> tuple[Task, str]:
        """How to run a cell, from what was prepared for it; and why it cannot be."""
        task = self.plan.task(cell)
        made_there = self.plan.board and cell.runtime not in SERVE_ONNX  # it is in no file
        if cell.variant == REFERENCE or made_there:
            self.prepared[cell] = ""
            return task, ""
        key = self.plan.key(cell)
        for each in self.journal.records:
            if each.get("of") == key and "prepared" in each:
                self.prepared[cell] = each["prepared"]
        if cell not in self.prepared or not is_there(self.prepared[cell]):
            self.report_progress(f"preparing {' '.join(cell.variant)}", self._remaining_s())
            here = replace(task, device="cpu") if self.plan.board else task
            outcome = self._prepare(here, PREPARE_LIMIT_S)
            if outcome.status != "ok":
                return task, _why(outcome)
            self.prepared[cell] = outcome.value.prepared
            self.journal.append({"of": key, "prepared": outcome.value.prepared})
        return replace(task, prepared=self.prepared[cell]), ""

    def _check_readable(self) -> None:
        """Refuse images that cannot be read, all at once, unless they are to be left out."""
        bad = self.unreadable
        if bad and not self.skip_bad:
            raise with_all_faults(
                [Fault(Path(each.partition(": ")[0]), 0, "", each.partition(": ")[2], "", explains=True)
                 for each in bad],
                f"{len(bad)} of {len(self.plan.images.images)} images; {UNREADABLE}",
            )  # fmt: skip
        if set(self.ranks(self.plan.cells[0])) == {BAD}:
            raise AdvisorError(f"{self.plan.images.place}: none of its images can be read")

    def _remaining_s(self) -> float:
        """About how long the rest takes, by how long it took until now."""
        if not self._answered:
            return 0.0
        known = sum(len(self.ranks(each)) for each in self.plan.cells)
        left = len(self.plan.cells) * len(self.plan.images.images) - known
        return left * (time.monotonic() - self._begun) / self._answered


def _why(outcome: Outcome) -> str:
    what = "" if outcome.status == "failed" else outcome.status.replace("_", " ") + ": "
    return what + outcome.reason


def run_evaluation(
    plan: EvaluationPlan,
    children: Children,
    report_progress: ReportProgress,
    *,
    board: str = "",
    fresh: bool,
    skip_bad: bool,
    prepare: Prepare | None = None,
) -> EvaluationRun:
    """Run what is planned, from wherever an equal plan stands; what is found is kept.

    Args:
        plan: what to run.
        children: what runs the tasks.
        report_progress: hears of the progress.
        board: what the board elsewhere is called; "" for this machine.
        fresh: begin anew in any case.
        skip_bad: whether images that cannot be read are left out.
        prepare: prepares networks in files, on this machine; a child of it unless given.

    Raises:
        AdvisorError: another evaluation of the network is at work, or see `EvaluationRun.run`.
    """
    if board:
        variants, device = plan.run.variants, children.ready(plan.run.device)
        children.check_installed(variants, device)
        plan = plan.on(board, children.describe(device, 0, libraries_of(variants)))
    ready_cache(EXPORTS)  # without it no network is prepared: better said once, and now
    with taken_up(plan, fresh=fresh) as journal:
        run = EvaluationRun(
            plan, journal, children, report_progress, skip_bad=skip_bad, prepare=prepare
        )
        run.run()
        return run


@contextmanager
def taken_up(plan: EvaluationPlan, *, fresh: bool) -> Iterator[Journal]:
    """The journal of an equal plan, or a new one, while nobody else evaluates this network on this board.

    Args:
        plan: what is to be run.
        fresh: begin a new one in any case.

    Raises:
        AdvisorError: another run is at work on it, or the folder cannot be written.
    """
    folder, catalog = plan.journals, plan.catalog
    busy = f"another evaluation of {plan.network.name} is at work"
    lock = folder.with_name(f".{folder.name}.lock")
    with writing(catalog):
        pass  # a new catalog is marked as one before anything else lies in it
    with locked(lock, busy, "wait for it, or end it"):
        record = plan.as_record()
        alike = [each for each in read_runs(folder) if each.header["plan"] == record]
        if alike and not fresh:
            journal = alike[-1]
            mend(journal)
        else:
            with writing(catalog):
                header = {"format": FORMAT, "advisor": __version__, "seed": SEED, "plan": record}
                journal = begin(folder, header)
        yield journal
