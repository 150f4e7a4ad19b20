"""The requests that the mesh lets in at one destination and port, whoever sends them, as alternatives of conditions on
the request and the sender's address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.formulas import (
    FALSE,
    TRUE,
    All,
    AtAddress,
    Attribute,
    Formula,
    Leaf,
    Member,
    Name,
    Not,
    Open,
    Role,
    Some,
    Test,
    with_leaves,
)
from analyzer.model.mesh import MeshConfig
from analyzer.model.mesh_rules import HAS_MTLS, IDENTITY
from analyzer.model.mesh_tokens import ELSEWHERE
from analyzer.model.pipeline import Stage
from analyzer.model.requests import MTLS
from analyzer.semantics.fold import Selected
from analyzer.semantics.formulas import Situation, does_meet, is_true
from analyzer.semantics.some_request import TooManyRequestsError, passing_requests
from analyzer.sets.strings import Form, Pattern, prefix

Literal = tuple[Leaf, bool]
"""A leaf, and whether it is true."""
Alternative = frozenset[Literal]
_MOST = 64
_HAS_METHOD = Test(Attribute(Role.REQUEST, Name.METHOD))
_OF_HTTP = frozenset({Name.METHOD, Name.PATH, Name.HOST, Name.HEADER, Name.TOKEN, Name.ISSUER, Name.SUBJECT})
_OF_TOKEN = frozenset({Name.ISSUER, Name.SUBJECT, Name.CLAIM, Name.CLAIM_WORD})
_OF_HTTP |= {Name.TOKEN_PLACE, Name.CLAIM, Name.CLAIM_WORD, Name.PARAMETER, Name.COOKIE}


def admitted(
    stage: Stage, selecting: Selected, about: Situation, config: MeshConfig, *, asks_tokens: bool = False
) -> tuple[Alternative, ...]:
    """What the stage lets in.  TooManyRequestsError where there are too many alternatives to tell.  `asks_tokens`:
    some client has a token that the proxy refuses."""
    own = {Test(IDENTITY, prefix(f"{domain}/")) for domain in config.trust_domains}

    def read(formula: Formula, about: Situation) -> Formula:
        def known(leaf: Leaf) -> Formula:
            if leaf in own:
                return HAS_MTLS  # nobody shows another identity
            match leaf:
                case Test(Attribute(Role.REQUEST, Name.FAULT | Name.PARAMETER | Name.COOKIE)):
                    return FALSE  # nobody asks for what is refused, nor sends a token that no rule takes
                case Test(Attribute(Role.REQUEST, Name.TOKEN), None) if not asks_tokens:
                    return FALSE
                case Test(Attribute(Role.REQUEST, Name.SNI), None):
                    return FALSE  # nor in TLS of its own
                case Test(Attribute(Role.REQUEST, Name.HEADER, "authorization"), Pattern(text="Bearer ")):
                    return FALSE
                case Test(Attribute(Role.REQUEST)) | Member(Role.SRC, AtAddress()) | Open():
                    return leaf
                case _:
                    return TRUE if is_true(leaf, about) else FALSE

        return with_leaves(formula, known)

    passing = _alternatives(passing_requests(selecting, about, read), True)
    found = {_without_place(_plain(it)) for it in passing if not _is_impossible(it)}
    return tuple(it for it in sorted(found, key=_order) if not any(other < it for other in found))


def _alternatives(formula: Formula, is_true_: bool) -> Iterable[Alternative]:
    match formula:
        case Not(part):
            return _alternatives(part, not is_true_)
        case All(parts):
            return _product(parts, is_true_) if is_true_ else _sum(parts, is_true_)
        case Some(parts):
            return _sum(parts, is_true_) if is_true_ else _product(parts, is_true_)
        case leaf:
            return (frozenset({(leaf, is_true_)}),)


def _sum(parts: Iterable[Formula], is_true_: bool) -> set[Alternative]:
    return _few(it for part in parts for it in _alternatives(part, is_true_))


def _product(parts: Iterable[Formula], is_true_: bool) -> set[Alternative]:
    found: set[Alternative] = {frozenset()}
    for part in parts:
        more = list(_alternatives(part, is_true_))
        found = _few(_plain(it) for one in found for other in more if not _is_impossible(it := one | other))
    return found


def _few(every: Iterable[Alternative]) -> set[Alternative]:
    found: set[Alternative] = set()
    for one in every:
        if any(it <= one for it in found):
            continue
        found = {it for it in found if not one < it} | {one}
        if len(found) > _MOST:
            raise TooManyRequestsError
    return found


def _is_impossible(these: Alternative) -> bool:
    """Both a thing and its opposite, an identity in plaintext, or a path in what is no HTTP."""
    if any((leaf, not is_so) in these for leaf, is_so in these):
        return True
    met = [leaf for leaf, is_so in these if is_so and isinstance(leaf, Test)]
    names = {leaf.attribute.name for leaf in met}
    if (HAS_MTLS, False) in these and Name.IDENTITY in names:
        return True
    if (_HAS_METHOD, False) in these and names & _OF_HTTP:
        return True
    for leaf, is_so in these:
        if isinstance(leaf, Test) and leaf.attribute.name not in _SEVERAL:
            of_it = [_relation(it, leaf) for it in met if it != leaf and it.attribute == leaf.attribute]
            if (_APART if is_so else _INSIDE) in of_it:
                return True
    return False


_APART, _INSIDE = "apart", "inside"
_SEVERAL = frozenset({Name.HEADER, Name.CLAIM, Name.CLAIM_WORD})  # of which one may meet this and another that


def _relation(one: Test, other: Test) -> str | None:
    """How the values that meet one stand to those that meet the other, where that is plain to see."""
    if other.meets is None:
        return _INSIDE
    if (texts := _texts(one)) is not None:
        met = [does_meet(text, other.meets) for text in texts]
        return _INSIDE if all(met) else None if any(met) else _APART
    if not isinstance(one.meets, Pattern) or one.meets.form is not Form.PREFIX or one.meets.is_folded:
        return None
    if (texts := _texts(other)) is not None:
        return None if any(map(one.meets.matches, texts)) else _APART
    if isinstance(other.meets, Pattern) and other.meets.form is Form.PREFIX and not other.meets.is_folded:
        if one.meets.text.startswith(other.meets.text):
            return _INSIDE
        return None if other.meets.text.startswith(one.meets.text) else _APART
    return None


def _texts(test: Test) -> frozenset[str] | None:
    """All that meets it, where that is listed."""
    if isinstance(test.meets, Pattern) and test.meets.form is Form.EXACT and not test.meets.is_folded:
        return frozenset({test.meets.text})
    return test.meets if isinstance(test.meets, frozenset) else None


def _without_place(these: Alternative) -> Alternative:
    """Who has a token puts it where it is taken."""
    return frozenset((leaf, is_so) for leaf, is_so in these if leaf != ELSEWHERE)


def _plain(these: Alternative) -> Alternative:
    """Without what another part of it says already."""
    return frozenset(_needed(these))


def _needed(these: Alternative) -> Iterator[Literal]:
    met = [leaf for leaf, is_so in these if is_so and isinstance(leaf, Test) and leaf != _HAS_METHOD]
    names = {leaf.attribute.name for leaf in met}
    for leaf, is_so in these:
        if leaf == HAS_MTLS and is_so and Name.IDENTITY in names:
            continue
        if leaf == _HAS_METHOD and is_so and names & _OF_HTTP:
            continue
        if isinstance(leaf, Test) and leaf.attribute.name is Name.TOKEN and names & _OF_TOKEN:
            continue
        if isinstance(leaf, Test) and leaf.attribute.name not in _SEVERAL:
            others = [it for it in met if it != leaf and it.attribute == leaf.attribute]
            if any(_says(it, leaf) if is_so else _relation(it, leaf) == _APART for it in others):
                continue
        yield leaf, is_so


def _says(one: Test, other: Test) -> bool:
    """The first says the second too; of two that say the same, the first by its spelling does."""
    if _relation(one, other) != _INSIDE:
        return False
    return _relation(other, one) != _INSIDE or repr(one) < repr(other)


def _order(these: Alternative) -> tuple[int, str]:
    return len(these), repr(sorted(map(repr, these)))


def is_mtls(leaf: Leaf) -> bool:
    return leaf == HAS_MTLS or (isinstance(leaf, Test) and leaf.meets == frozenset({MTLS}))
