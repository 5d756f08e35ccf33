"""An evaluation on its way: the images through each way to run a network, every answer kept at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor._version import __version__
from advisor.catalog.locks import locked
from advisor.catalog.writers import writing
from advisor.errors import AdvisorError, Fault, with_all_faults
from advisor.measuring.annotated_images import AnnotatedImages
from advisor.measuring.box_decoders import named_decoder
from advisor.measuring.campaign import PREPARE_LIMIT_S, ReportProgress
from advisor.measuring.children import Isolation, Outcome
from advisor.measuring.detections import DetectionsFound, detect_on_images, unpacked
from advisor.measuring.evaluation_plan import EvaluationPlan
from advisor.measuring.image_answers import BAD, AnswersFound, answer_images
from advisor.measuring.image_data import SEED, UNREADABLE, ChangedError, LabelledImage
from advisor.measuring.journal import FORMAT, Journal, begin, mend, read_runs
from advisor.measuring.runtimes.exports import is_there
from advisor.measuring.tasks import REFERENCE, Cell, Task
from advisor.measuring.worker import prepare_task

if TYPE_CHECKING:
    from advisor.measuring.box_decoders import Boxes
    from advisor.measuring.fleet_run import RemoteUnit

PIECE = 256
"""So many images are answered in one child: what is lost when a run is killed."""

PIECE_LIMIT_S, IMAGE_LIMIT_S = 600.0, 30.0
"""How long a child may take at least, and for each image: none that gets on takes so long."""


class EvaluationRun:
    """One evaluation, from wherever its journal stands.

    Attributes:
        failed: why cells could not be run, by cell.
        prepared: the files that cells were served from, in the folder of exports; "" for none.
    """

    def __init__(
        self,
        plan: EvaluationPlan,
        journal: Journal,
        report_progress: ReportProgress,
        *,
        skip_bad: bool,
        elsewhere: RemoteUnit | None = None,
    ) -> None:
        """Take up the run.

        Args:
            plan: what to run.
            journal: where everything is kept; what it holds already is not done again.
            report_progress: hears of the progress.
            skip_bad: whether images that cannot be read are left out.
            elsewhere: the board on which images go through the network; `None` for this machine, which
                prepares it in any case.
        """
        self._elsewhere = elsewhere
        self.plan, self.journal, self.skip_bad = plan, journal, skip_bad
        self.report_progress = report_progress
        self.failed: dict[Cell, str] = {}
        self.prepared: dict[Cell, str] = {}
        self._isolation = Isolation(["advisor.measuring.preload"])
        self._begun = time.monotonic()
        self._answered = 0
        self._answer: Callable[..., AnswersFound | DetectionsFound] = answer_images
        if plan.finds_boxes:
            self._answer = partial(detect_on_images, decoder=plan.decoder)

    def run(self) -> None:
        """Do all that is left.

        Raises:
            AdvisorError: what the others are held against cannot be run, an image cannot be read, or the
                images or classes are not those of the network, or not what they were.
        """
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
        for piece in range(self._pieces):
            if piece in kept:
                self._check_classes(kept[piece])
                continue
            images = self.plan.images.images[piece * PIECE : (piece + 1) * PIECE]
            self.report_progress(
                f"{' '.join(cell.variant)}: {piece * PIECE} of {len(self.plan.images.images)} images",
                self._remaining_s(),
            )
            outcome = self._answers(task, images)
            if outcome.status != "ok":
                return _why(outcome)
            self._keep(cell, piece, outcome.value)
            self._answered += len(images)
        return ""

    def _answers(self, task: Task, images: Sequence[LabelledImage]) -> Outcome:
        """What a network makes of images, wherever it is run."""
        limit_s = PIECE_LIMIT_S + IMAGE_LIMIT_S * len(images)
        how = self.plan.preprocessing
        if self._elsewhere is None:
            return self._isolation.run(self._answer, task, images, how, limit_s=limit_s)
        return self._elsewhere.answers(self._answer, task, images, how, limit_s)

    def _keep(self, cell: Cell, piece: int, found: AnswersFound | DetectionsFound) -> None:
        """Put what a child found on disk, where it can be believed."""
        if found.changed:
            raise ChangedError(found.changed, "run it again: it begins anew")
        record = {"of": self.plan.key(cell), "piece": piece, **asdict(found)}
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
        if cell.variant == REFERENCE:
            self.prepared[cell] = ""
            return task, ""
        key = self.plan.key(cell)
        for each in self.journal.records:
            if each.get("of") == key and "prepared" in each:
                self.prepared[cell] = each["prepared"]
        if cell not in self.prepared or not is_there(self.prepared[cell]):
            self.report_progress(f"preparing {' '.join(cell.variant)}", self._remaining_s())
            here = task if self._elsewhere is None else replace(task, device="cpu")
            outcome = self._isolation.run(prepare_task, here, limit_s=PREPARE_LIMIT_S)
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


@contextmanager
def taken_up(
    folder: Path, catalog: Path, plan: EvaluationPlan, *, fresh: bool
) -> Iterator[Journal]:
    """The journal of an equal plan, or a new one, while nobody else evaluates this network.

    Args:
        folder: where this network's evaluations lie.
        catalog: the catalog in which that is.
        plan: what is to be run.
        fresh: begin a new one in any case.

    Raises:
        AdvisorError: another run is at work on it, or the folder cannot be written.
    """
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
