"""How a network is run on a board: by what, in which number format, on what of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.documents import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.documents import Schema


@dataclass(frozen=True)
class RunAs:
    """How a network is run on a board, as documents have it.

    Attributes:
        runtime: what runs it.
        precision: its number format.
        processor: what computes: cpu, gpu, npu or dsp; null where that goes without saying.
        threads: how many threads; null where unknown.
    """

    runtime: str
    precision: str
    processor: str | None
    threads: int | None


class Variant(NamedTuple):
    """How a network is run on a board.

    Attributes:
        runtime: what runs it.
        precision: its number format.
        processor: one of `PROCESSORS`; "" for the board's own, which nobody names.
        threads: how many threads; 0 where unknown.
    """

    runtime: str
    precision: str
    processor: str = ""
    threads: int = 0

    def __document__(self) -> Any:
        """What is not known is null in documents."""
        return document(RunAs(*self[:2], self.processor or None, self.threads or None))

    @classmethod
    def __document_schema__(cls, schema: Schema) -> dict[str, Any]:
        return schema.fields_of(RunAs)

    @property
    def words(self) -> tuple[str, ...]:
        """What distinguishes it, without what nobody says."""
        count = f"{self.threads} thread{'s' * (self.threads > 1)}" if self.threads else ""
        return tuple(filter(None, (self.runtime, self.precision, self.processor, count)))


def telling_apart(variants: Sequence[Variant]) -> dict[Variant, str]:
    """In what each of some variants differs from the others, in words; "" where all are alike."""
    differs = [len(set(parts)) > 1 for parts in zip(*variants, strict=True)]
    alike = Variant("", "")
    kept = {
        each: Variant._make(
            part if apart else none for part, none, apart in zip(each, alike, differs, strict=True)
        )
        for each in variants
    }
    return {each: " ".join(variant.words) for each, variant in kept.items()}
