"""`@dataclass(frozen=True, slots=True)` without most of what it costs to define a class.

The standard library writes and compiles six functions for each frozen class, half a millisecond a class, and a check
defines more than a hundred classes before it begins.  Here the functions that have to be fast are compiled when they
are first called, and the others are shared.  Type checkers see the standard library's decorator, and everything of
`dataclasses` works on such a class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import MISSING, FrozenInstanceError
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, order: bool = False, **others: bool
    ) -> Any:
        """What `dataclasses.dataclass` gives; sooner, where the class is frozen and has slots and an order at most."""

        def made(cls: type) -> type:
            if not frozen or others:
                return dataclasses.dataclass(cls, frozen=frozen, slots=slots, order=order, **others)
            return _frozen(cls, has_slots=slots, has_order=order)

        return made if cls is None else made(cls)


def _frozen(cls: type, *, has_slots: bool, has_order: bool) -> Any:
    own = {name for name, value in vars(cls).items() if value is not None}
    if cls.__doc__ is None:
        cls.__doc__ = cls.__name__  # else the signature is looked up for it
    made: Any = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=has_slots)
    fields = dataclasses.fields(made)
    if any(not field.init or field.kw_only for field in fields):
        raise TypeError(f"{cls.__name__} has a field that is no plain parameter: take the standard library's decorator")
    known: dict[str, Any] = {"__name__": cls.__module__}
    texts = _comparison([field.name for field in fields if field.compare], has_order=has_order)
    texts["__init__"] = _initialiser(made, fields, known, has_slots=has_slots)
    methods = {name: _compiled_later(made, name, text, known) for name, text in texts.items()}
    methods["__init__"].__annotations__ = {field.name: field.type for field in fields} | {"return": None}
    methods |= _pickling([field.name for field in fields]) if has_slots else {}
    methods["__repr__"] = _repr
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    made.__setattr__, made.__delattr__ = _refuse, _refuse
    return made


def _compiled_later(cls: type, name: str, text: str, known: dict[str, Any]) -> Any:
    """A method that on its first call puts in its place what `def name` and the text make."""

    def first(*arguments: Any, **named: Any) -> Any:
        exec(f"def {name}{text}", known)
        method = known[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        if name == "__init__":
            method.__annotations__ = first.__annotations__
        setattr(cls, name, method)
        return method(*arguments, **named)

    return first


def _initialiser(cls: type, fields: Sequence[dataclasses.Field[Any]], known: dict[str, Any], *, has_slots: bool) -> str:
    """`__init__` after its name, what it refers to being put in `known`.

    A slot is set through its descriptor, which is faster than by name.
    """
    known |= {"MISSING": MISSING, "set_by_name": object.__setattr__}
    parameters, body = ["self"], []
    for field in fields:
        name, value, parameter = field.name, field.name, field.name
        if field.default_factory is not MISSING:
            known[f"make_{name}"] = field.default_factory
            parameter = f"{name}=MISSING"
            value = f"make_{name}() if {name} is MISSING else {name}"
        elif field.default is not MISSING:
            known[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
        if has_slots:
            known[f"set_{name}"] = vars(cls)[name].__set__
        parameters.append(parameter)
        body.append(f"set_{name}(self, {value})" if has_slots else f"set_by_name(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    return f"({', '.join(parameters)}): {'; '.join(body) or 'pass'}"


def _comparison(names: Sequence[str], *, has_order: bool) -> dict[str, str]:
    """`__hash__` and what compares by these fields, after their names."""
    mine, others = ("(" + "".join(f"{it}.{name}, " for name in names) + ")" for it in ("self", "other"))
    signs = {"__eq__": "=="}
    if has_order:
        signs |= {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}
    texts = {
        name: f"(self, other): return {mine} {sign} {others} if other.__class__ is self.__class__ else NotImplemented"
        for name, sign in signs.items()
    }
    return texts | {"__hash__": f"(self): return hash({mine})"}


def _pickling(names: Sequence[str]) -> dict[str, Any]:
    """What unpickling needs of a class whose attributes cannot be set."""

    def state(self: object) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restored(self: object, values: list[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": state, "__setstate__": restored}


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to or delete field {name!r}")
