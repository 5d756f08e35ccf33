"""The question from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable

from advisor.solve.candidates.gather import gather
from advisor.solve.question.question import read_question
from advisor.solve.recommend.recommend import recommend
from advisor.solve.recommend.recommendation import Recommendation


def pick(
    requirements: str | os.PathLike[str] | None = None,
    *,
    board: str | Iterable[str] | None = None,
    fps: float | str | None = None,
    latency: str | None = None,
    energy: str | None = None,
    power: str | None = None,
    memory: str | None = None,
    accuracy: float | str | None = None,
    params: float | str | None = None,
    ops: float | str | None = None,
    hours: float | str | None = None,
    where: str | Iterable[str] = (),
    battery: str | None = None,
    overhead: str | None = None,
    batch: str | int | Iterable[int] | None = None,
    weights: str | None = None,
    architectures: str | Iterable[str] | None = None,
    families: str | Iterable[str] | None = None,
    runtime: str | Iterable[str] | None = None,
    precision: str | Iterable[str] | None = None,
    candidates: str | None = None,
    include: str | Iterable[str] | None = None,
    accuracy_of: str | Iterable[str] | None = None,
    accuracy_table: str | os.PathLike[str] | None = None,
    predictions: bool | None = None,
    objective: str | Iterable[str] | None = None,
    confidence: float | str | None = None,
    explain: str | Iterable[str] | None = None,
    top: int | str | None = None,
    all_batches: bool | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Recommendation:
    """Which network to ship on a board.

    Limits are text with a unit ("0.5 J", ">= 400 MB") or a mapping ({"min": "1 W", "max": "2 W"}); bare
    numbers are for `fps`, `accuracy` in percent, `params`, `ops` (also "25M") and `hours`. A text without
    a sign is a least fps, accuracy or hours, and a most of everything else.

    Args:
        requirements: a YAML file that asks; what is said here overrides it.
        board: a board, several, or "any"; else that of `ADVISOR_BOARD`, else `jetson-tx1`.
        fps: throughput, in images per second.
        latency: response, "33 ms", of the median or of the tail ("33ms@p99"). With `fps` it includes
            the wait for the batch to fill.
        energy: energy per image, idle power left out.
        power: average power, idle included: at `fps`, or else while running flat out.
        memory: peak memory.
        accuracy: ImageNet top-1 accuracy.
        params: parameters.
        ops: operations per image, a multiply and an add counted as two.
        hours: how long `battery` is to last.
        where: limits of any metric, such as "time <= 20 ms".
        battery: the energy of the battery, "10 Wh".
        overhead: time per batch for pre- and post-processing.
        batch: "any", one batch size, or several ("1,4").
        weights: a set of weights, "any", or else those that the board's source used.
        architectures: names of networks to choose from, or patterns ("resnet-*").
        families: names of their families, or patterns.
        runtime: names of runtimes, or patterns.
        precision: names of precisions, or patterns.
        candidates: "board" for the networks that the board has rows of; "all" for every network of
            the catalog, at every batch size, by prediction where nothing was measured.
        include: networks of your own, "NAME=FILE.onnx", "NAME=FILE.pt2" or "NAME=module:factory".
        accuracy_of: their accuracies, "NAME=71.2", or that of one that the board has measured.
        accuracy_table: a CSV file of accuracies (columns architecture, top1_percent) that replaces
            ImageNet's.
        predictions: whether what is predicted may stand for what was not measured.
        objective: what to rank by: accuracy (unless said otherwise), fps, latency, energy, power, hours,
            memory, params, ops, time, batch-latency, net-power or board-energy; or several steps:
            "accuracy within 0.5 points, energy" takes the least energy of all that are that close to the
            best accuracy.
        confidence: the probability with which a candidate is to meet all limits together (0.9, unless
            said otherwise); "none" takes its figures as they are.
        explain: networks of which to tell why they are not the pick.
        top: how many networks to list (5, unless said otherwise).
        all_batches: list every fitting batch size of them, not only the best.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the platform's user data folder.

    Returns:
        The recommendation; its `best` is `None` where nothing meets all limits.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, or a file is broken.
    """
    opened, asked = read_question(
        requirements,
        catalog=catalog,
        where=where,
        board=board,
        fps=fps,
        latency=latency,
        energy=energy,
        power=power,
        memory=memory,
        accuracy=accuracy,
        params=params,
        ops=ops,
        hours=hours,
        battery=battery,
        overhead=overhead,
        batch=batch,
        weights=weights,
        architectures=architectures,
        families=families,
        runtime=runtime,
        precision=precision,
        candidates=candidates,
        include=include,
        accuracy_of=accuracy_of,
        accuracy_table=accuracy_table,
        predictions=predictions,
        objective=objective,
        confidence=confidence,
        top=top,
        all_batches=all_batches,
        explain=explain,
    )
    return recommend(gather(opened, asked), asked)
