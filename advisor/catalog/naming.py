"""The network that someone names: of the catalog, of a library, or their own; counted where need be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.architectures.design import FLOATS, ImageFormat, LackingNetworkError
from advisor.architectures.names import (
    IN_BOTH,
    NAME_EXPECTED,
    bare_name,
    has_size,
    is_onnx,
    is_own,
    is_own_file,
    is_timms,
    read_name,
    refuse_unread_file,
    size_of,
    sized,
    split_name,
    split_shape,
    split_size,
)
from advisor.catalog.counting import count_one, found, own_architecture, own_network
from advisor.catalog.records import OWN, Architecture
from advisor.catalog.store import Catalog
from advisor.catalog.tables import ZooNetwork
from advisor.catalog.zoo import LIBRARIES, Zoo, installed_version
from advisor.errors import AdvisorError, shown

MOST_NAME = 80
"""How many characters of a file's name a network is called by."""


def named_network(
    catalog: Catalog, text: str, input_shape: Sequence[int] | None = None
) -> tuple[Architecture, tuple[str, ...]]:
    """The network of that name.

    Args:
        catalog: everything that is known.
        text: a name of a network, as `Identities.find` takes it, or one of a library's at another size; or a
            network of the user's own: a file that ends in .onnx or .pt2, or `module:factory`, behind
            which `@160` or `@3x160x160` may state the input's size.
        input_shape: the same: channels, height, width.

    Returns:
        The network, and notes: which of several was taken, and what is to be said of the tables of counts.

    Raises:
        AdvisorError: there is no such network, or a library's cannot be counted.
    """
    if is_own(text):
        return _own(catalog, text, input_shape), ()
    meaning = catalog.identities.find(text)
    if meaning is None:
        return _of_a_library(catalog, text)
    note = (meaning.note,) if meaning.note else ()
    if meaning.name in dict(catalog.architectures):
        return catalog.architectures[meaning.name], note
    listed = catalog.zoo.networks[meaning.name]
    if listed.known:
        return listed.known, (*note, *catalog.zoo.notes)
    network, notes = _counted(catalog.zoo, listed)
    return network, (*note, *notes)


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
        note = () if found.name == name else (f"{name} is {found.name}, as it was measured",)
        return found, (*notes, *note)
    if found.family == OWN and found.note:
        notes = (*notes, f"{name}: {found.note}")
    return replace(found, name=name, family=OWN), notes


def _own(catalog: Catalog, text: str, input_shape: Sequence[int] | None) -> Architecture:
    """A network of the user's own: as it was measured, or counted now."""
    what, shape = split_shape(text)
    if shape is not None and input_shape is not None:
        raise AdvisorError(f"{text} states its input", "leave out --input")
    own = own_network(what, shape or input_shape)
    return same_content(catalog, own_architecture(text, own))


def _of_a_library(catalog: Catalog, text: str) -> tuple[Architecture, tuple[str, ...]]:
    """A network that no table has: a library's, perhaps, which counts it."""
    refuse_unread_file(text)
    unknown = f"unknown architecture {shown(text)}"
    hint = catalog.identities.hint(text)
    if read_name(text) is None:
        raise AdvisorError(unknown, hint)
    if not any(map(installed_version, LIBRARIES)):
        needs = "; other networks of torchvision and timm: pip install 'dnn-advisor[zoo]'"
        raise AdvisorError(unknown, hint + needs)
    try:
        design = found(text)
    except LackingNetworkError as error:  # a guess among all names is better than theirs
        guessed = hint.startswith("did you mean") or catalog.is_board(text)
        raise AdvisorError(error.message, hint if guessed else error.hint) from None
    return _counted(catalog.zoo, design)


def network_to_build(catalog: Catalog, text: str) -> tuple[Architecture, tuple[str, ...]]:
    """A network as its library has it, under the library's own name and counted; see `named_network`.

    What a table of timm's reports of a network does not say how to build it.
    """
    network, notes = named_network(catalog, text)
    listed = None if is_own(text) else catalog.zoo.networks.get(network.name)
    if listed is not None and is_timms(text) and listed.library != "timm":
        return _counted(catalog.zoo, found(text))  # of the same design, and built by other code
    if listed is None or listed.reported is None:
        return network, notes
    as_built = listed.as_counted()
    return (as_built.known, notes) if as_built.known else _counted(catalog.zoo, as_built)


