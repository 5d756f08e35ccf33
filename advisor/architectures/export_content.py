"""What a file of torch.export may hold so that reading and running it executes nothing of its own.

torch unpickles some members of such a file, imports, evaluates and compiles text of others, and calls the
functions that its graph names, whichever they are. So every member is looked at before torch reads it:
pickles must hold nothing but tensors and plain values, names must be names, expressions arithmetic, and
functions operators.
"""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from advisor.errors import AdvisorError, first_line, shown

MODELS, WEIGHTS, CONSTANTS = "models/", "data/weights/", "data/constants/"
SAMPLE_INPUTS, COMPILED = "data/sample_inputs/", "data/aotinductor/"
CONFIG = "_config.json"
"""What the name of a member ends with that says which others hold the weights, or the constants."""

_NAME = re.compile(r"[\w.]*")
_SYMBOL = re.compile(r"[a-z]{1,20}_?[0-9]{0,9}")
_NUMBER_OR_NAME = re.compile(r"[\w.+-]*")
_OPERATOR = re.compile(r"torch\.ops\.(\w+)\.(\w+)(?:\.(\w+))?")
_LIBRARIES = {"aten", "prims", "torchvision", "quantized", "quantized_decomposed"}
_WITH_FILES = {"from_file", "save"}
_HIGHER_ORDER = {
    *("cond", "while_loop", "scan", "associative_scan", "map_impl"),
    *("wrap_with_set_grad_enabled", "wrap_with_autocast"),
}
_PLAIN = {
    f"{module}.{name}"
    for module, names in {
        "_operator": "eq ne le ge lt gt neg pos mul add sub floordiv truediv mod pow and_ or_ lshift rshift "
        "getitem not_",
        "math": "trunc ceil floor sqrt",
        "torch": "sym_not sym_int sym_float sym_ite sym_max sym_min sym_sqrt",
    }.items()
    for name in names.split()
}
_IN_EXPRESSIONS = {
    *(
        "FloorDiv",
        "CleanDiv",
        "CeilDiv",
        "IntTrueDiv",
        "FloatTrueDiv",
        "PythonMod",
        "Mod",
        "ModularIndexing",
    ),
    *(
        "CeilToInt",
        "FloorToInt",
        "TruncToInt",
        "RoundToInt",
        "TruncToFloat",
        "ToFloat",
        "RoundDecimal",
    ),
    *(
        "LShift",
        "RShift",
        "PowByNatural",
        "FloatPow",
        "IsNonOverlappingAndDenseIndicator",
        "Identity",
    ),
    *("Max", "Min", "Abs", "floor", "ceiling", "Where", "Piecewise", "int_oo", "oo"),
    *("Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not", "Equality", "Unequality"),
    *("StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan"),
    *("Symbol", "Integer", "Float", "Rational", "Add", "Mul", "Pow"),
}
_ARITHMETIC = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call, ast.Tuple, ast.keyword),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)
_MOST_EXPRESSION = 2000
_CONTAINERS = {
    *(None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"),
    "torch.fx.immutable_collections.immutable_list",
    "torch.fx.immutable_collections.immutable_dict",
}

Member = Callable[[str], bytes]
"""What a member holds, by its name."""


class _CouldRunError(Exception):
    """Something in a member that could run; its text says what."""


def check_members(path: object, names: list[str], member: Member) -> None:
    """Refuse a file of which reading could run something.

    Args:
        path: what messages call it.
        names: its members.
        member: reads one.

    Raises:
        AdvisorError: a member could run code; the message names it.
    """
    for name in names:
        try:
            for pickled in _pickles(name, names, member):
                _check_pickle(member(pickled), pickled)
            if name.startswith(MODELS):
                _check(_json(member(name)), "")
        except _CouldRunError as error:
            raise AdvisorError(
                f"{path}: its member {shown(name)} could run code that it holds: {error}",
                "export the network as ONNX; or, if you trust whoever made the file, add --trust",
            ) from None


def _pickles(name: str, names: list[str], member: Member) -> Iterator[str]:
    """The members that torch unpickles on account of this one."""
    if name.startswith(COMPILED):
        raise _CouldRunError("compiled code")
    if name.startswith((WEIGHTS, CONSTANTS)) and name.endswith(CONFIG):
        config = _json(member(name))
        _check(config, "")
        for each in config.get("config", {}).values():
            place = each.get("path_name", "")
            if name.startswith(CONSTANTS) and not place.startswith("tensor_"):
                raise _CouldRunError(f"an object of Python or TorchScript ({place})")
            beside = name.rpartition("/")[0] + "/" + place
            if each.get("use_pickle") and beside in names:
                yield beside
    elif name.startswith(SAMPLE_INPUTS) or (
        name.startswith((WEIGHTS, CONSTANTS)) and name.endswith(".pt")
    ):
        yield name


def _check_pickle(content: bytes, name: str) -> None:
    import torch

    try:
        if content:
            torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
    except Exception as error:  # noqa: BLE001  (whatever it is that cannot be read as plain data)
        said = first_line(error, with_kind=True)
        raise _CouldRunError(f"{name} is no pickle of tensors and plain values ({said})") from None


def _json(content: bytes) -> Any:
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _CouldRunError(f"it is no JSON ({first_line(error)})") from None
    if not isinstance(found, dict):
        raise _CouldRunError("it is no JSON object")
    return found


def _check(value: Any, key: str) -> None:
    """See that every text in a description of a graph is what torch takes it for: mostly names."""
    if key in ("metadata", "guards_code", "torch_version", "as_string", "as_strings"):
        return  # torch quotes these; its guards are dropped when the file is read
    if isinstance(value, dict):
        for name, each in value.items():
            _check_text(name, "")
            _check(each, name)
    elif isinstance(value, list):
        for each in value:
            _check(each, key)
    elif isinstance(value, str):
        _check_text(value, key)


def _check_text(text: str, key: str) -> None:
    if key in ("target", "as_operator"):
        _check_function(text)
    elif key == "expr_str":
        _check_expression(text)
    elif key in ("in_spec", "out_spec"):
        if text:
            _check_containers(json.loads(text))
    elif not _NAME.fullmatch(text):
        raise _CouldRunError(f"{shown(text)} stands where a name is expected")


def _check_function(target: str) -> None:
    """See that a graph calls an operator of a network, not whatever else torch can reach."""
    import torch

    if target in _PLAIN:
        return
    found = _OPERATOR.fullmatch(target)
    library, name, overload = found.groups() if found else ("", "", "")
    if library == "higher_order" and name in _HIGHER_ORDER and not overload:
        return
    if library in _LIBRARIES and overload and name not in _WITH_FILES:
        operator = getattr(getattr(getattr(torch.ops, library), name, None), overload, None)
        if isinstance(operator, torch._ops.OpOverload):
            return
    raise _CouldRunError(f"it calls {shown(target)}, which is no operator of a network known here")


def _check_expression(text: str) -> None:
    """See that a size is arithmetic: torch evaluates it."""
    if len(text) > _MOST_EXPRESSION:
        raise _CouldRunError(f"a size of {len(text):,} characters is no arithmetic")
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _CouldRunError(f"the size {shown(text)} is no arithmetic") from None
    for node in nodes:
        plain = isinstance(node, _ARITHMETIC)
        if isinstance(node, ast.Call):
            plain = isinstance(node.func, ast.Name) and node.func.id in _IN_EXPRESSIONS
        elif isinstance(node, ast.Name):
            plain = node.id in _IN_EXPRESSIONS or bool(_SYMBOL.fullmatch(node.id))
        elif isinstance(node, ast.Constant):
            plain = isinstance(node.value, int | float) or (
                isinstance(node.value, str) and bool(_NUMBER_OR_NAME.fullmatch(node.value))
            )
        if not plain:
            raise _CouldRunError(f"the size {shown(text)} is no arithmetic")


def _check_containers(spec: Any) -> None:
    """See that inputs and outputs are tuples, lists and dictionaries: torch imports what else is named."""
    if isinstance(spec, list):  # the protocol's number before it
        for each in spec:
            if not isinstance(each, int):
                _check_containers(each)
        return
    if not isinstance(spec, dict) or spec.get("type") not in _CONTAINERS:
        raise _CouldRunError(f"an input or output of the kind {shown(str(spec))}")
    context = spec.get("context")
    words = json.loads(context) if isinstance(context, str) else context
    for word in words if isinstance(words, list) else [words]:
        if word is not None and not (isinstance(word, str) and word.isidentifier()):
            raise _CouldRunError(f"{shown(str(word))} stands where an input's name is expected")
    _check_containers(spec.get("children_spec", []))
