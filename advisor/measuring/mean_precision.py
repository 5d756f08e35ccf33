"""The mean average precision of detectors, by pycocotools, and how sure it is, by random halves of images.

From half to half it scatters about as it does from one set of as many images as there are to another: that
is the delete-half jackknife of J. Shao and C. F. J. Wu: A general theory for jackknife variance estimation,
1989. Of few images it is too high, the more the fewer: each precision is the best at no less recall, and of
few boxes the best is luck. By how much halves are higher than the whole says how much the whole may be.
`python -m tests.benchmarks.mean_precision` draws sets of images from a large one, and counts how often the
intervals hold.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.architectures.libraries import is_installed
from advisor.catalog.records import Estimate
from advisor.errors import AdvisorError
from advisor.measuring.paired_accuracy import DIGITS, MEASURED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.measuring.annotated_images import Box
    from advisor.measuring.box_decoders import Boxes

HALVES = 500
"""So many times half of the images are drawn."""
SEED = 0
"""Of the draws: they are the same for every way to run a network, so that differences are paired."""
LEAST_IMAGES = 10
"""Of fewer images halves say nothing: the interval is unknown."""
LEAST_BOXES = 50
"""Of fewer boxes of a category, on average, intervals hold less often than 9 times in 10."""
BEYOND = 1 / (math.sqrt(2) - 1)
"""What is too high by c / sqrt(images) is so by this many times what halves are higher than the whole."""
AT_ONCE = 4_000_000
"""So many numbers are computed at once: what bounds the memory."""
RECALLS = np.linspace(0, 1, 101)
"""At which shares of the boxes found precision is looked at, as pycocotools does."""
PER_CATEGORY = 100
"""So many boxes of a category on an image count, as COCO has it."""


def check_pycocotools() -> None:
    """See that mean average precision can be computed.

    Raises:
        AdvisorError: pycocotools is missing, and how to install it.
    """
    if not is_installed("pycocotools"):
        raise AdvisorError(
            "mAP50-95 needs pycocotools, which is not installed",
            "install it: pip install 'dnn-advisor[detection]'",
        )


@dataclass(frozen=True)
class Category:
    """What was found of one category, the best score first.

    Attributes:
        image: the place of the image of each box found; shape (boxes,).
        right: whether it is right, at each threshold of overlap; shape (thresholds, boxes).
        counted: whether it counts, since it fits no crowd; likewise.
        wanted: how many boxes there are on each image; shape (images,).
    """

    image: NDArray[Any]
    right: NDArray[Any]
    counted: NDArray[Any]
    wanted: NDArray[Any]

    def precision(self, weights: NDArray[Any]) -> NDArray[Any]:
        """The mean over thresholds and recalls of the best precision at no less recall.

        Args:
            weights: whether each image counts, 1 or 0, in each draw; shape (draws, images).

        Returns:
            Shape (draws,); NaN where no image of a draw has a box.
        """
        found = np.full(len(weights), np.nan)
        wanted = weights @ self.wanted
        there = np.flatnonzero(wanted > 0)
        step = max(1, AT_ONCE // max(1, len(self.image) + self.right.size))
        for start in range(0, len(there), step):
            some = there[start : start + step]
            found[some] = self._precision(weights[some], wanted[some])
        return found

    def _precision(self, weights: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any]:
        hits = np.flatnonzero(self.right.any(axis=0))  # precision is highest where one is right
        if not len(hits):
            return np.zeros(len(weights))
        of_each = weights[:, self.image].astype(float)
        total, before = np.zeros(len(weights)), None
        for right, counted in zip(self.right, self.counted, strict=True):
            if before is None or not np.array_equal(counted, before):
                until, before = np.cumsum(of_each * counted, axis=1)[:, hits], counted
            so_far = np.cumsum(of_each[:, hits] * right[hits], axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                shares = np.where(until > 0, so_far / until, 0.0)
            best = np.maximum.accumulate(shares[:, ::-1], axis=1)[:, ::-1]
            passed = np.searchsorted(RECALLS, so_far / wanted[:, None], side="right")
            total += np.sum(best * np.diff(passed, axis=1, prepend=0), axis=1)
        averages: NDArray[Any] = total / (len(self.right) * len(RECALLS))
        return averages


@dataclass(frozen=True)
class Precision:
    """The mean average precision of one way to run a network.

    Attributes:
        value: over all images, from 0 to 1, as pycocotools has it.
        draws: of each half of the images; shape (draws,).
        images: how many images there are.
    """

    value: float
    draws: NDArray[Any]
    images: int

    def estimate(self) -> Estimate:
        """In percent, with its 90 % interval."""
        return _estimate(self.value, self.draws, self.images, 0.0)

    def loss(self, baseline: Precision) -> Estimate:
        """By how many points it is less than another on the same images, with its own interval."""
        lost, of_draws = baseline.value - self.value, baseline.draws - self.draws
        return _estimate(lost, of_draws, self.images, -1.0)


def _estimate(value: float, draws: NDArray[Any], images: int, least: float) -> Estimate:
    known = draws[np.isfinite(draws)]
    percent = round(100 * value, DIGITS)
    if images < LEAST_IMAGES or not len(known):
        return Estimate(percent, None, None, "measured", MEASURED)
    below, above = np.quantile(known, (0.05, 0.95)) - known.mean()
    shift = BEYOND * (value - known.mean())
    low = value + below + min(shift, 0.0)
    high = value + above + max(shift, 0.0)
    ends = [round(100 * min(max(float(each), least), 1.0), DIGITS) for each in (low, high)]
    return Estimate(percent, min(ends[0], percent), max(ends[1], percent), "measured", MEASURED)


def mean_precision(
    images: Sequence[int],
    truth: Sequence[Box],
    found: Mapping[int, Boxes],
    category_of: Callable[[int], int | None],
) -> Precision:
    """The mean average precision over thresholds of overlap from 0.5 to 0.95.

    Args:
        images: the ids of the images.
        truth: what is on them.
        found: what was found on each, in its own pixels: x1, y1, x2, y2, score, class.
        category_of: what a class is among the categories; `None` for none of them.

    Raises:
        AdvisorError: there is nothing on the images that could be found.
    """
    images, on = sorted(images), set(images)
    wanted = [each for each in truth if each.image in on]
    if all(each.crowd for each in wanted):
        raise AdvisorError("there is no box on the images that could be read")
    value, categories = _evaluated(images, wanted, found, category_of)
    drawn = halves(len(images))
    of_halves = np.stack([each.precision(drawn) for each in categories])
    return Precision(value, mean_of_known(of_halves), len(images))


def halves(images: int) -> NDArray[Any]:
    """Random halves of so many images, by a fixed seed: 1 where an image is in one; shape (draws, images)."""
    random = np.random.default_rng(SEED)
    row = (np.arange(images) < images // 2).astype(np.uint8)
    return random.permuted(np.tile(row, (HALVES, 1)), axis=1)


def mean_of_known(figures: NDArray[Any]) -> NDArray[Any]:
    """The mean over the first axis of what is a number; NaN where nothing is."""
    known = np.isfinite(figures)
    with np.errstate(invalid="ignore"):
        found: NDArray[Any] = np.where(known, figures, 0).sum(axis=0) / known.sum(axis=0)
    return found


def _evaluated(
    images: Sequence[int],
    truth: Sequence[Box],
    found: Mapping[int, Boxes],
    category_of: Callable[[int], int | None],
) -> tuple[float, list[Category]]:
    """The mean average precision, and what was found of each category that is on the images."""
    check_pycocotools()
    from pycocotools.cocoeval import COCOeval

    categories = sorted({each.category for each in truth if not each.crowd})
    with redirect_stdout(io.StringIO()):  # it reports to a terminal what it does
        run = COCOeval(
            _indexed(images, categories, map(_as_truth, truth)),
            _indexed(images, categories, _as_results(found, category_of)),
            "bbox",
        )
        run.params.imgIds = list(images)
        run.params.catIds = categories
        run.params.areaRng, run.params.areaRngLbl = [[0, 1e10]], ["all"]
        run.params.maxDets = [PER_CATEGORY]
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"]
    of_images = run.evalImgs
    per_category = [
        _category(of_images[start : start + len(images)], len(run.params.iouThrs))
        for start in range(0, len(of_images), len(images))
    ]
    return float(np.mean(precision[precision > -1])), per_category


def _category(of_images: Sequence[Mapping[str, Any] | None], thresholds: int) -> Category:
    """What pycocotools found of one category, image by image."""
    wanted = np.zeros(len(of_images), np.int64)
    image, scores, right, ignored = [], [], [], []
    for place, each in enumerate(of_images):
        if each is None:
            continue
        wanted[place] = np.count_nonzero(np.asarray(each["gtIgnore"]) == 0)
        image.append(np.full(len(each["dtScores"]), place))
        scores.append(np.asarray(each["dtScores"], float))
        right.append(np.asarray(each["dtMatches"]).reshape(thresholds, -1) > 0)
        ignored.append(np.asarray(each["dtIgnore"], bool).reshape(thresholds, -1))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    counted = ~np.concatenate(ignored, axis=1)[:, order]
    hits = np.concatenate(right, axis=1)[:, order] & counted
    return Category(np.concatenate(image)[order], hits, counted, wanted)


def _indexed(images: Sequence[int], categories: Sequence[int], boxes: Any) -> Any:
    """Boxes as pycocotools has them."""
    from pycocotools.coco import COCO

    made = COCO()
    made.dataset = {
        "images": [{"id": each} for each in images],
        "categories": [{"id": each} for each in categories],
        "annotations": [{"id": count, **each} for count, each in enumerate(boxes, start=1)],
    }
    made.createIndex()
    return made


def _as_truth(box: Box) -> dict[str, Any]:
    return {
        "image_id": box.image,
        "category_id": box.category,
        "bbox": [*box.corner, *box.size],
        "area": box.size[0] * box.size[1],
        "iscrowd": int(box.crowd),
    }


def _as_results(
    found: Mapping[int, Boxes], category_of: Callable[[int], int | None]
) -> list[dict[str, Any]]:
    results = []
    for image, boxes in found.items():
        for x1, y1, x2, y2, score, label in boxes.tolist():
            category = category_of(int(label))
            if category is not None:
                bbox = [x1, y1, x2 - x1, y2 - y1]
                area = bbox[2] * bbox[3]
                results.append(
                    {
                        "image_id": image, "category_id": category, "bbox": bbox, "score": score,
                        "area": area, "iscrowd": 0,
                    }
                )  # fmt: skip
    return results
