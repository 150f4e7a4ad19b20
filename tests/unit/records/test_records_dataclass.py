"""What the decorator makes cannot be told from what the standard library's makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field
from typing import ClassVar

import pytest

from analyzer.records import dataclass


@dataclass(frozen=True, slots=True)
class Slotted:
    EMPTY: ClassVar[Slotted]

    name: str
    ports: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    place: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Open:
    """Its own words."""

    name: str
    ports: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)
    place: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass(frozen=True, slots=True)
class One:
    name: str


Slotted.EMPTY = Slotted("")
both = pytest.mark.parametrize("made", [Slotted, Open])


@both
def test_it_is_a_dataclass(made):
    one = made("a", place="here")
    assert dataclasses.is_dataclass(made)
    assert [f.name for f in dataclasses.fields(made)] == ["name", "ports", "notes", "place"]
    assert dataclasses.replace(one, ports=(80,)) == made("a", (80,), place="there")
    assert dataclasses.asdict(one) == {"name": "a", "ports": (), "notes": [], "place": "here"}
    match one:
        case Slotted(name, ports) | Open(name, ports):
            assert (name, ports) == ("a", ())


@both
def test_its_text_is_that_of_the_standard_library(made):
    assert repr(made("a", (80,), place="here")) == f"{made.__name__}(name='a', ports=(80,), notes=[])"


@both
def test_defaults_are_made_for_each(made):
    one, other = made("a"), made("b")
    one.notes.append("x")
    assert other.notes == []
    with pytest.raises(TypeError):
        made()


@both
def test_it_cannot_be_changed(made):
    one = made("a")
    for change in (lambda: setattr(one, "name", "b"), lambda: setattr(one, "new", 1), lambda: delattr(one, "name")):
        with pytest.raises(FrozenInstanceError):
            change()
    assert one.name == "a"


@both
def test_copies_are_equal(made):
    one = made("a", (80,), place="here")
    for again in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one), copy.copy(one)):
        assert again == one
        assert again.place == "here"


def test_equality_is_by_class_and_by_the_fields_compared():
    @dataclass(frozen=True, slots=True)
    class Other:
        name: str

    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert One("a") == One("a") != One("b")
    assert hash(One("a")) == hash(One("a"))
    assert One("a") != Other("a")
    assert One("a") != "a"
    assert Slotted("a", (80,), place="x") == Slotted("a", (80,), place="y") != Slotted("a", (81,), place="x")
    with pytest.raises(TypeError, match="unhashable"):
        hash(Slotted("a"))


def test_methods_of_the_class_stay():
    @dataclass(frozen=True, slots=True)
    class Own:
        name: str

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("no name")

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

    assert repr(Own("a")) == "own"
    assert Own("a") == Own("b")
    assert hash(Own("a")) == hash(Own("a"))
    with pytest.raises(ValueError, match="no name"):
        Own("")


def test_a_method_by_the_name_that_it_had_before_its_first_call_goes_on_working():
    @dataclass(frozen=True, slots=True, order=True)
    class Late:
        name: str

    is_less = Late.__lt__
    assert [is_less(Late("a"), Late("b")) for _ in range(2)] == [True, True]


def test_a_default_that_can_change_is_refused():
    with pytest.raises(ValueError, match="default_factory"):

        @dataclass(frozen=True, slots=True)
        class _Shared:
            names: list[str] = field(default=[])


def test_a_class_with_a_base_is_left_to_the_standard_library():
    class Base:
        pass

    @dataclass(frozen=True)
    class Child(Base):
        name: str = "x"

    assert isinstance(Child("a"), Base)
    assert Child() == Child("x")


def test_slots_and_descriptions():
    assert not hasattr(Slotted("a"), "__dict__")
    assert vars(Open("a"))["name"] == "a"
    assert Open.__doc__ == "Its own words."
    assert Slotted.__init__.__annotations__["ports"] == "tuple[int, ...]"


def test_what_it_cannot_make_is_refused_or_left_to_the_standard_library():
    with pytest.raises(TypeError, match="no plain parameter"):

        @dataclass(frozen=True)
        class _Hidden:
            name: str = field(init=False, default="")

    @dataclass
    class Changing:
        name: str

    changing = Changing("a")
    changing.name = "b"
    assert changing == Changing("b")


def test_order_is_by_the_fields_and_within_the_class():
    @dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        name: str
        line: int

    assert Ordered("a", 2) < Ordered("b", 1) < Ordered("b", 2)
    assert sorted([Ordered("b", 1), Ordered("a", 2), Ordered("a", 1)])[0] == Ordered("a", 1)
    assert Ordered("a", 1) <= Ordered("a", 1) >= Ordered("a", 1)
    assert Ordered("b", 1) > Ordered("a", 1)
    with pytest.raises(TypeError):
        _ = Ordered("a", 1) < One("b")
    with pytest.raises(TypeError):
        _ = One("a") < One("b")
