"""Text with units in, numbers out, and back.

Each dimension has a short list of accepted units, spelt exactly. Everything else is refused with
that list, since a lenient reader turns "30fps" into femto-picoseconds and "400mb" into millibits.
Scaling is decimal, so 700 mJ and 0.7 J are the same number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from advisor.errors import AdvisorError, shown

_NUMBER_AND_UNIT = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*([^\s\d.]*)"
)


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity.

    Attributes:
        name: what messages call it, with its article.
        unit: the unit of the number that `parse` returns, as metric names carry it.
        units: accepted spellings and their factors to `unit`; the empty one where a bare number is
            meaningful.
        example: a good spelling, for messages.
        largest: the largest number, in `unit`, that is believed; the smallest is `SMALLEST`.
    """

    name: str
    unit: str
    units: Mapping[str, Decimal]
    example: str
    largest: float

    @property
    def range(self) -> tuple[float, float]:
        """The ends of what is believed, in `unit`."""
        return SMALLEST, self.largest


SMALLEST = 1e-9
"""No figure or limit of any dimension is believed below this; it keeps ratios finite."""


def _factors(**factors: str) -> dict[str, Decimal]:
    return {unit: Decimal(factor) for unit, factor in factors.items()}


TIME = Dimension(
    "a time",
    "ms",
    {
        **_factors(s="1000", ms="1", us="0.001", min="60000", h="3600000"),
        "µs": Decimal("0.001"),
        "\u03bcs": Decimal("0.001"),
    },
    "33 ms",
    1e9,
)
DURATION = Dimension("a duration", "s", _factors(s="1", m="60", min="60", h="3600"), "10m", 86400.0)
ENERGY = Dimension(
    "an energy", "J", _factors(J="1", mJ="0.001", kJ="1000", Wh="3600", mWh="3.6"), "0.5 J", 1e9
)
POWER = Dimension("a power", "W", _factors(W="1", mW="0.001", kW="1000"), "12 W", 1e6)
MEMORY = Dimension(
    "a memory size",
    "MB",
    _factors(
        B="0.000001",
        kB="0.001",
        MB="1",
        GB="1000",
        TB="1000000",
        KiB="0.001024",
        MiB="1.048576",
        GiB="1073.741824",
    ),
    "400 MB",
    1e9,
)
RATE = Dimension(
    "a frame rate", "fps", {"": Decimal(1), "fps": Decimal(1), "Hz": Decimal(1)}, "30", 1e9
)
EFFICIENCY = Dimension(
    "an efficiency", "fps/W", {"": Decimal(1), "fps/W": Decimal(1)}, "3 fps/W", 1e9
)
PERCENT = Dimension("a percentage", "%", {"": Decimal(1), "%": Decimal(1)}, "70", 100.0)
HOURS = Dimension("a battery life", "h", _factors(**{"": "1", "h": "1", "d": "24"}), "8 h", 1e6)
COUNT = Dimension(
    "a count",
    "",
    {
        "": Decimal(1),
        "k": Decimal(10**3),
        "M": Decimal(10**6),
        "G": Decimal(10**9),
        "T": Decimal(10**12),
    },
    "25M",
    1e15,
)


