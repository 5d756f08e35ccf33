"""How often the intervals of detectors' mAP50-95 hold, and those of what one loses against another.

    python -m tests.benchmarks.mean_precision [--sets 120] [--categories 3,8,20] [--images 20,50,150,500]

Of a large made-up set of images, on which two detectors find most boxes a little off, miss some and find
others that are not there, smaller sets are drawn. An interval of one of these holds where what is found of
the large set lies in it. Some minutes; the same figures each time.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from advisor.measuring.annotated_images import Box
from advisor.measuring.mean_precision import Category, Precision, _evaluated, halves, mean_of_known

LARGE = 2500
BOXES, FALSE = 4, 3
"""How many boxes an image has on average, and how many false ones are found."""


def population(seed: int, categories: int) -> tuple[list[Box], dict[int, Any], dict[int, Any]]:
    """What is on the images, and what two detectors find, the second being the first but coarser."""
    random = np.random.default_rng(seed)
    share, skill = random.dirichlet(np.full(categories, 2.0)), random.uniform(0.3, 0.95, categories)
    truth, first, second = [], {}, {}
    for image in range(LARGE):
        rows, hard = [], random.normal(0, 0.15)
        for _ in range(random.poisson(BOXES)):
            kind, (x, y, w, h) = int(random.choice(categories, p=share)), random.uniform(10, 60, 4)
            truth.append(Box(image, kind, (x, y), (w, h)))
            if random.random() < skill[kind] - hard:
                off = random.normal(0, 0.06 * min(w, h), 4)
                score = np.clip(random.normal(0.65, 0.2), 0.01, 0.99)
                rows.append([*(np.array([x, y, x + w, y + h]) + off), score, kind])
        for _ in range(random.poisson(FALSE)):
            kind, (x, y, w, h) = int(random.choice(categories, p=share)), random.uniform(10, 60, 4)
            score = np.clip(random.normal(0.35, 0.2), 0.01, 0.99)
            rows.append([x, y, x + w, y + h, score, kind])
        found = np.array(rows, np.float32).reshape(-1, 6)
        coarser = found.copy()
        coarser[:, :4] = np.rint(coarser[:, :4] / 3) * 3
        coarser[:, 4] = np.clip(coarser[:, 4] + random.normal(0, 0.05, len(found)), 0.01, 1)
        first[image], second[image] = found, coarser
    return truth, first, second


def of_images(category: Category, chosen: Any) -> Category:
    """What was found of a category on a few of the images."""
    place = np.full(LARGE, -1)
    place[chosen] = np.arange(len(chosen))
    kept = place[category.image] >= 0
    return Category(
        place[category.image[kept]],
        category.right[:, kept],
        category.counted[:, kept],
        category.wanted[chosen],
    )


def precision_of(categories: list[Category], images: int) -> Precision:
    """As `mean_precision` makes it of what pycocotools found."""
    every = np.ones((1, images), np.uint8)
    value = mean_of_known(np.stack([each.precision(every) for each in categories]))[0]
    draws = mean_of_known(np.stack([each.precision(halves(images)) for each in categories]))
    return Precision(float(value), draws, images)


def main() -> None:
    """Print a line for each number of categories and of images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sets", type=int, default=120)
    parser.add_argument("--categories", default="3,8,20")
    parser.add_argument("--images", default="20,50,150,500")
    asked = parser.parse_args()
    for kinds in map(int, asked.categories.split(",")):
        truth, *detectors = population(kinds, kinds)
        large = [_evaluated(range(LARGE), truth, each, lambda kind: kind) for each in detectors]
        lost = 100 * (large[0][0] - large[1][0])
        for images in map(int, asked.images.split(",")):
            random = np.random.default_rng(5)
            holds, off = np.zeros(2), []
            for _ in range(asked.sets):
                chosen = np.sort(random.choice(LARGE, images, replace=False))
                parts = [[of_images(each, chosen) for each in found] for _, found in large]
                first, second = (precision_of(each, images) for each in parts)
                pairs = ((first.estimate(), 100 * large[0][0]), (second.loss(first), lost))
                holds += [low_to_high(each, value) for each, value in pairs]
                off.append(100 * (first.value - large[0][0]))
            shares = 100 * holds / asked.sets
            print(
                f"{kinds} categories, {images} images ({BOXES * images // kinds} boxes a category): of "
                f"{asked.sets} intervals {shares[0]:.0f} % hold, of losses {shares[1]:.0f} %; mAP "
                f"{100 * large[0][0]:.1f} is {np.mean(off):+.1f} off on average, a loss is {lost:.1f}",
                flush=True,
            )


def low_to_high(estimate: Any, value: float) -> bool:
    """Whether a value lies in an interval."""
    return bool(estimate.low <= value <= estimate.high)


if __name__ == "__main__":
    main()
