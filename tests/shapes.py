"""Coloured rectangles with their boxes, and detectors of these, made by hand: what tests of detection run on.

The detector looks at the cells of 8, 16 and 32 pixels of an image of 64: a cell all of one colour is a box of
it. So it finds what fills a cell, its quarters besides (false positives), and misses what fills none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIDE = 64
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
STRIDES = (8, 16, 32)
SURE = (0.5, 0.7, 0.9)
"""The scores of boxes of those sizes."""
CODE = """\
import torch
from torch import nn

STRIDES, SURE = (8, 16, 32), (0.5, 0.7, 0.9)


class Shapes(nn.Module):
    def __init__(self):
        super().__init__()
        self.colours = nn.Conv2d(3, 3, 1, bias=False)
        own = 2 * torch.eye(3) - torch.ones(3, 3)
        self.colours.weight.data = own[:, :, None, None]
        corners = []
        for side in STRIDES:
            y, x = torch.meshgrid(torch.arange(0, 64, side), torch.arange(0, 64, side), indexing="ij")
            corners.append(torch.stack([x, y, x + side, y + side], -1).reshape(-1, 4))
        self.register_buffer("corners", torch.cat(corners).float())

    def found(self, images):
        found = self.colours(images).relu()
        levels = []
        for side, sure in zip(STRIDES, SURE):
            full = (nn.functional.avg_pool2d(found, side) - 0.99).relu() * 100
            cells = torch.arange(full[0, 0].numel())
            levels.append(full.flatten(2) * (sure - 0.001 * cells))
        return torch.cat(levels, 2)


class V8(Shapes):
    def forward(self, images):
        scores = self.found(images)
        low, high = self.corners[:, :2], self.corners[:, 2:]
        boxes = torch.cat([(low + high) / 2, high - low], 1).T[None]
        return torch.cat([boxes + 0 * scores[:, :1], scores], 1)


class V5(V8):
    def forward(self, images):
        boxes, scores = super().forward(images).split([4, 3], 1)
        most = scores.amax(1, keepdim=True)
        rows = torch.cat([boxes, most, scores / most.clamp(min=0.1)], 1).transpose(1, 2)
        empty = torch.zeros_like(rows)
        return torch.cat([rows, empty, empty], 1)


class EndToEnd(Shapes):
    def forward(self, images):
        scores, label = self.found(images).max(1)
        best, place = scores.topk(20, dim=1)
        boxes = self.corners[place]
        kind = label.gather(1, place).float()
        return torch.cat([boxes, best[:, :, None], kind[:, :, None]], 2)


class Listed(Shapes):
    def forward(self, images):
        answers = []
        for scores in self.found(images):
            label, place = torch.nonzero(scores > 0, as_tuple=True)
            answers.append(
                {"boxes": self.corners[place], "labels": label + 1, "scores": scores[label, place]}
            )
        return answers


class Odd(Shapes):
    def forward(self, images):
        return self.found(images).transpose(1, 2)[:, :, :3]
"""
NETWORKS = {
    "yolo-v8": "V8",
    "yolo-v5": "V5",
    "yolo-end-to-end": "EndToEnd",
    "torchvision": "Listed",
}
"""The detector's class in `CODE`, by the decoder of its output."""


@dataclass(frozen=True)
class Drawn:
    """Where all of it lies.

    Attributes:
        folder: beside the code of the networks, `shape_net.py`.
        data: images, and their annotations.
        truth: of each image what is on it: category's name, x, y, width, height.
    """

    folder: Path
    data: Path
    truth: tuple[tuple[tuple[str, int, int, int, int], ...], ...]


def drawn(folder: Path, images: int = 24, side: tuple[int, int] = (SIDE, SIDE)) -> Drawn:
    """Write images with up to four rectangles, none upon another, and the code of the networks.

    Args:
        folder: where to.
        images: how many.
        side: their width and height.
    """
    random = np.random.default_rng(3)
    truth = []
    for _ in range(images):
        on = []
        for corner in ((0, 0), (32, 0), (0, 32), (32, 32)):
            width, height = (int(each) for each in random.choice([16, 24, 32, 32, 32], 2))
            x, y = (place + int(random.choice([0, 0, 0, 0, 0, 5])) for place in corner)
            width, height = min(width, corner[0] + 32 - x), min(height, corner[1] + 32 - y)
            if random.random() < 0.7:
                name = str(random.choice(list(COLOURS)))
                on.append((name, x, y, width, height))
        truth.append(tuple(on))
    (folder / "shape_net.py").write_text(CODE)
    write_shapes(folder / "data", truth, side)
    return Drawn(folder, folder / "data", tuple(truth))


