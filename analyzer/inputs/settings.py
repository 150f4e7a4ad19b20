"""Command-line values to what the analysis takes.  Everything wrong with them is told at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analyzer.errors import InputError, Problem, QueryError, UsageError

if TYPE_CHECKING:
    from analyzer.model.claims import Pack, Query, Universe
    from analyzer.model.cluster import Unmodelled
    from analyzer.model.profile import Profile
    from analyzer.model.source import LeftOut
    from analyzer.sets import AddressSet
    from analyzer.solving import Budget

BASELINE = "baseline"
_USUAL = "generic"
"""The profile where nothing says otherwise."""
_SECOND_SOLVERS = ("cvc5",)


def settled(*parts: Callable[[], Any]) -> list[Any]:
    """What each part gives, in order; InputError with the problems of all parts that raise one, of their kind where
    they are of one."""
    results: list[Any] = []
    errors: list[InputError] = []
    for part in parts:
        try:
            results.append(part())
        except InputError as error:
            errors.append(error)
    if errors:
        raise _together(errors)
    return results


def asked_of_read(ask: Callable[[], Any], read: Callable[[], Any]) -> list[Any]:
    """What is asked, and what was read, of one revision or of several; InputError with all that is wrong with both.

    The forms of a query in error name what the manifests have, if they can be read.
    """
    found: list[Any] = []

    def kept() -> Any:
        found.append(read())
        return found[0]

    try:
        return settled(ask, kept)
    except QueryError as error:
        from analyzer.inputs.naming import named

        revisions = [each for read in found for each in (read if isinstance(read, tuple) else (read,))]
        raise QueryError(named(problem, [each.cluster for each in revisions]) for problem in error.problems) from None


def _together(errors: Sequence[InputError]) -> InputError:
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else InputError
    found = kind.__new__(kind)
    InputError.__init__(found, (problem for error in errors for problem in error.problems))
    if len(errors) == 1:
        found.way_on = errors[0].way_on
    return found


_unread: list[Unmodelled | LeftOut] = []


def unread() -> tuple[Unmodelled | LeftOut, ...]:
    """What is known not to stand in the input, though the cluster may hold it."""
    return tuple(_unread)


def note_unread(things: Iterable[Unmodelled | LeftOut]) -> None:
    """Say what the input, which this process prepares for itself, does not hold."""
    _unread[:] = things


def standard_input() -> bytes:
    """All of it; nothing when it is closed."""
    return sys.stdin.buffer.read() if sys.stdin is not None else b""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint: the known word that was probably meant, else all of them."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(word, names, n=1)
    return f"did you mean `{close[0]}`?" if close else "known are " + ", ".join(names)


# ------------------------------------------------------------------------------------------------ what is assumed
def chosen_universe(name: str) -> Universe:
    from analyzer.model.claims import Universe

    names = [universe.value for universe in Universe]
    if name not in names:
        raise UsageError(f"unknown universe `{name}`", nearest(name, names))
    return Universe(name)


def chosen_profile(name: str | None, knobs: Sequence[str]) -> Profile:
    """The profile of that name, or the usual one, with every `NAME=VALUE` of `knobs` set."""
    from analyzer.model.profile import PROFILES, knob_names, knob_of

    name = _USUAL if name is None else name
    if name not in PROFILES:
        raise UsageError(f"unknown profile `{name}`", nearest(name, PROFILES))
    profile = PROFILES[name]
    problems: list[Problem] = []
    for text in knobs:
        try:
            knob, value = _knob(_ASSUMED.get(text, text))
            if knob_of(knob) not in knob_names():
                raise UsageError(f"unknown knob `{knob}`", nearest(knob, knob_names()))
            profile = _with_knob(profile, knob, value)
        except UsageError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return profile


_ASSUMED = {"no-tokens": "tokens=false"}  # what `--assume` is short for


def _knob(text: str) -> tuple[str, str]:
    """NAME=VALUE in two; UsageError names what was probably meant by anything else."""
    from difflib import get_close_matches

    from analyzer.model.profile import knob_of, knob_values

    name, equals, value = text.partition("=")
    if equals and name.strip():
        return name.strip(), value.strip()
    values = knob_values()
    close = get_close_matches(knob_of(text.strip()), [*_ASSUMED, *values], n=1)
    hint = "write --knob NAME=VALUE; `netproof check -h` and docs/profiles.md tell of them"
    if close:
        taken = "" if close[0] in _ASSUMED else f"={'|'.join(values[close[0]]) or 'VALUE'}"
        hint = f"did you mean `{close[0]}{taken}`?"
    raise UsageError(f"`{text}` after --knob or --assume is not NAME=VALUE", hint)


def _with_knob(profile: Profile, knob: str, value: str) -> Profile:
    try:
        return profile.with_knob(knob, value)
    except ValueError as error:
        raise UsageError(f"`{value}` is no value of knob `{knob}`", str(error)) from error


def pod_addresses(cidrs: Sequence[str]) -> AddressSet | None:
    """The union of all CIDRs, which may stand in one comma-separated value; None when there are none."""
    from analyzer.sets import AddressSet

    texts = [text.strip() for value in cidrs for text in value.split(",")]
    if not texts:
        return None
    found = AddressSet.EMPTY
    problems: list[Problem] = []
    for text in texts:
        try:
            if "/" not in text:
                raise ValueError("no prefix length")
            found |= AddressSet.of(text)
        except ValueError:
            hint = "write it as 10.244.0.0/16 or fd00:10:244::/56"
            problems += UsageError(f"`{text}` in --pod-cidr is no CIDR", hint).problems
    if problems:
        raise InputError(problems)
    return found


def budget(work: int | None) -> Budget:
    """That much work, or as much as usual."""
    from analyzer.solving import Budget

    return Budget(work) if work else Budget()


def second_solver(name: str | None) -> str | None:
    """The name; UsageError if there is no such solver, or it is not installed."""
    if name is None:
        return None
    from analyzer.solving import is_installed

    if name not in _SECOND_SOLVERS:
        raise UsageError(f"unknown solver `{name}`", nearest(name, _SECOND_SOLVERS))
    if not is_installed(name):
        raise UsageError(
            f"--cross-check needs {name}, which is not installed", f"install it with: pip install 'netproof[{name}]'"
        )
    return name


# ------------------------------------------------------------------------------------------------ questions
def questions(names: Sequence[str], claims: Sequence[str], settings: Sequence[str]) -> tuple[Pack, ...]:
    """The packs named and one more that holds the claims; the baseline pack where neither is given."""
    if not names and not claims:
        names = [BASELINE]
    parameters = _parameters(settings)
    packs, asked = settled(lambda: _packs(names, parameters), lambda: _asked(claims))
    declared = {name for pack in packs for name, _ in pack.parameters}
    unknown = [
        UsageError(f"no pack given has a parameter `{name}`", nearest(name, sorted(declared)) if declared else "")
        for name in parameters
        if name not in declared
    ]
    if unknown:
        raise InputError(problem for error in unknown for problem in error.problems)
    return (*packs, *asked)


def of_one_revision(packs: Sequence[Pack]) -> tuple[Pack, ...]:
    """The packs, if none of their queries compares two revisions; QueryError names each that does."""
    from analyzer.model.claims import Kind

    comparing = [query for pack in packs for query in pack.queries if query.claim.kind is Kind.NO_NEW]
    if comparing:
        hint = "ask it with `netproof diff OLD NEW`"
        raise QueryError(
            Problem(q.source.file, q.source.line, 0, f"query `{q.id}` asks what is new: it needs two revisions", hint)
            for q in comparing
        )
    return tuple(packs)


def _packs(names: Sequence[str], parameters: dict[str, str]) -> tuple[Pack, ...]:
    return tuple(settled(*(lambda name=name: _pack(name, parameters) for name in dict.fromkeys(names))))


def _pack(name: str, parameters: dict[str, str]) -> Pack:
    from analyzer.packs import find

    pack = find(name, {})
    own = {key: parameters[key] for key, _ in pack.parameters if key in parameters}
    return find(name, own) if own else pack


def _asked(claims: Sequence[str]) -> tuple[Pack, ...]:
    from analyzer.model.claims import Pack

    if not claims:
        return ()
    total = len(claims)
    queries = settled(*(lambda i=i, text=text: _claim(text, i, total) for i, text in enumerate(claims, 1)))
    return (Pack("command line", "", tuple(queries)),)


def _claim(text: str, number: int, total: int) -> Query:
    """The claim as query q1, q2, …; where there are several, errors tell which is meant."""
    from analyzer.language import parse_query

    try:
        return parse_query(text, f"q{number}")
    except QueryError as error:
        if total == 1:
            raise
        raise QueryError(replace(problem, file=f"-q number {number}") for problem in error.problems) from None


def _parameters(settings: Sequence[str]) -> dict[str, str]:
    pairs = settled(*(lambda text=text: _pair(text, "--set") for text in settings))
    return dict(pairs)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"`{text}` after {option} is not NAME=VALUE", f"write {option} NAME=VALUE")
    return name.strip(), value.strip()
