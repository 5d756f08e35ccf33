"""What public functions are called with, held against the annotations of their parameters."""

from __future__ import annotations

import inspect
import os
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeAlias, TypeVar, Union, get_args, get_origin

from advisor.errors import AdvisorError, cut

TRUST = "ADVISOR_TRUST"
"""What is set where the user says `trust`: files are read though that could run code which they hold.

It is of the environment, so that the processes that measure know of it, too.
"""

AnyPath: TypeAlias = str | os.PathLike[str]
"""A path as people give it."""

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")

_WORDS: Mapping[Any, str] = {
    str: "text",
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    os.PathLike: "a path",
    Mapping: "a mapping",
    types.NoneType: "None",
}
_NUMBERS: Mapping[Any, type] = {int: Integral, float: Real}


def checked(function: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Let a public function refuse arguments of other types than it declares.

    Its annotations are all there is to it; what is declared as `object` is read by the function itself.

    Raises:
        AdvisorError: by the function, for such an argument; it says which, what it is, and what is expected.
    """

    @wraps(function)
    def refusing(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        declared = inspect.signature(function).parameters
        for name, value in {**dict(zip(declared, args, strict=False)), **kwargs}.items():
            if name in declared and declared[name].kind is not inspect.Parameter.VAR_KEYWORD:
                check_argument(name, value, _hint(function, name))
        return function(*args, **kwargs)

    return refusing


def trusting(function: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Let a public function's `trust` act, by being given: on this process, and on those that it starts."""

    @wraps(function)
    def running(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        with trusted(said=bool(kwargs.get("trust"))):
            return function(*args, **kwargs)

    return running


@contextmanager
def trusted(*, said: bool) -> Iterator[None]:
    """Have files read meanwhile though they could run what they hold, if the user says so."""
    before = os.environ.get(TRUST)
    if said:
        os.environ[TRUST] = "1"
    try:
        yield
    finally:
        if said and before is None:
            os.environ.pop(TRUST, None)
        elif said:
            os.environ[TRUST] = before or ""


def check_argument(name: str, value: object, hint: Any) -> None:
    """Refuse a value of another type than is declared.

    Raises:
        AdvisorError: it is; it says what it is, and what is expected.
    """
    if not _fits(value, hint):
        found = cut(" ".join(repr(value).split()))
        raise AdvisorError(f"{name}: found {found}; expected {_expected(hint)}")


def _hint(function: Callable[..., Any], name: str) -> Any:
    """What a parameter is declared as; `from __future__ import annotations` leaves it as text."""
    declared = function.__annotations__.get(name, object)
    if not isinstance(declared, str):
        return declared
    return eval(declared, function.__globals__)  # noqa: S307 (the code's own annotation)


def _fits(value: object, hint: Any) -> bool:
    return any(_is(value, each) for each in _alternatives(hint))


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _is(value: object, hint: Any) -> bool:
    origin = get_origin(hint) or hint
    if getattr(origin, "_is_protocol", False):  # that of a parameter for tests
        return True
    if origin is Callable:
        return callable(value)
    if origin in _NUMBERS:
        return isinstance(value, _NUMBERS[origin]) and not isinstance(value, bool)
    return isinstance(value, origin) and all(_holds(value, each) for each in get_args(hint)[:1])


def _holds(value: object, element: Any) -> bool:
    """Whether a list's elements, or a mapping's keys, are of a type; text is no list of letters."""
    if isinstance(value, str | bytes):
        return False
    # What gives its elements only once is left to the function.
    return not isinstance(value, Collection) or all(_fits(each, element) for each in value)


def _expected(hint: Any) -> str:
    """What is expected, in words."""
    words = list(dict.fromkeys(map(_word, _alternatives(hint))))
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _word(hint: Any) -> str:
    origin = get_origin(hint) or hint
    if origin is Callable:
        return "a function"
    if origin in _WORDS:
        return _WORDS[origin]
    return "a list" if issubclass(origin, Iterable) else f"a {origin.__name__}"
