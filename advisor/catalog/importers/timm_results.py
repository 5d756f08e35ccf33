"""A folder of timm's published results: its benchmark tables as boards, and what its weights reach.

A board is a device with one PyTorch in one memory layout; whether networks were compiled, a variant says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.architectures.names import identity, split_size
from advisor.catalog.importers.accuracies import ResultTable, read_accuracies
from advisor.catalog.importers.board_files import digest
from advisor.catalog.importers.published import Published, PublishedBoard
from advisor.catalog.importers.table_version import version_of
from advisor.catalog.importers.timm import read_benchmark, variant_of
from advisor.catalog.measurements_table import Row
from advisor.catalog.records import Estimate, Weights
from advisor.catalog.store import Catalog
from advisor.catalog.tables import Reported
from advisor.errors import AdvisorError

REPOSITORY = "https://github.com/huggingface/pytorch-image-models"
TABLES = "benchmark-infer-*.csv"
RESULTS = "results-imagenet.csv"

_NAME = re.compile(
    r"benchmark-infer-[a-z0-9_]+-(?P<layout>nchw|nhwc)-pt(?P<torch>\d{3})"
    r"(?:-cu(?P<cuda>\d+))?(?P<cpu>-cpu)?-(?P<device>[a-z0-9_]+?)(?:-dynamo)?"
)
_CARD = re.compile(r"(?:rtx)?(\d{4})")
_LAYOUTS = {"nhwc": ("nhwc", ", channels last (NHWC)"), "nchw": ("", "")}
"""By the word of a table's name: the mode of its board, and what its title adds."""
_AGREEING = 0.01
"""How far the parameters of weights may be off those of the network that was timed."""
_ROUNDING = 0.005e6
"""Of parameters that are told in M with two digits, half of the last one."""

_OTHER_COUNT = "an accuracy of a network with other parameters than was timed by that name"
_NOT_TIMED = "an accuracy of a network that is not timed"


@dataclass(frozen=True)
class Machine:
    """On what a table's networks ran.

    Attributes:
        device: what the device is called.
        title: the same for people.
        layout: of images in memory, "nchw" or "nhwc".
        torch: the version of PyTorch.
        cuda: that of CUDA; "" on a processor.
    """

    device: str
    title: str
    layout: str
    torch: str
    cuda: str

    @property
    def board(self) -> str:
        """What its board is called."""
        mode, _ = _LAYOUTS[self.layout]
        return ".".join(filter(None, (self.device, mode, f"timm-pytorch-{self.torch}")))

    @property
    def processor(self) -> str:
        """What computes: "cpu" or "gpu"."""
        return "gpu" if self.cuda else "cpu"

    def entries(self, source: str) -> dict[str, str]:
        """The board's `board.yaml`."""
        software = f"PyTorch {self.torch}" + (f", CUDA {self.cuda}" if self.cuda else "")
        return {
            "title": self.title + _LAYOUTS[self.layout][1],
            "accelerator" if self.cuda else "processor": self.title,
            "software": software,
            "cost": "reported",
            "note": "As timm reports it; not measured by advisor. A row is the mean time of a batch"
            + (", of most networks the largest that fits." if self.cuda else "."),
            "source": source,
        }


def machine_of(file: Path) -> Machine | None:
    """On what a table's networks ran, by its name; `None` where that does not say it."""
    found = _NAME.fullmatch(file.stem.lower())
    if found is None or bool(found["cuda"]) == bool(found["cpu"]):
        return None
    device, title = found["device"].replace("_", "-"), found["device"].replace("_", "-").upper()
    if (card := _CARD.fullmatch(device)) and found["cuda"]:
        device, title = f"rtx-{card[1]}", f"NVIDIA GeForce RTX {card[1]}"
    elif found["cpu"] and re.match(r"i\d-", device):
        title = f"Intel Core {device[:3]}{device[3:].upper()}"
    return Machine(device, title, found["layout"], _dotted(found["torch"]), _cuda(found["cuda"]))


def _dotted(digits: str) -> str:
    """A version of PyTorch: "240" is 2.4.0, "112" is 1.12."""
    return f"1.{digits[1:]}" if digits[0] == "1" else ".".join(digits)


def _cuda(digits: str | None) -> str:
    """A version of CUDA: "124" is 12.4; "" for none."""
    return f"{digits[:-1]}.{digits[-1]}" if digits else ""


