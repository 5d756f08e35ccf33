"""Networks of the user's own that a question brings along, and how accurate their owner says they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.architectures.names import NAME, NAME_EXPECTED, has_size
from advisor.catalog.tables import LEAST_TOP1_PERCENT
from advisor.errors import AdvisorError, closest, shown
from advisor.quantities import PERCENT, parse


@dataclass(frozen=True)
class Included:
    """A network that is a candidate since the question names it, or whose accuracy the question states.

    Attributes:
        name: what to call it, or what the catalog calls it.
        network: a file, `module:factory` or `module:factory@160`, or a network's name; `None` where the
            question brings none along.
        top1_percent: its accuracy as the user states it; `None` for unknown.
    """

    name: str
    network: str | None
    top1_percent: float | None


def read_included(include: object, accuracy_of: object) -> tuple[Included, ...]:
    """Networks from what people write.

    Args:
        include: texts such as "my_model=net.onnx", or a mapping of names to networks.
        accuracy_of: likewise, "my_model=71.2"; of a network that is not included where its name tells
            its size, "net@224=71.2", as those that were measured have it.

    Raises:
        AdvisorError: something is no such pair, or an accuracy is of no network that is included.
    """
    networks = _pairs("include", include, "my_model=net.onnx")
    accuracies = _pairs("accuracy-of", accuracy_of, "my_model=71.2")
    for name in networks:
        if not NAME.fullmatch(name):
            raise AdvisorError(f"include: {shown(name)} is not a name", f"give {NAME_EXPECTED}")
    for name in accuracies:
        if name not in networks and not has_size(name):
            hint = (
                closest(name, networks)
                if networks
                else (
                    f"give --include {name}=net.onnx, or the whole name of a network, {name}@SIZE"
                )
            )
            raise AdvisorError(f"accuracy-of: no network {shown(name)} is included", hint)
    return tuple(
        Included(
            name,
            networks.get(name),
            read_percent(name, accuracies[name]) if name in accuracies else None,
        )
        for name in {**networks, **accuracies}
    )


def read_percent(name: str, written: str) -> float:
    """An accuracy in percent.

    Raises:
        AdvisorError: it is none, or a share that was meant as a percentage.
    """
    percent = parse(written, PERCENT, f"accuracy-of {name}")
    if percent < LEAST_TOP1_PERCENT:
        raise AdvisorError(
            f"accuracy-of {name}: {shown(written)} is under 1 %", "give a percentage, such as 71.2"
        )
    return percent


def _pairs(what: str, written: object, example: str) -> dict[str, str]:
    if written is None:
        return {}
    if isinstance(written, Mapping):
        return {str(name): str(value) for name, value in written.items()}
    listed = [written] if isinstance(written, str) else written
    if not isinstance(listed, Iterable):
        raise AdvisorError(f"{what}: {shown(str(written))} is no pair", f"write it like {example}")
    pairs: dict[str, str] = {}
    for each in map(str, listed):
        name, equals, value = (part.strip() for part in each.partition("="))
        if not (name and equals and value):
            raise AdvisorError(f"{what}: {shown(each)} is no pair", f"write it like {example}")
        if name in pairs:
            raise AdvisorError(f"{what}: {shown(name)} stands twice", "give it once")
        pairs[name] = value
    return pairs
