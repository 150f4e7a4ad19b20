"""Finite domains for what a client asks for: exact, because only how a text meets the patterns that are mentioned can
change an answer (design 3, istio.md 10).

A sort of texts is an atom of the patterns, with a witness that a client can send where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from analyzer.encoding.request_rows import TARGET, RequestDomain, RequestDomains, is_without_row, row_of
from analyzer.errors import InternalError
from analyzer.model.formulas import Attribute, Formula, Name, Role, Test, leaves_once
from analyzer.model.knobs import USUAL_ATOMS
from analyzer.model.mesh import MeshConfig, Normalization
from analyzer.model.requests import ELSEWHERE
from analyzer.sets import AddressSet
from analyzer.sets.pieces import pieces
from analyzer.sets.strings import (
    NON_EMPTY,
    PRESENT,
    Form,
    Pattern,
    TooManyAtomsError,
    UntranslatableError,
    atoms,
    before_query,
    exact,
    prefix,
    regex,
    texts_within,
)
from analyzer.sets.strings.closed_form import is_closed
from analyzer.sets.strings.paths import CLEAN
from analyzer.sets.strings.patterns import SIMPLE

_USUAL = {Name.METHOD: ("GET",), Name.PATH: ("/",), Name.HOST: ("any.host",), Name.DNS: ("example.com",)}


# ------------------------------------------------------------------------------------------------ what is mentioned
def request_domains(
    formulas: Iterable[Formula],
    config: MeshConfig,
    issuers: frozenset[str] | None,
    limit: int = USUAL_ATOMS,
    *,
    with_identities: bool = False,
) -> RequestDomains:
    """The rows for all that the formulas ask of requests.  `issuers`: whose tokens there are; None: anybody's.
    `with_identities`: some clients choose the one that they show.

    TooManyAtomsError, UntranslatableError.
    """
    tests: dict[Attribute, dict[Test, None]] = {}
    for leaf in leaves_once(formulas):
        if isinstance(leaf, Test) and leaf.attribute.role is Role.REQUEST:
            tests.setdefault(leaf.attribute, {})[leaf] = None
    by_row: dict[Attribute, list[Test]] = {}
    for attribute, asked in tests.items():
        if not is_without_row(attribute) or (with_identities and attribute.name is Name.IDENTITY):
            by_row.setdefault(row_of(attribute), []).extend(asked)
    rows = [_row(attribute, by_row[attribute], config, issuers, limit) for attribute in sorted(by_row, key=_order)]
    return RequestDomains(tuple(rows), (*_hanging_together(tests), *_odd(rows, config)))


def _order(attribute: Attribute) -> tuple[str, str]:
    return attribute.name.value, attribute.key


def _row(
    attribute: Attribute, asked: Sequence[Test], config: MeshConfig, issuers: frozenset[str] | None, limit: int
) -> RequestDomain:
    name = attribute.name
    if name is Name.REMOTE_IP:
        sets = [test.meets for test in asked if isinstance(test.meets, AddressSet)]
        parts = tuple(pieces(AddressSet.FULL, sets))
        return RequestDomain(attribute, tuple(str(part.some()) for part in parts), sets=parts)
    if name is Name.TOKEN_PLACE:
        return RequestDomain(attribute, (ELSEWHERE,))
    is_target = any(test.attribute == TARGET for test in asked)
    if is_target and config.normalization is Normalization.CALICO:
        raise UntranslatableError("a path with its query, of which Calico's proxy looks at the path alone")
    patterns = tuple(dict.fromkeys(p for test in asked for p in _patterns(test, is_target=is_target)))
    if name is Name.ISSUER and issuers is not None:
        return RequestDomain(attribute, tuple(sorted(issuers)), patterns)
    possible, plain = _texts(name, config, is_target=is_target)
    try:
        found = _found(patterns, tuple(possible), tuple(plain), _USUAL.get(name, ()), limit)
    except TooManyAtomsError as error:
        written = tuple(dict.fromkeys(p for test in asked for p in _plain_patterns(test)))
        raise error.of(f"the request's {name.value}", written) from error
    is_clean = name is Name.PATH and config.normalization is Normalization.CALICO
    return RequestDomain(attribute, tuple(found), patterns, is_target=is_target, is_clean=is_clean)


def _patterns(test: Test, *, is_target: bool) -> Iterable[Pattern]:
    if is_target and test.attribute.name is Name.PATH:
        return map(before_query, _plain_patterns(test))
    if (test.attribute.name, test.attribute.key) == (Name.HOST, "name"):
        return (_of_name(p) for p in _plain_patterns(test))
    return _plain_patterns(test)


def _plain_patterns(test: Test) -> Iterable[Pattern]:
    match test.meets:
        case None:
            return ()
        case frozenset() as texts:
            return (exact(text) for text in sorted(texts))
        case Pattern() as pattern:
            return (pattern,)
        case _:
            raise InternalError(f"{test} asks for addresses")


def _of_name(pattern: Pattern) -> Pattern:
    """The hosts whose name, without a port and in small letters, the pattern matches."""
    quoted = "".join(char if char.isalnum() else f"\\{char}" for char in pattern.text)
    match pattern.form:
        case Form.EXACT:
            return regex(f"(?i){quoted}(:[0-9]+)?")
        case Form.SUFFIX:
            return regex(f"(?i)(?s:.*){quoted}(:[0-9]+)?")
        case Form.PRESENT:
            return pattern
        case _:
            raise UntranslatableError(f"a name of a host that {pattern}")


Settled = tuple[tuple[Pattern, bool], ...]
Signs = list[tuple[Pattern, bool]]
"""Patterns with whether a text is to match them."""


def _has(text: str, signs: Signs) -> bool:
    return all(pattern.matches(text) is wanted for pattern, wanted in signs)


@lru_cache(maxsize=256)
def _found(
    patterns: tuple[Pattern, ...], possible: Settled, plain: Settled, usual: tuple[str, ...], limit: int
) -> tuple[str, ...]:
    """`witnesses`; many questions about a cluster ask for the same."""
    return tuple(witnesses(patterns, list(possible), list(plain), usual, limit))


def witnesses(
    patterns: Sequence[Pattern],
    possible: Signs,
    plain: Signs,
    usual: Sequence[str],
    limit: int,
) -> Iterable[str]:
    """For each way in which a possible text meets the patterns one that does, of those that are plain if some is."""

    def is_plain(text: str) -> bool:
        return _has(text, plain)

    found: dict[tuple[bool, ...], str] = {}

    def keep(texts: Iterable[str | None]) -> None:
        for text in texts:
            if text is not None and _has(text, possible):
                sort = tuple(pattern.matches(text) for pattern in patterns)
                if sort not in found or (is_plain(text) and not is_plain(found[sort])):
                    found[sort] = text

    keep(usual)
    without_search = _without_search(patterns, possible, plain, limit)
    if without_search is not None:
        keep(without_search)
        return found.values()
    bounds = {pattern for pattern, _ in possible}
    lasting = [(pattern, wanted) for pattern, wanted in possible if pattern in _LASTING]
    if lasting:
        keep(texts_within({*patterns, *bounds}, lasting, limit))
    else:
        keep(atom.witness for atom in atoms({*patterns, *bounds}, limit).atoms)
    if not all(map(is_plain, found.values())):
        within = [*lasting, *(sign for sign in plain if sign in _KEPT_FROM_THE_START)]
        keep(texts_within({*patterns, *bounds, *(pattern for pattern, _ in plain)}, within, limit))
    return found.values()


def _without_search(patterns: Sequence[Pattern], possible: Signs, plain: Signs, limit: int) -> list[str] | None:
    """The same of words, beginnings and ends alone, where each way in which any text at all meets them is that of a
    text which is plain; None where that is not so."""
    simple = [(pattern, wanted) for pattern, wanted in possible if pattern.form in SIMPLE]
    others = [(pattern, wanted) for pattern, wanted in possible if pattern.form not in SIMPLE]
    if not _has("", others):
        simple.append((NON_EMPTY, True))
    settled = tuple({*patterns, *(pattern for pattern, _ in simple)})
    if not is_closed(settled):
        return None
    try:
        texts = [atom.witness for atom in atoms(settled, limit).atoms]
    except TooManyAtomsError:  # of possible texts there may be fewer
        return None
    found = [text for text in texts if text is not None and _has(text, simple)]
    return found if all(_has(text, [*others, *plain]) for text in found) else None


# ------------------------------------------------------------------------------------------------ which texts can be
_TOKEN = regex("[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ANY_VALUE = regex(r"([^\x00-\x20\x7f]([^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?")
_WORD = regex(r"[^ ]*")
_ASCII = regex("[ -~]*")
_AUTHORITY = regex(r"[A-Za-z0-9\-._~%!$&'()*+,;=:@\[\]]+")
_HOST = regex(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_NAME = regex("[A-Za-z0-9_.-]+")
_DOMAIN = regex(r"[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*")
_SMALL = regex(r"[^A-Z]+")
# What no path holds once it is normalized, each with how far paths have to be (istio.md 5.11).
_IN_A_PATH = regex(r"/[!$%&'()*+,\-./0-9:;=@A-Z\[\]_a-z~]*")
_DOTS = regex(r"(?s:.*)/\.{1,2}(/(?s:.*))?")
_DOTS_WITH_MORE = regex(r"(?s:.*)/(\.|%2[eE]){1,2}(;[^/]*)?(/(?s:.*))?")
_ESCAPED = regex(r"(?s:.*)%(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE]|00)(?s:.*)")
_CLEAN = regex(CLEAN)
_STILL_ESCAPED = regex("(?s:.*)%(2[eEfF]|5[cC])(?s:.*)")
_SLASHES = regex("(?s:.*)//(?s:.*)")
_ESCAPED_SLASHES = regex("(?s:.*)%(2[fF]|5[cC])(?s:.*)")
# The same of paths with the queries behind them, where any text may stand.
_IN_A_TARGET = regex(rf"{_IN_A_PATH.text}(\?[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]*)?")
_TARGET_TEXT = regex(rf"{_IN_A_PATH.text}(\?[^#\x00-\x1f\x7f]*)?")
"""No path that is normalized holds anything else, and no query that is sent."""
_TARGET_DOTS = regex(r"[^?]*/\.{1,2}(/[^?]*)?(\?(?s:.*))?")
_TARGET_DOTS_WITH_MORE = regex(r"[^?]*/(\.|%2[eE]){1,2}(;[^/?]*)?(/[^?]*)?(\?(?s:.*))?")
_TARGET_ESCAPED = regex(r"[^?]*%(2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[fF]|7[eE]|00)(?s:.*)")
_TARGET_SLASHES = regex("[^?]*//(?s:.*)")
_TARGET_ESCAPED_SLASHES = regex("[^?]*%(2[fF]|5[cC])(?s:.*)")
_OF_TARGETS = {
    _IN_A_PATH: _IN_A_TARGET,
    _DOTS: _TARGET_DOTS,
    _DOTS_WITH_MORE: _TARGET_DOTS_WITH_MORE,
    _ESCAPED: _TARGET_ESCAPED,
    _SLASHES: _TARGET_SLASHES,
    _ESCAPED_SLASHES: _TARGET_ESCAPED_SLASHES,
}
_OF_PATHS = frozenset({_ESCAPED, _SLASHES, _ESCAPED_SLASHES})
_LASTING = _OF_PATHS | {_OF_TARGETS[pattern] for pattern in _OF_PATHS}
"""Those that match all that goes on from what they match."""
_KEPT_FROM_THE_START = frozenset({(_IN_A_PATH, True), (_IN_A_TARGET, True)})


def _texts(name: Name, config: MeshConfig, *, is_target: bool) -> tuple[Signs, Signs]:
    """What a client can put there, or more; and what it can for sure."""
    if is_target:
        possible, plain = (
            [(_OF_TARGETS.get(pattern, pattern), wanted) for pattern, wanted in signs]
            for signs in _texts(name, config, is_target=False)
        )
        return possible if config.normalization is Normalization.NONE else [(_TARGET_TEXT, True), *possible], plain
    match name:
        case Name.METHOD:
            return [(_TOKEN, True), (exact("CONNECT"), False)], []
        case Name.PATH if config.normalization is Normalization.CALICO:
            signs = ((_CLEAN, True), (_DOTS, False), (_STILL_ESCAPED, False))
            return list(signs), [(_IN_A_PATH, True)]
        case Name.PATH:
            return [(prefix("/"), True), *_bounds_of_paths(config)], _plain_paths(config)
        case Name.HOST:
            return [(_AUTHORITY, True)], []
        case Name.IDENTITY:
            return [(regex(config.identities), True)], []
        case Name.SNI:
            return [(_SMALL, True)], [(_NAME, True)]
        case Name.HEADER | Name.COOKIE:
            return [(_ANY_VALUE, True)], [(_ASCII, True)]
        case Name.DNS:
            return [(NON_EMPTY, True)], [(_DOMAIN, True)]
        case Name.PARAMETER:
            return [(NON_EMPTY, True)], [(_NAME, True)]
        case Name.CLAIM_WORD:
            return [(_WORD, True)], [(_ASCII, True)]
        case _:
            return [(PRESENT, True)], [(_ASCII, True)]


def _bounds_of_paths(config: MeshConfig) -> Signs:
    found: Signs = [] if config.normalization is Normalization.NONE else [(_DOTS, False), (_ESCAPED, False)]
    if config.normalization in (Normalization.MERGE_SLASHES, Normalization.DECODE_AND_MERGE_SLASHES):
        found.append((_SLASHES, False))
    if config.normalization is Normalization.DECODE_AND_MERGE_SLASHES:
        found.append((_ESCAPED_SLASHES, False))
    return found


def _plain_paths(config: MeshConfig) -> Signs:
    found = [(_IN_A_PATH, True)]
    return found if config.normalization is Normalization.NONE else [*found, (_DOTS_WITH_MORE, False)]


# ------------------------------------------------------------------------------------------------ what hangs together
_TOGETHER = (
    ((Name.HEADER, ":path"), Name.PARAMETER),
    ((Name.HEADER, "cookie"), Name.COOKIE),
    ((Name.HEADER, "x-forwarded-for"), Name.REMOTE_IP),
    ((Name.CLAIM_WORD, "iss"), Name.ISSUER),
    ((Name.CLAIM_WORD, "sub"), Name.SUBJECT),
)


def _hanging_together(tests: Mapping[Attribute, object]) -> Iterable[str]:
    there = {(a.name, a.key) for a in tests} | {(row_of(a).name, row_of(a).key) for a in tests}
    names: dict[Name, set[str]] = {}
    for its, key in there:
        names.setdefault(its, set()).add(key)
    for one, name in _TOGETHER:
        if one in there and name in names:
            yield f"`{one[0].value}[{one[1]}]` and the request's {name.value}"
    if {"", "1"} <= names.get(Name.REMOTE_IP, set()):
        yield "the addresses that X-Forwarded-For names"
    for key in sorted(names.get(Name.CLAIM, set()) & names.get(Name.CLAIM_WORD, set())):
        yield f"the claim `{key}` and the words of its text"
    if (Name.HEADER, "cookie") in there:
        yield "cookies, which are put together by HTTP/2"


def _odd(rows: Iterable[RequestDomain], config: MeshConfig) -> Iterable[str]:
    """What is asked for in a spelling that clients may not be able to send."""
    for row in rows:
        if row.sets or row.attribute.name is Name.ISSUER:
            continue
        _, plain = _texts(row.attribute.name, config, is_target=row.is_target)
        odd = next((text for text in row.witnesses if not _has(text, plain)), None)
        if odd is not None:
            yield f"the {row.attribute.name.value} {odd!r} is one that a client may not be able to send"