def read(path: Path, catalog: Catalog) -> Published:
    """Read a folder of timm's results.

    Args:
        path: a copy of the folder `results` of pytorch-image-models, or of some of its files.
        catalog: it knows which networks timm has not.

    Raises:
        AdvisorError: there is no benchmark table whose name says on what it ran, or a file cannot be read.
    """
    found = Published()
    tables = [
        (machine, file) for file in sorted(path.glob(TABLES)) if (machine := machine_of(file))
    ]
    if not tables:
        raise AdvisorError(
            f"{path}: no table of timm's that says on what it ran",
            "give the folder of benchmark-infer-amp-nchw-pt240-cu124-rtx4090.csv and the like",
        )
    results = path / RESULTS
    files = [file for _, file in tables] + ([results] if results.exists() else [])
    sha256 = digest(files)
    version = version_of(path, sha256, REPOSITORY, catalog)
    source = f"timm-{version or sha256[:8]}"
    found.sources[source] = _source(version, sha256)
    networks: dict[str, Reported] = {}
    rows: dict[Machine, list[Row]] = {}
    # The oldest first: later ones have some networks re-parameterised under their old names.
    for machine, file in sorted(tables, key=lambda each: _age(each[0])):
        rows.setdefault(machine, []).extend(_rows(file, machine, source, catalog, networks, found))
    found.boards = [
        PublishedBoard(machine.board, machine.entries(source), those)
        for machine, those in rows.items()
    ]
    named = {name: _named(each) for name, each in networks.items()}
    found.networks = list(named.values())
    if results.exists():
        found.accuracies = _accuracies(read_accuracies(results), found, source)
    return found


def _age(machine: Machine) -> tuple[list[int], str]:
    return [int(part) for part in machine.torch.split(".")], machine.board


def _source(version: str, sha256: str) -> dict[str, str]:
    return {
        "citation": "timm's benchmark tables and results-imagenet.csv, R. Wightman and contributors",
        "repository": REPOSITORY,
        "file": f"results/{TABLES}, results/{RESULTS}",
        "version": version,
        "licence": "Apache-2.0",
        "sha256": sha256,
        "read": "mean time of a batch; amp is 16-bit floats; parameters, multiply-adds and activations as "
        "the tables have them; top-1 accuracy on ImageNet-1k, in floats",
        "error": "as printed; parameters, G multiply-adds and activations with two digits; one run each",
    }


def _rows(
    file: Path,
    machine: Machine,
    source: str,
    catalog: Catalog,
    networks: dict[str, Reported],
    found: Published,
) -> list[Row]:
    """The rows of a table; its networks are added to those that are known from earlier ones."""
    variant = variant_of(file, None, None)
    table = read_benchmark(file, variant, source, None, catalog.zoo.not_timms).told_apart(networks)
    found.left_out.update(table.dropped)
    for name, each in table.networks.items():
        if name not in networks or (each.has_cost and not networks[name].has_cost):
            networks[name] = each
    return [
        {**row, "architecture": _name(str(row["architecture"])), "processor": machine.processor}
        for row in table.rows(source)
    ]


def _name(plain: str) -> str:
    """What the catalog calls a network that timm's tables call `name@size`."""
    bare, size = split_size(plain)
    return identity("timm", bare, int(size))


def _named(network: Reported) -> Reported:
    return replace(network, architecture=_name(network.architecture))


def _accuracies(table: ResultTable, found: Published, source: str) -> list[Weights]:
    """What sets of weights reach, of the networks that are timed."""
    networks: Mapping[str, Reported] = {each.architecture: each for each in found.networks}
    accuracies: list[Weights] = []
    for architecture, name, top1, _ in table.rows:
        if architecture not in networks:
            found.left_out[_NOT_TIMED] += 1
        elif not _is_of(networks[architecture], table.params.get((architecture, name))):
            found.left_out[_OTHER_COUNT] += 1
        else:
            accuracy = Estimate(float(top1), None, None, "reported", source)
            accuracies.append(Weights(architecture, name, accuracy, None))
    return accuracies


def _is_of(network: Reported, params: float | None) -> bool:
    """Whether weights of so many parameters are of a network, as far as both are known."""
    if params is None or network.params is None:
        return True
    within = _AGREEING * max(params, network.params)
    return abs(params - network.params) <= max(within, 2 * _ROUNDING)