def parse(text: object, dimension: Dimension, name: str, *, zero_allowed: bool = False) -> float:
    """Read a quantity such as "0.5 J", in the dimension's unit.

    Args:
        text: a string, or a plain number where the dimension takes bare numbers.
        dimension: what is expected.
        name: what the quantity is for; the message begins with it.
        zero_allowed: whether zero is a meaningful value.

    Returns:
        The number in `dimension.unit`.

    Raises:
        AdvisorError: no number, no unit or one that is not on the list, or a number that is
            negative, zero or beyond belief.
    """
    written = str(text).strip()
    match = _NUMBER_AND_UNIT.fullmatch(written)
    if match is None:
        raise AdvisorError(
            f"{name}: {shown(written)} is not {dimension.name}",
            f"write it like {dimension.example!r}",
        )
    digits, unit = match.groups()
    if unit not in dimension.units:
        raise _unit_error(written, unit, dimension, name)
    value = float(Decimal(digits) * dimension.units[unit])
    if value < 0:
        raise AdvisorError(f"{name}: {shown(written)} is negative", "give a positive number")
    if value == 0 and not zero_allowed:
        raise AdvisorError(f"{name}: {shown(written)} is zero", "give a number above zero")
    if 0 < value < SMALLEST:
        smallest = written_as(SMALLEST, dimension)
        raise AdvisorError(
            f"{name}: {shown(written)} is too small", f"at least {smallest} is accepted"
        )
    if value > dimension.largest:
        largest = written_as(dimension.largest, dimension)
        raise AdvisorError(
            f"{name}: {shown(written)} is too large", f"at most {largest} is accepted"
        )
    return value


BELIEVED_BARE = 1e4
"""So many operations or parameters of a network at least are believed without an SI prefix."""


def parse_cost(text: object, name: str, usual: str) -> float:
    """Read a count of what a network costs, which nearly always has an SI prefix.

    Args:
        text: what people write.
        name: as `parse` takes it.
        usual: the prefix that such counts have.

    Raises:
        AdvisorError: as `parse` raises it; or the prefix seems to have been forgotten.
    """
    value = parse(text, COUNT, name)
    written = str(text).strip()
    if value < BELIEVED_BARE and not written[-1:].isalpha():
        raise AdvisorError(
            f"{name}: {shown(written)} is hardly a network's",
            f"did you mean '{written}{usual}'? so few are written like '{value / 1000:.12g}k'",
        )
    return value


def _unit_error(written: str, unit: str, dimension: Dimension, name: str) -> AdvisorError:
    accepted = ", ".join(known for known in dimension.units if known and known != "\u03bcs")
    if not unit:
        return AdvisorError(
            f"{name}: {shown(written)} has no unit",
            f"write it like {dimension.example!r}; accepted units: {accepted}",
        )
    meant = [known for known in dimension.units if known.lower() == unit.lower()]
    offer = f"did you mean {meant[0]!r}? " if meant else ""
    return AdvisorError(
        f"{name}: {shown(unit)} in {shown(written)} is no unit of {dimension.name}",
        f"{offer}accepted units: {accepted}",
    )


def written_as(value: float, dimension: Dimension) -> str:
    """The shortest text that `parse` reads back as exactly `value`, such as "0.5 J" or "25M"."""
    if dimension is COUNT:
        for prefix, factor in reversed(list(COUNT.units.items())):
            digits = _digits(value / float(factor))
            if value >= factor and float(Decimal(digits) * factor) == value:
                return digits + prefix
    number = _digits(value)
    return number if "" in dimension.units else f"{number} {dimension.unit}"


def _digits(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def rounded(value: float, digits: int = 3) -> str:
    """`value` with an SI prefix and so many significant digits, for people: "11.7M"."""
    if value == int(value) and abs(value) < 1000:
        return str(int(value))
    from quantiphy import Quantity  # only tables with counts need it

    return str(Quantity(value).render(prec=digits - 1, strip_zeros=False))


def read_batches(batch: object) -> frozenset[int] | None:
    """Batch sizes from what people write: "any" (which is `None`), one size, or several ("1,4").

    Raises:
        AdvisorError: something is no batch size.
    """
    if isinstance(batch, str):
        words = [word.strip() for word in batch.split(",")]
    elif isinstance(batch, Iterable):
        words = [str(size) for size in batch]
    else:
        words = [str(batch)]
    if words == ["any"]:
        return None
    for word in words or [""]:
        if not re.fullmatch(r"0*[1-9][0-9]{0,6}", word):
            raise AdvisorError(
                f"batch: {shown(word)} is not a batch size", "write 'any', or sizes like '1,4'"
            )
    return frozenset(map(int, words))
