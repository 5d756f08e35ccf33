"""What networks are for, and in what their accuracy is stated: tasks, the metric of each, the data set.

Accuracies of unlike metrics or data sets are never compared, so a question is of one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from advisor.errors import AdvisorError
from advisor.metrics import EVERY, Metric

ACCURACY = "accuracy_percent"
"""The key of the metric whose meaning differs from task to task."""

CLASSIFICATION, DETECTION = "classification", "detection"
IMAGENET = "imagenet-1k"

SHARES = ("top-1", "top-5")
"""Metrics that are the share of a data set's images whose answer is right."""

IMAGES: Mapping[str, int] = {
    "coco": 5_000,
    IMAGENET: 50_000,
    "imagenet-a": 7_500,
    "imagenet-a-clean": 10_000,
    "imagenet-r": 30_000,
    "imagenet-r-clean": 10_000,
    "imagenet-real": 46_837,
    "imagenet-sketch": 50_889,
    "imagenet-v2": 10_000,
}
"""On how many images accuracies are found that are published of a data set."""


@dataclass(frozen=True)
class Quality:
    """What an accuracy means.

    Attributes:
        task: what the networks are for.
        metric: in what their accuracy is stated, such as "top-1" or "mAP50-95", in percent.
        data_set: on which images.
    """

    task: str
    metric: str
    data_set: str

    @property
    def title(self) -> str:
        """The metric in a sentence."""
        return f"{self.metric} accuracy" if self.metric in SHARES else self.metric

    @property
    def is_usual(self) -> bool:
        """Whether it is the one that the task usually goes by."""
        return self == usual(self.task)

    def worded(self, key: str) -> Metric:
        """A metric as people read it where networks are for this task."""
        metric = EVERY[key]
        if key != ACCURACY:
            return metric
        return replace(metric, title=self.title, heading=self.metric)

    def __str__(self) -> str:
        return f"{self.metric} on {self.data_set}" if self.data_set else self.metric


TASKS: Mapping[str, Quality] = {
    each.task: each
    for each in (
        Quality(CLASSIFICATION, "top-1", IMAGENET),
        Quality(DETECTION, "mAP50-95", "coco"),
        Quality("segmentation", "mIoU", "cityscapes"),
        Quality("pose", "AP", "coco"),
    )
}
"""What each task usually goes by."""


_TASK_WORDS = {
    "image-classification": CLASSIFICATION,
    "object-detection": DETECTION,
    "semantic-segmentation": "segmentation",
    "pose-estimation": "pose",
}
_METRIC_WORDS = {
    **{each.metric.lower(): each.metric for each in TASKS.values()},
    **dict.fromkeys(("top1", "acc1", "acc@1", "accuracy-top1"), "top-1"),
    **dict.fromkeys(("top5", "acc5", "acc@5"), "top-5"),
    "top-5": "top-5",
}
_PLAIN_METRICS = {re.sub(r"[^a-z0-9]", "", each): to for each, to in _METRIC_WORDS.items()}
_MEAN_OF_50_TO_95 = re.compile(
    r"(?:metrics/)?(?:coco |box )?m?ap(?:val| box)?[ @(\[]*0?\.?50?[ :,.-]+0?\.?95[\])]*(?:\(b\))?"
)
_SCALE = re.compile(r"(?i)[\s_,(\[-]+(?:(fraction|share|ratio)|%|percent|percentage|pct)[)\]]*\s*$")
"""What may stand behind a metric: in what its figures are."""
_DATA_SET_WORDS = dict.fromkeys(("imagenet", "imagenet1k", "imagenet-1k", "ilsvrc2012"), IMAGENET)


def read_task(word: str) -> str:
    """The one word for a task, whatever its spelling."""
    plain = word.strip().lower().replace("_", "-").replace(" ", "-")
    return _TASK_WORDS.get(plain, plain)


def read_metric(word: str) -> str:
    """The one word for a metric of accuracy, whatever its spelling; a word that is not known is kept."""
    bare = without_scale(word)
    lower = re.sub(r"[\s_]+", " ", bare.lower()).removesuffix(" accuracy")
    if _MEAN_OF_50_TO_95.fullmatch(lower):
        return TASKS[DETECTION].metric
    return _PLAIN_METRICS.get(re.sub(r"[^a-z0-9]", "", lower), bare)


def without_scale(word: str) -> str:
    """A metric's word without what says in what its figures are: "top-1" of "top-1 (fraction)"."""
    return _SCALE.sub("", word.strip())


def is_share(word: str) -> bool:
    """Whether a metric's word says that its figures are shares of 1: "top-1 (fraction)"."""
    said = _SCALE.search(word)
    return bool(said and said.group(1))


def task_by_metric(metric: str) -> str:
    """The one task that goes by a metric; "" where none does, or others call theirs so, too."""
    if metric == TASKS["pose"].metric:  # of detectors AP is said as well
        return ""
    return next((each.task for each in TASKS.values() if each.metric == metric), "")


def read_data_set(word: str) -> str:
    """The one word for a data set, whatever its spelling."""
    plain = word.strip().lower().replace("_", "-").replace(" ", "-")
    return _DATA_SET_WORDS.get(plain, plain)


def name_of_own(data_set: str, images: int) -> str:
    """What images of the user's own are called, of which accuracies are found.

    A row of a published set's name would stand where what was published of it stands, so no other images may
    go by that: a sample of it is another data set.

    Args:
        data_set: what the user calls them.
        images: how many there are.

    Raises:
        AdvisorError: that is a published set, and these are not as many images.
    """
    name = read_data_set(data_set)
    published = {**{each.data_set: None for each in TASKS.values()}, **IMAGES}
    if name not in published or images == published[name]:
        return name
    has = f"has {published[name]:,} images" if published[name] else "is a published set"
    raise AdvisorError(
        f"data-set: {name} {has}, and these are {images:,}: what was published of it would be replaced",
        "leave it out, and they are named by their content; what a precision loses on them is carried to "
        "published accuracies all the same",
    )


def usual(task: str) -> Quality:
    """What a task goes by unless something else is asked; its networks may be for anything."""
    return TASKS.get(task) or Quality(task, "accuracy", "")


def task_of(asked: str | None, known: Iterable[str]) -> str | None:
    """The task of a question.

    Args:
        asked: the one that is asked for; `None` where none is.
        known: those of the networks that there are.

    Returns:
        The one asked for; else classification, or the only other one there is; `None` where there are
        several others, or the one asked for is not known.
    """
    tasks = set(known)
    if asked is not None:
        return asked if asked in tasks or not tasks else None
    if CLASSIFICATION in tasks or not tasks:
        return CLASSIFICATION
    return next(iter(tasks)) if len(tasks) == 1 else None
