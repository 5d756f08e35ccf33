"""JSON documents and their JSON Schema, both from the dataclasses of the answers.

A document has a key for each field of a dataclass but those named in its `UNDOCUMENTED`, and for each
property that is `computed`. What a field means is read from the "Attributes:" of the class's docstring. A
class may say for itself what it is as a document (`__document__`, `__document_schema__`).
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
import sys
import types
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

Json = dict[str, Any]

DOCUMENTS = (
    "pick", "frontier", "plan", "check", "predict", "suggest", "compare", "boards", "show",
    "show-boards", "evaluate", "evaluate-on", "findings", "survey", "zoo", "fleet", "requirements",
    "plan-file",
)  # fmt: skip
"""The documents that have a schema of their own; the last two are files that ask."""

_ATTRIBUTE = re.compile(r"^    (?:    )?([a-z_0-9]+(?:, [a-z_0-9]+)*): (.*)$")


class computed(property):  # noqa: N801
    """A property that documents carry beside the fields."""


def document(value: Any) -> Any:
    """A value as JSON has it; what is not finite is null."""
    found = value
    if hasattr(type(value), "__document__"):
        found = value.__document__()
    elif dataclasses.is_dataclass(value):
        found = {name: document(getattr(value, name)) for name in _names(type(value))}
    elif isinstance(value, Mapping):
        found = {str(key): document(each) for key, each in value.items()}
    elif isinstance(value, AbstractSet):
        found = [document(each) for each in sorted(value)]
    elif isinstance(value, list | tuple):
        found = [document(each) for each in value]
    elif isinstance(value, float) and not math.isfinite(value):
        found = None
    return str(found) if isinstance(found, Path) else found


def document_text(content: Mapping[str, Any]) -> str:
    """A document as it is printed."""
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _names(owner: type) -> list[str]:
    """The keys of a dataclass's document."""
    left_out = getattr(owner, "UNDOCUMENTED", ())
    own = [each.name for each in dataclasses.fields(owner) if each.name not in left_out]
    return own + [
        name for name, _ in inspect.getmembers(owner, lambda it: isinstance(it, computed))
    ]


class Schema:
    """Collects the JSON Schema of types.

    Attributes:
        definitions: those of the classes met so far, by name.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, Json] = {}
        self._defined_by: dict[str, type] = {}

    def of(self, kind: Any) -> Json:
        """The schema of a type: a dataclass, a plain type, or what is made of these.

        Raises:
            TypeError: a type that documents do not have, or a second class of one name.
        """
        described = dataclasses.is_dataclass(kind) or hasattr(kind, "__document_schema__")
        if isinstance(kind, type) and described:
            return self._defined(kind)
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        return self._made_of_others(kind, get_origin(kind), get_args(kind))

    def _made_of_others(self, kind: Any, origin: Any, arguments: tuple[Any, ...]) -> Json:
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return _any_of([self.of(each) for each in arguments])
        if not isinstance(origin, type):
            raise TypeError(f"no schema for {kind!r}")
        if origin is tuple and Ellipsis not in arguments:
            items = [self.of(each) for each in arguments]
            return {
                "type": "array",
                "prefixItems": items,
                "minItems": len(items),
                "items": False,
            }
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        return {"type": "array", "items": self.of(arguments[0])}

    def _defined(self, kind: type) -> Json:
        name = kind.__name__
        if self._defined_by.setdefault(name, kind) is not kind:
            raise TypeError(f"two classes of a document are called {name}")
        if name not in self.definitions:
            self.definitions[name] = {}  # it may contain itself
            custom = getattr(kind, "__document_schema__", None)
            self.definitions[name] = custom(self) if custom else self.fields_of(kind)
        return {"$ref": f"#/$defs/{name}"}

    def fields_of(self, kind: type) -> Json:
        """A dataclass as an object with a property for each key of its document."""
        said = descriptions(kind)
        annotations = {each.name: each.type for each in dataclasses.fields(kind)}
        properties = {}
        for name in _names(kind):
            member = getattr(kind, name, None)
            annotation = annotations.get(name)
            if isinstance(member, computed) and member.fget is not None:
                annotation = member.fget.__annotations__["return"]
                said.setdefault(name, (member.__doc__ or "").partition("\n")[0])
            properties[name] = _described(self.of(_resolved(annotation, kind)), said.get(name, ""))
        summary = (inspect.getdoc(kind) or "").partition("\n")[0]
        return {
            "type": "object",
            "description": summary,
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


_PLAIN: Mapping[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},  # what is not finite is null
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Path: {"type": "string"},
    Any: {},
}


def _any_of(schemas: list[Json]) -> Json:
    plain = [each["type"] for each in schemas if each.keys() == {"type"}]
    if len(plain) == len(schemas):
        names = [name for each in plain for name in (each if isinstance(each, list) else [each])]
        return {"type": list(dict.fromkeys(names))}
    return {"anyOf": schemas}


def _described(schema: Json, text: str) -> Json:
    return {**schema, "description": text} if text else schema


def _resolved(annotation: Any, owner: type) -> Any:
    """An annotation, which `from __future__ import annotations` leaves as text."""
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules[owner.__module__]
    return eval(annotation, vars(module))  # noqa: S307 (the code's own annotation)


def descriptions(kind: type) -> dict[str, str]:
    """What the docstring of a class says of each of its attributes."""
    _, _, section = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        match = _ATTRIBUTE.fullmatch(line)
        if match:
            names = match[1].split(", ")
        elif not line.startswith("        "):
            names = []
        for name in names:
            text = match[2] if match else line.strip()
            found[name] = f"{found[name]} {text}" if name in found else text
    return found


def schema_text(name: str, kind: Any, **more: Any) -> str:
    """The JSON Schema of a document, as it is printed.

    Args:
        name: the document's name and version, "advisor.pick/2", which stands in it as `schema`.
        kind: the answer's dataclass.
        **more: further keys of the document and their types.
    """
    collected = Schema()
    whole = collected.fields_of(kind)
    first = {"schema": {"const": name}}
    further = {key: collected.of(each) for key, each in more.items()}
    whole["properties"] = {**first, **further, **whole["properties"]}
    optional = [key for key, each in more.items() if type(None) in get_args(each)]
    whole["required"] = [key for key in whole["properties"] if key not in optional]
    return _published(name, whole, collected)


def file_schema_text(name: str, kind: Any) -> str:
    """The JSON Schema of a file that asks, as it is printed."""
    collected = Schema()
    return _published(name, kind.__document_schema__(collected), collected)


def _published(name: str, whole: Json, collected: Schema) -> str:
    draft = "https://json-schema.org/draft/2020-12/schema"
    return document_text({"$schema": draft, "title": name, **whole, "$defs": collected.definitions})
