"""Networks by name, most of which are read only when one of them is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from advisor.catalog.records import Architecture
from advisor.catalog.tables import ZooNetwork


class ListedNetworks(Mapping[str, ZooNetwork]):
    """The libraries' networks and those of published tables, by name.

    Those of a large table that no other name is of, and that hardly any board has, wait: who looks one up, or
    goes through all, has these read, too.

    Attributes:
        near: those that are read already.
    """

    def __init__(
        self,
        near: Mapping[str, ZooNetwork],
        rest: Callable[[], Mapping[str, ZooNetwork]] | None = None,
    ) -> None:
        self.near, self._rest = near, rest

    @cached_property
    def _whole(self) -> Mapping[str, ZooNetwork]:
        rest = self._rest() if self._rest else {}
        return {**self.near, **{name: each for name, each in rest.items() if name not in self.near}}

    @property
    def is_whole(self) -> bool:
        """Whether all of them are read."""
        return self._rest is None or "_whole" in vars(self)

    def __getitem__(self, name: str) -> ZooNetwork:
        return self.near[name] if name in self.near else self._whole[name]

    def __contains__(self, name: object) -> bool:
        return name in self.near or name in self._whole

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)


class KnownArchitectures(Mapping[str, Architecture]):
    """Those of some networks that were counted, or whose cost a table reports, by name; made one by one."""

    def __init__(self, networks: Mapping[str, ZooNetwork]) -> None:
        self._networks = networks

    def __getitem__(self, name: str) -> Architecture:
        known = self._networks[name].known
        if known is None:
            raise KeyError(name)
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._networks and self._networks[str(name)].is_known

    def __iter__(self) -> Iterator[str]:
        return (name for name, each in self._networks.items() if each.is_known)

    def __len__(self) -> int:
        return sum(1 for _ in self)