def write_shapes(data: Path, truth: Any, side: tuple[int, int] = (SIDE, SIDE)) -> None:
    """Write images of rectangles, and their annotations with category ids that are not contiguous."""
    ids = {"red": 2, "green": 7, "blue": 9}
    (data / "images").mkdir(parents=True)
    (data / "annotations").mkdir()
    images: list[Any] = []
    annotations: list[Any] = []
    for count, on in enumerate(truth):
        pixels = np.full((side[1], side[0], 3), 40, np.uint8)
        for name, x, y, width, height in on:
            pixels[y : y + height, x : x + width] = COLOURS[name]
            annotations.append(
                {"id": len(annotations), "image_id": 100 + count, "category_id": ids[name],
                 "bbox": [x, y, width, height], "area": width * height, "iscrowd": 0}
            )  # fmt: skip
        file = f"{count:03}.png"
        Image.fromarray(pixels).save(data / "images" / file)
        images.append({"id": 100 + count, "file_name": file, "width": side[0], "height": side[1]})
    categories = [{"id": each, "name": name} for name, each in ids.items()]
    text = json.dumps({"images": images, "annotations": annotations, "categories": categories})
    (data / "annotations/shapes.json").write_text(text)


def found_on(image: Path) -> list[tuple[str, float, tuple[int, int, int, int]]]:
    """What the detector finds, by a plain loop over cells: name, score, x1, y1, x2, y2."""
    pixels = np.asarray(Image.open(image).convert("RGB")).astype(float) / 255
    found = []
    for side, sure in zip(STRIDES, SURE, strict=True):
        for y in range(0, SIDE, side):
            for x in range(0, SIDE, side):
                score = sure - 0.001 * (y // side * (SIDE // side) + x // side)
                for place, name in enumerate(COLOURS):
                    cell = pixels[y : y + side, x : x + side]
                    own = np.maximum(2 * cell[:, :, place] - cell.sum(axis=2), 0).mean()
                    if own > 0.99:
                        found.append((name, score * (own - 0.99) * 100, (x, y, x + side, y + side)))
    return found


def overlap(one: Any, other: Any) -> float:
    """The intersection of two boxes over their union; corners."""
    across = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((each[2] - each[0]) * (each[3] - each[1]) for each in (one, other))
    return float(across * down / (areas - across * down))


def plain_precision(truth: Any, found: Any) -> float:
    """mAP50-95 by plain loops: for each category and threshold, boxes in the order of their scores.

    Args:
        truth: for each image, of each box: name, corners.
        found: for each image, of each box: name, score, corners.
    """
    averages = []
    for name in COLOURS:
        wanted = sum(kind == name for on in truth for kind, _ in on)
        if not wanted:
            continue
        ranked = sorted(
            ((score, place, box) for place, of in enumerate(found) for kind, score, box in of
             if kind == name), key=lambda each: -each[0],
        )  # fmt: skip
        for threshold in np.linspace(0.5, 0.95, 10):
            taken: set[tuple[int, int]] = set()
            points, right = [], 0
            for rank, (_, place, box) in enumerate(ranked, start=1):
                candidates = [
                    (overlap(box, corners), which)
                    for which, (kind, corners) in enumerate(truth[place])
                    if kind == name and (place, which) not in taken
                ]
                best = max(candidates, default=(0.0, -1))
                if best[0] >= threshold - 1e-10:
                    taken.add((place, best[1]))
                    right += 1
                points.append((right / wanted, right / rank))
            averages.append(
                np.mean(
                    [
                        max(
                            (precision for recall, precision in points if recall >= least - 1e-12),
                            default=0.0,
                        )
                        for least in np.linspace(0, 1, 101)
                    ]
                )
            )
    return float(np.mean(averages))
