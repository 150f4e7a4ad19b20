"""`@dataclass(frozen=True, slots=True)` without most of what it costs to define a class.

The standard library writes and compiles six functions for each frozen class, half a millisecond a class, and a check
defines more than a hundred classes before it begins.  Here the functions that have to be fast are compiled when they
are first called, and the others are shared.  Type checkers see the standard library's decorator, and everything of
`dataclasses` works on such a class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, order: bool = False, **others: bool
    ) -> Any:
        """What `dataclasses.dataclass` gives; sooner, where the class is frozen, has slots and an order at most, and no
        base."""

        def made(cls: type) -> type:
            notes = vars(cls).get("__annotations__", {})
            is_plain = len(cls.__mro__) == 2 and all(isinstance(note, str) for note in notes.values())
            if not frozen or others or not is_plain:
                return dataclasses.dataclass(cls, frozen=frozen, slots=slots, order=order, **others)
            return _frozen(cls, notes, has_slots=slots, has_order=order)

        return made if cls is None else made(cls)


@dataclasses.dataclass(init=False, repr=False, eq=False)
class _Model:
    """Its marks, which the standard library made, are put on every other."""

    field: int


_FIELD = dataclasses.fields(_Model)[0]._field_type  # type: ignore[attr-defined]
_PER_CLASS = {"__dict__", "__weakref__"}  # what the interpreter makes anew with each class
Fields = dict[str, dataclasses.Field[Any]]


def _frozen(cls: type, notes: dict[str, str], *, has_slots: bool, has_order: bool) -> Any:
    known = vars(cls)
    fields = _fields(cls.__name__, {name: note for name, note in notes.items() if "ClassVar" not in note}, known)
    made = {
        "__doc__": cls.__doc__ or cls.__name__,
        "__dataclass_fields__": fields,
        "__dataclass_params__": _Model.__dataclass_params__,  # type: ignore[attr-defined]
        "__match_args__": tuple(fields),
        "__setattr__": _refuse,
        "__delattr__": _refuse,
    }
    methods = _methods(fields, has_slots=has_slots, has_order=has_order, is_checked="__post_init__" in known)
    made |= {name: method for name, method in methods.items() if known.get(name) is None}
    if has_slots:
        kept = {name: value for name, value in known.items() if name not in fields and name not in _PER_CLASS}
        return type(cls)(cls.__name__, cls.__bases__, kept | made | {"__slots__": tuple(fields)})
    for name, field in fields.items():
        if field.default is not MISSING:
            setattr(cls, name, field.default)
        elif name in known:
            delattr(cls, name)
    for name, value in made.items():
        setattr(cls, name, value)
    return cls


def _fields(cls: str, notes: dict[str, str], known: Mapping[str, Any]) -> Fields:
    """The fields as the standard library describes them, by name."""
    found: Fields = {}
    for name, note in notes.items():
        value = known.get(name, MISSING)
        field: Any = value if isinstance(value, dataclasses.Field) else dataclasses.field(default=value)
        if field.kw_only is MISSING:
            field.kw_only = False
        if not field.init or field.kw_only or "InitVar" in note or "KW_ONLY" in note:
            raise TypeError(f"{cls} has a field that is no plain parameter: take the standard library's decorator")
        if field.default.__class__.__hash__ is None:
            raise ValueError(f"the default of `{name}` in {cls} can change: give it a `default_factory`")
        field.name, field.type, field._field_type = name, note, _FIELD
        found[name] = field
    return found


def _methods(fields: Fields, *, has_slots: bool, has_order: bool, is_checked: bool) -> dict[str, Any]:
    initialiser = partial(_initialiser, fields, has_slots=has_slots, is_checked=is_checked)
    methods = {"__init__": _compiled_later("__init__", initialiser)}
    methods["__init__"].__annotations__ = {name: field.type for name, field in fields.items()} | {"return": None}
    for name in ("__eq__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__") if has_order else ("__eq__", "__hash__"):
        methods[name] = _compiled_later(name, partial(_comparison, fields, name))
    if has_slots:
        methods |= {"__getstate__": _state, "__setstate__": _restore}
    return methods | {"__repr__": _repr}


def _compiled_later(name: str, text: Callable[[type, dict[str, Any]], str]) -> Any:
    """A method that on its first call puts in its place what `def name` and the text make.

    The text is made for the class; what it refers to is put in the dictionary.
    """

    def first(self: Any, *arguments: Any, **named: Any) -> Any:
        if made:  # by a name that it had before
            return made[0](self, *arguments, **named)
        cls = next(each for each in type(self).__mro__ if vars(each).get(name) is first)
        known: dict[str, Any] = {"__name__": cls.__module__}
        exec(f"def {name}{text(cls, known)}", known)
        method = known[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        if name == "__init__":
            method.__annotations__ = first.__annotations__
        made.append(method)
        setattr(cls, name, method)
        return method(self, *arguments, **named)

    made: list[Any] = []
    return first


def _initialiser(fields: Fields, cls: type, known: dict[str, Any], *, has_slots: bool, is_checked: bool) -> str:
    """`__init__` after its name, what it refers to being put in `known`.

    A slot is set through its descriptor, which is faster than by name.
    """
    known |= {"MISSING": MISSING, "set_by_name": object.__setattr__}
    parameters, body = ["self"], []
    for name, field in fields.items():
        value, parameter = name, name
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
    if is_checked:
        body.append("self.__post_init__()")
    return f"({', '.join(parameters)}): {'; '.join(body) or 'pass'}"


def _comparison(fields: Fields, name: str, _cls: type, _known: dict[str, Any]) -> str:
    """The method that compares by the fields that count, or hashes them, after its name."""
    names = [field.name for field in fields.values() if field.compare]
    mine, others = ("(" + "".join(f"{it}.{name}, " for name in names) + ")" for it in ("self", "other"))
    if name == "__hash__":
        return f"(self): return hash({mine})"
    is_alike = "other.__class__ is self.__class__"
    return f"(self, other): return {mine} {_SIGNS[name]} {others} if {is_alike} else NotImplemented"


_SIGNS = {"__eq__": "==", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


def _state(self: Any) -> list[Any]:
    """What pickling keeps of a class whose attributes cannot be set."""
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _restore(self: Any, values: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, values, strict=True):
        object.__setattr__(self, name, value)


def _repr(self: Any) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({shown})"


def _refuse(self: object, name: str, *_: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to or delete field {name!r}")
