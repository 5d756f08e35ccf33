"""Qualcomm AI Hub's models: how long they take on its devices, in which runtime and precision, on which unit.

What a model is run on, and what it is for, stands in the catalog's `zoo/qualcomm-reported.csv`, since the
sizes in the models' own `info.yaml` are wrong for many; those that are torchvision's run at 224.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from advisor.architectures.names import bare_name, split_prefix
from advisor.catalog.accuracy_table import with_interval
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.published import (
    Published,
    PublishedBoard,
    PublishedNetworks,
)
from advisor.catalog.importers.qualcomm_files import (
    About,
    Run,
    Scored,
    Timed,
    about_in,
    scored_in,
    timed_in,
)
from advisor.catalog.importers.suspicions import little_memory
from advisor.catalog.importers.table_version import known_version
from advisor.catalog.measurements_table import Row
from advisor.catalog.precision import has_float_accuracy, read_precision
from advisor.catalog.records import Estimate, Weights
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.quality import CLASSIFICATION, Quality, read_data_set

CLASSIFIER = (3, 224, 224)
"""What classifiers of torchvision's are run on, whatever their size elsewhere."""

FILES = ("info.yaml", "numerics.yaml", "perf.yaml")

WEIGHTS = {"mobilenet_v2": "tonylins", "resnext50": "IMAGENET1K_V2"}
"""The sets of weights of models that are torchvision's networks, and run with others than its first."""
FIRST, OWN = "IMAGENET1K_V1", "qualcomm"

SAME = 0.5
"""By how many points the float accuracy on a device may differ from that of the same images elsewhere."""

_METRICS = {
    "%": "top-1",
    "mAP@0.5:0.95": "mAP50-95",
    "mAP": "AP",
    "mIOU": "mIoU",
    "δ1": "delta1",
}
"""The catalog's words for metrics that are percentages, by the source's unit."""
_DATA_SETS = {
    "coco91class": "coco",
    "cocobody": "coco",
    "imagenet_256": "imagenet-1k",
}

_CHIPS = {
    "dragonwing-iq-9075": "Qualcomm QCS9075",
    "dragonwing-q-6690": "Qualcomm QCM6690",
    "dragonwing-rb3-gen-2": "Qualcomm QCS6490",
    "galaxy-s24": "Snapdragon 8 Gen 3",
    "galaxy-s25": "Snapdragon 8 Elite",
    "snapdragon-8-elite-gen-5": "Snapdragon 8 Elite Gen 5",
    "snapdragon-x-elite": "Snapdragon X Elite",
}
"""What computes in a device, where that is no part of its name, or all of it."""

_KIT = re.compile(r"\s+(CRD|EVK|QRD|ADP|MTP|HDK|Vision Kit)$")
"""How the name of a device ends that is a development kit."""


def read(path: Path, catalog: Catalog) -> Published:
    """Read Qualcomm AI Hub's tables.

    Args:
        path: the folder of the models' folders, or one that holds it.
        catalog: it knows networks, and what the models are run on.

    Raises:
        AdvisorError: there are no tables, or one is broken; it names the place.
    """
    folders = sorted({file.parent for file in path.rglob("perf.yaml")})
    if not folders:
        raise AdvisorError(
            f"{path} holds no tables of Qualcomm AI Hub",
            "name the folder that has a folder with a perf.yaml for each model",
        )
    content = digest(
        file for folder in folders for name in FILES if (file := folder / name).exists()
    )
    version = _version(path, content, catalog)
    key = f"qualcomm-ai-hub-{version or content[:8]}"
    reader = _Reader(catalog, key)
    for folder in folders:
        reader.add(folder)
    found = reader.finished()
    found.sources[key] = _source(version, content)
    return found


