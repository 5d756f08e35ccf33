"""The network that someone names: of the catalog, of a library, or their own; counted where need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.architectures.names import is_own, read_name
from advisor.catalog.count_all import count_one
from advisor.catalog.count_cache import LIBRARIES, installed_version
from advisor.catalog.counting import found, own_architecture, own_network
from advisor.catalog.own_networks import same_content, split_shape
from advisor.catalog.records import OWN, Architecture
from advisor.catalog.store import Catalog
from advisor.catalog.zoo import Zoo
from advisor.catalog.zoo_table import ZooNetwork
from advisor.errors import AdvisorError, closest, shown


def named_network(
    catalog: Catalog, text: str, input_shape: Sequence[int] | None = None
) -> tuple[Architecture, tuple[str, ...]]:
    """The network of that name.

    Args:
        catalog: everything that is known.
        text: a name of the catalog; one of a library's, "mobilenet_v2@224" or "tv:resnet50"; or a
            network of the user's own: a file that ends in .onnx or .pt2, or `module:factory`, behind
            which `@160` or `@3x160x160` may tell the input's size.
        input_shape: the same: channels, height, width.

    Returns:
        The network, and notes: what is to be said of the tables of counts.

    Raises:
        AdvisorError: there is no such network, or it cannot be counted.
    """
    if is_own(text):
        return _own(catalog, text, input_shape), ()
    if text in dict(catalog.architectures):
        return catalog.architectures[text], ()
    return _of_a_library(catalog, text)


def included_network(
    catalog: Catalog, name: str, text: str
) -> tuple[Architecture, tuple[str, ...]]:
    """A network that a question brings along under a name of its own; see `named_network`.

    One that was measured keeps the name of its rows, so that these are its figures.

    Args:
        catalog: everything that is known.
        name: what to call it.
        text: as `named_network` takes it.
    """
    found, notes = named_network(catalog, text)
    if found.family == OWN and found.name in catalog.zoo.networks:
        told = () if found.name == name else (f"{name} is {found.name}, as it was measured",)
        return found, (*notes, *told)
    return replace(found, name=name, family=OWN), notes


def _own(catalog: Catalog, text: str, input_shape: Sequence[int] | None) -> Architecture:
    """A network of the user's own: as it was measured, or counted now."""
    what, shape = split_shape(text)
    if shape is not None and input_shape is not None:
        raise AdvisorError(f"{text} tells its input", "leave out --input")
    own = own_network(what, shape or input_shape)
    return same_content(catalog, own_architecture(text, own))


def _of_a_library(catalog: Catalog, text: str) -> tuple[Architecture, tuple[str, ...]]:
    zoo = catalog.zoo
    exactly = zoo.networks.get(text)
    if exactly is not None and exactly.known:
        return exactly.known, zoo.notes
    hint = closest(text, {*catalog.architectures, *zoo.networks})
    written = read_name(text)
    if written is None:
        raise AdvisorError(f"unknown architecture {shown(text)}", hint)
    try:
        listed = exactly or zoo.find(written)
    except AdvisorError as error:  # both libraries have it; and the catalog one of nearly that name
        own = closest(written.name, catalog.architectures)
        near = f"; {own}" if own.startswith("did you mean") else ""
        raise AdvisorError(error.message, error.hint + near) from None
    if listed is not None and listed.known:
        return listed.known, zoo.notes
    if listed is None and not any(map(installed_version, LIBRARIES)):
        needs = "; other networks of torchvision and timm: pip install 'dnn-advisor[zoo]'"
        raise AdvisorError(f"unknown architecture {shown(text)}", hint + needs)
    return _counted(zoo, found(text) if listed is None else listed)


def network_to_build(catalog: Catalog, text: str) -> tuple[Architecture, tuple[str, ...]]:
    """A network as its library has it, under the library's own name and counted; see `named_network`.

    What a table of timm's tells of a network does not tell how to build it.
    """
    network, notes = named_network(catalog, text)
    listed = None if is_own(text) else catalog.zoo.networks.get(network.name)
    if listed is None or listed.reported is None:
        return network, notes
    as_built = listed.as_counted()
    return (as_built.known, notes) if as_built.known else _counted(catalog.zoo, as_built)


def _counted(zoo: Zoo, network: ZooNetwork) -> tuple[Architecture, tuple[str, ...]]:
    again, note = count_one(zoo, network)
    if again.known is None:
        raise AdvisorError(f"{again.architecture} cannot be counted: {again.fault}")
    return again.known, (*zoo.notes, *([note] if note else []))