def _counted(zoo: Zoo, network: ZooNetwork) -> tuple[Architecture, tuple[str, ...]]:
    again, note = count_one(zoo, network)
    if again.known is None:
        raise AdvisorError(f"{again.architecture} cannot be counted: {again.fault}")
    return again.known, (*zoo.notes, *([note] if note else []))


@dataclass(frozen=True)
class Measurable:
    """A network of the user's own that can be measured.

    Attributes:
        architecture: as the catalog will have it.
        made_from: the file's absolute path, or `module:factory`.
        content: differs for every other network.
        any_batch: whether it takes batches of any size; else it takes one image at a time.
        precision: the number format of a file of the ONNX format; fp32 for all else.
        image: how it takes images.
    """

    architecture: Architecture
    made_from: str
    content: str
    any_batch: bool
    precision: str = "fp32"
    image: ImageFormat = FLOATS

    @property
    def is_onnx(self) -> bool:
        """Whether it is a file of the ONNX format."""
        return is_onnx(self.made_from)


def measurable_own(catalog: Catalog, text: str, *, trained: bool = True) -> Measurable:
    """The network that someone wants measured. It need not be counted: a clock does not ask.

    A name stands for one content as long as the catalog has it, so that no rows of unlike networks are
    ever taken together.

    Args:
        catalog: everything that is known.
        text: "net.onnx", "net.pt2", "module:factory" or "module:factory@160", after "NAME=" where it is
            to be called otherwise than the file or the factory.
        trained: whether it is to have weights that multiply something.

    Raises:
        AdvisorError: it cannot be read or run, or multiplies nothing; or its name is that of another network.
    """
    given, whole = split_name(text)
    what, shape = split_shape(whole)
    own = own_network(what, shape)
    name = _name(given, what, size_of(own.input_shape))
    if trained and 0 in (own.counts.operations, own.counts.params):
        hint = "if it is a network all the same: --no-check"
        raise AdvisorError(f"{what}: nothing in it is multiplied with weights", hint)
    architecture = own_architecture(name, own)
    _check_name(catalog, architecture, what, whole)
    return Measurable(
        architecture, _place_of(what), own.content, own.any_batch, own.precision, own.image
    )


def _check_name(catalog: Catalog, network: Architecture, what: str, whole: str) -> None:
    """Refuse a name that the catalog, or a library, has for another network."""
    bare = bare_name(network.name)
    hint = f"call it otherwise: advisor measure {bare}-2={whole}"
    if bare in IN_BOTH:
        raise AdvisorError(f"{what}: both torchvision and timm have a network {shown(bare)}", hint)
    if network.name not in catalog.architectures:
        return
    other = catalog.architectures[network.name]
    if other.family != OWN:
        raise AdvisorError(f"{what}: the catalog has another network {shown(other.name)}", hint)
    if other.reference != network.reference:
        raise AdvisorError(
            f"{what} is not what was measured as {other.name}: its content is another", hint
        )


def _name(given: str, what: str, size: str) -> str:
    """The network's name with its size."""
    if given:
        bare, written = split_size(given)
        if has_size(given) and written != size:
            hint = f"call it {bare}, or {sized(bare, size)}"
            wide = f"{size} wide" if size.isdecimal() else size
            raise AdvisorError(f"{given}: the images of {what} are {wide}", hint)
    elif is_own_file(what):
        bare = Path(what).stem
    else:
        bare = what.replace(":", ".")
    clean = re.sub(r"[^A-Za-z0-9._+-]+", "-", bare).lstrip("._+-")[:MOST_NAME]
    if not clean:
        raise AdvisorError(f"{what}: its name says nothing", f"give {NAME_EXPECTED}: NAME={what}")
    return sized(clean, size)


def _place_of(what: str) -> str:
    """What to make it from, wherever a process begins."""
    return str(Path(what).resolve()) if is_own_file(what) else what


def same_content(catalog: Catalog, architecture: Architecture) -> Architecture:
    """The network of the catalog that was measured of the same file or code; else the one given."""
    return next(
        (
            replace(each, precision=architecture.precision)
            for name, each in catalog.zoo.architectures.items()
            if catalog.zoo.networks[name].library == OWN
            and each.reference == architecture.reference
        ),
        architecture,
    )