def _version(path: Path, content: str, catalog: Catalog) -> str:
    """The release that tables are of: that of a source of the same content, else what the repository says."""
    if version := known_version(content, catalog):
        return version
    for folder in (path, *path.resolve().parents[:2]):
        file = folder / "_version.py"
        if file.is_file():
            said = re.search(
                r"__version__\s*=\s*[\"']([\w.]+)",
                file.read_text(encoding="utf-8", errors="replace"),
            )
            return said.group(1) if said else ""
    return ""


def _source(version: str, content: str) -> dict[str, str]:
    named = f"Qualcomm AI Hub Models {version}".strip()
    return {
        "citation": f"{named}, perf.yaml, numerics.yaml and info.yaml of each model",
        "read": "inference time, of a statistic that is not documented; the upper end of the estimated peak "
        "memory; accuracy on 1,000 images or fewer on one phone: where that of the float weights is "
        "published, that less the loss on the same images",
        "error": "not stated; an accuracy has the interval of its images",
        "repository": "https://github.com/quic/ai-hub-models",
        "file": "qai_hub_models/models/*/perf.yaml, numerics.yaml, info.yaml",
        "version": version,
        "licence": "BSD-3-Clause",
        "sha256": content,
    }


def device_of(name: str) -> str:
    """What a device is called as part of a board's name.

    The maker of a phone and the kind of a development kit are left out: "Samsung Galaxy S24" is
    `galaxy-s24`, "Snapdragon X Elite CRD" is `snapdragon-x-elite`.
    """
    bare = _KIT.sub("", name.removeprefix("Samsung ").removesuffix(" (Family)"))
    return re.sub(r"[^a-z0-9]+", "-", bare.replace("+", " plus").lower()).strip("-")


@dataclass
class _Device:
    """A device, as far as it was read."""

    title: str
    rows: list[Row] = field(default_factory=list)
    tools: set[str] = field(default_factory=set)

    def entries(self, key: str) -> dict[str, str | Mapping[str, str]]:
        """What its `board.yaml` says."""
        note = "As Qualcomm AI Hub reports; not measured by advisor."
        chip, proxy, _ = self.title.partition(" (Proxy)")
        if proxy:
            note += f" Another device stands in for one with {chip}, whose times may differ."
        said: dict[str, str | Mapping[str, str]] = {
            "title": f"{self.title} (Qualcomm AI Hub)",
            "processor": _CHIPS.get(device_of(self.title), ""),
            "software": ", ".join(sorted(self.tools)),
            "memory_scope": "estimated peak of the process",
            "source": key,
            "note": note,
        }
        return {name: text for name, text in said.items() if text}


