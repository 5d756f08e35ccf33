"""Put the catalog's plain files inside the wheel, as `advisor/_catalog`.

An editable installation gets no copy: it reads the checkout's own `catalog/`, so that an edit
counts at once and no stale copy is left behind.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_data["force_include"]["catalog"] = "advisor/_catalog"