class _Reader:
    """Models, as they are added, as boards' rows and accuracies."""

    def __init__(self, catalog: Catalog, key: str) -> None:
        self.catalog, self.key = catalog, key
        self.networks = PublishedNetworks(catalog, "qualcomm", key)
        self.found = Published()
        self.devices: dict[str, _Device] = {}
        self.listed = {
            bare_name(split_prefix(each.architecture)[1]): each.reported
            for each in catalog.zoo.networks.values()
            if each.reported and each.reported.library == "qualcomm"
        }

    def finished(self) -> Published:
        """What was found in all models."""
        self.found.boards = [
            PublishedBoard(self.board(name), device.entries(self.key), device.rows)
            for name, device in self.devices.items()
        ]
        self.found.networks = list(self.networks.reported.values())
        self.found.notes += self.networks.notes
        return self.found

    def board(self, device: str) -> str:
        """The name of a device's board."""
        return f"{device_of(device)}.{self.key}"

    def add(self, folder: Path) -> None:
        """Add what the files of a model say."""
        model = folder.name
        runs = timed_in(folder / "perf.yaml", self.found.left_out)
        about, scores = about_in(folder / "info.yaml"), scored_in(folder / "numerics.yaml")
        if not runs:
            return
        architecture, task = self.network(model, about)
        if not architecture:
            self.found.left_out[f"{model}: not a network on one image of known size"] += len(runs)
            return
        params = self.params(architecture, about)
        for each in runs:
            device = self.devices.setdefault(each.run.device, _Device(each.run.device))
            device.tools.update(each.tools)
            device.rows.append(self.row(architecture, each, params))
        ran = {each.run: each.processor for each in runs}
        self.add_accuracies(model, architecture, task, ran, scores)

    def network(self, model: str, about: About | None) -> tuple[str, str]:
        """What the catalog is to call a model, and its task; "" where on what it runs is not known."""
        listed = self.listed.get(model)
        if listed:
            shape, task = listed.input_shape, listed.task
        elif self.is_torchvisions(model):
            shape, task = CLASSIFIER, CLASSIFICATION
        elif about and about.shape:
            shape, task = about.shape, about.task
            self.found.notes.append(f"{model}: the size of its input is as its info.yaml has it")
        else:
            return "", ""
        params = about.params if about else None
        licence = about.licence if about else ""
        name = self.networks.name_of(
            model,
            shape,
            task=task,
            params=params or (listed.params if listed else None),
            operations=listed.operations if listed else None,
            family=listed.family if listed else "",
            licence=licence or (listed.licence if listed else ""),
        )
        return name, task

    def is_torchvisions(self, model: str) -> bool:
        """Whether a model is one of torchvision's networks, as the aliases say."""
        meaning = self.catalog.identities.find(f"qualcomm:{model}")
        return meaning is not None and meaning.identity.startswith("tv:")

    def params(self, architecture: str, about: About | None) -> float | None:
        """The parameters of a network; `None` where nobody says."""
        if about and about.params:
            return about.params
        known = self.catalog.architectures
        costs = (
            (known[architecture].reported, known[architecture].counted)
            if architecture in known
            else ()
        )
        return next((each.params.value for each in costs if each and each.params), None)

    def row(self, architecture: str, timed: Timed, params: float | None) -> Row:
        """A run as a row of its board."""
        precision = read_precision(timed.run.precision)
        return {
            "architecture": architecture,
            "runtime": timed.run.runtime,
            "precision": precision,
            "processor": timed.processor,
            "batch": 1,
            "latency_ms": timed.latency_ms,
            "latency_statistic": "unknown",
            "memory_mb": timed.memory_mb,
            "precision_word": timed.run.precision,
            "origin": "reported",
            "source": self.key,
            "verdict": little_memory(timed.memory_mb, params, precision),
        }

    def add_accuracies(
        self,
        model: str,
        architecture: str,
        task: str,
        ran: Mapping[Run, str],
        scores: list[Scored],
    ) -> None:
        """Add what a model's weights reach, on the device where that was found.

        Of torchvision's weights the accuracy is published: what quantising costs on the same images is then
        known better than the accuracy on so few, and is subtracted from it.
        """
        weights = WEIGHTS.get(model, FIRST) if self.is_torchvisions(model) else OWN
        published = self.catalog.zoo.weights.get((architecture, weights))
        for each in scores:
            metric = _METRICS.get(each.unit)
            if metric is None or each.run not in ran:
                why = "that is no percentage" if metric is None else "of a run that is not timed"
                self.found.left_out[f"an accuracy {why}"] += 1
                continue
            value, loss = each.value, 0.0
            if published and each.in_float is not None and metric == "top-1":
                loss = each.in_float - each.value
                value = published.accuracy_percent.value - loss
                if has_float_accuracy(each.run.precision) and abs(loss) <= SAME:
                    continue  # the published one counts
            data_set = read_data_set(_DATA_SETS.get(each.data_set, each.data_set))
            estimate = Estimate(round(value, 3), None, None, "reported", self.key)
            quality = Quality(task, metric, data_set)
            board = self.board(each.run.device)
            self.found.accuracies.append(
                Weights(
                    architecture=architecture,
                    name=weights,
                    accuracy_percent=with_interval(estimate, quality, each.images, board),
                    top5_percent=None,
                    quality=quality,
                    runtime=each.run.runtime,
                    precision=read_precision(each.run.precision),
                    processor=ran[each.run],
                    board=board,
                    images=each.images,
                )
            )
