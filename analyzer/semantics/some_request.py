"""Whether a stage lets some request through: its tiers folded over formulas, and a search among the atoms of what is
left.

What is known of ends and port is put in first, so that what remains speaks of the request's attributes alone.  They are
taken to be independent, of which the request that is found is proof, once it is judged as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from analyzer.errors import UndecidedError
from analyzer.model.formulas import (
    FALSE,
    TRUE,
    Attribute,
    Formula,
    Leaf,
    Name,
    Role,
    Test,
    both,
    either,
    leaves,
    negated,
    with_leaves,
)
from analyzer.model.knobs import USUAL_ATOMS
from analyzer.model.mesh import MeshConfig, Normalization
from analyzer.model.pipeline import Entry, Stage, StagedRule, Tier
from analyzer.model.requests import ELSEWHERE, JOINED_HEADERS, MTLS, PLAINTEXT, Request, TokenState
from analyzer.records import dataclass
from analyzer.semantics.fold import Grants, Matches, Reach, Selected, Side, Span, ruling
from analyzer.semantics.formulas import Situation, does_meet, is_true
from analyzer.semantics.partitions import joined
from analyzer.semantics.requests import own_identity
from analyzer.semantics.whole_request import PSEUDO_HEADERS, Choice, request_of
from analyzer.sets import AddressSet
from analyzer.sets.pieces import pieces
from analyzer.sets.strings import (
    NON_EMPTY,
    PRESENT,
    Pattern,
    TooManyAtomsError,
    atoms,
    before_query,
    exact,
    prefix,
    regex,
)
from analyzer.sets.strings.paths import CLEAN

_MOST_STEPS = 20_000
_MOST_VALUES = 2_000
_SEVERAL = frozenset({Name.HEADER, Name.PARAMETER, Name.COOKIE, Name.CLAIM, Name.CLAIM_WORD})
_OF_TOKEN = frozenset({Name.TOKEN, Name.ISSUER, Name.SUBJECT, Name.TOKEN_PLACE, Name.CLAIM, Name.CLAIM_WORD})
_OF_HTTP = _OF_TOKEN | {Name.METHOD, Name.PATH, Name.HOST, Name.HEADER, Name.PARAMETER, Name.COOKIE}
_DNS = frozenset({Name.DNS})
_ALWAYS = frozenset({Name.METHOD, Name.PATH, Name.HOST, Name.REMOTE_IP, Name.IDENTITY})
_UNIVERSES = {Name.PATH: prefix("/"), Name.METHOD: NON_EMPTY, Name.HOST: NON_EMPTY, Name.SNI: NON_EMPTY}
_UNIVERSES |= {Name.DNS: NON_EMPTY}
_USUAL = {Name.METHOD: "GET", Name.PATH: "/", Name.HOST: "any.host", Name.DNS: "example.com"}


class TooManyRequestsError(UndecidedError):
    """More requests are to be told apart than anybody can go through."""

    def __init__(self) -> None:
        super().__init__("there are too many requests to tell apart")


@dataclass(frozen=True, slots=True)
class _Requests:
    """The requests of which a formula is true, as far as it says: a set of the fold."""

    that: Formula

    def __and__(self, other: _Requests) -> _Requests:
        return _Requests(both([self.that, other.that]))

    def __or__(self, other: _Requests) -> _Requests:
        return _Requests(either([self.that, other.that]))

    def __sub__(self, other: _Requests) -> _Requests:
        return _Requests(both([self.that, negated(other.that)]))

    def __bool__(self) -> bool:
        return self.that != FALSE


class _EveryRequest:
    """A world of one far end and all requests, every open fact settled."""

    everyone = 1
    full, empty = _Requests(TRUE), _Requests(FALSE)

    def __init__(self, about: Situation, read: Callable[[Formula, Situation], Formula]) -> None:
        """`read`: what is left to be said of a formula."""
        self.about, self.read = about, read

    def grants(self, rule: StagedRule) -> Grants:
        left = self.read(rule.when, self.about)
        return [] if left == FALSE else [(1, Span.sure(_Requests(left)))]

    def spares(self, spared: Formula) -> Grants:
        return [(1, Span.sure(_Requests(self.read(spared, self.about))))]

    def hit(self, tier: Tier, entry: Entry, rule: StagedRule | None, grants: Grants, reach: Reach) -> None:
        pass

    def tied(self, sides: Sequence[Side]) -> dict[Matches, int]:
        found = sides[0][1]
        for _, parts in sides[1:]:
            found = joined(found, parts, Matches.tied_with)
        return found


def passing_requests(selecting: Selected, about: Situation, read: Callable[[Formula, Situation], Formula]) -> Formula:
    """What is true of the requests that the stage lets through; `read`: what is left to be said of a formula."""
    ((span, _),) = ruling(selecting, _EveryRequest(about, read)).items()
    passing: Formula = span.may.that
    return passing


def some_request(
    stage: Stage,
    selecting: Selected,
    about: Situation,
    config: MeshConfig,
    settled: Mapping[Attribute, tuple[str, ...]] | None = None,
    *,
    admits_tokens: bool = True,
    most_atoms: int = USUAL_ATOMS,
    is_anybody: bool = False,
) -> Request | None:
    """A request that the stage lets through; None if there is none.  TooManyRequestsError.

    `settled`: what its attributes have to be.  `admits_tokens`: it may have a valid token though that is not settled.
    `is_anybody`: what is no pod may show any identity.
    """
    passing = passing_requests(selecting, about, reduced)
    found = requests_meeting(
        passing,
        about,
        config,
        settled or {},
        admits_tokens=admits_tokens,
        most_atoms=most_atoms,
        is_anybody=is_anybody,
    )
    return next(found, None)


def requests_meeting(
    passing: Formula,
    about: Situation,
    config: MeshConfig,
    settled: Mapping[Attribute, tuple[str, ...]],
    *,
    admits_tokens: bool,
    most_atoms: int,
    is_anybody: bool = False,
) -> Iterator[Request]:
    """For each sort of client a request that meets the formula, as `some_request`.  TooManyRequestsError."""
    is_clean = config.normalization is Normalization.CALICO
    search = _Search(most_atoms, identities=config.identities, is_clean=is_clean)
    settled = _in_every_spelling(settled)
    for client, absent in _clients(about, config, is_anybody=is_anybody):
        given = _settled(client, absent, settled, admits_tokens=admits_tokens)
        if given is None:
            continue
        left = _without(passing, absent)
        for attribute, values in given.items():
            left = _with(left, attribute, values)
        search.path = next(iter(settled.get(_PATH, ())), None)
        for found in search.solutions(left):
            shown = {_IDENTITY: (config.identity("default", "default"),)} if given[_TLS] == (MTLS,) else {}
            yield request_of({**shown, **given, **found}, is_http=Name.METHOD not in absent, is_clean=is_clean)
            break


_PATH = Attribute(Role.REQUEST, Name.PATH)
_TLS = Attribute(Role.REQUEST, Name.TLS)
_IDENTITY = Attribute(Role.REQUEST, Name.IDENTITY)
_SPELLINGS = {
    Attribute(Role.REQUEST, Name.METHOD): (Attribute(Role.REQUEST, Name.HEADER, ":method"),),
    Attribute(Role.REQUEST, Name.HOST): tuple(
        Attribute(Role.REQUEST, Name.HEADER, key) for key in (":authority", "host")
    ),
}


def _in_every_spelling(settled: Mapping[Attribute, tuple[str, ...]]) -> dict[Attribute, tuple[str, ...]]:
    """What is settled of a method and of a host is so wherever rules find them."""
    more = {other: settled[one] for one, others in _SPELLINGS.items() if one in settled for other in others}
    return {**settled, **more}


def tells_apart(denied: Formula, allowed: Formula, most_atoms: int, *, has_identity: bool) -> bool:
    """Whether some client's request makes the one false and the other true; they speak of requests alone.
    TooManyRequestsError."""
    search, between = _Search(most_atoms), both([negated(denied), allowed])
    tls, token = Attribute(Role.REQUEST, Name.TLS), Attribute(Role.REQUEST, Name.TOKEN)
    for mode in (PLAINTEXT, MTLS) if has_identity else (PLAINTEXT,):
        of_mode = _with(between, tls, (mode,))
        if mode == PLAINTEXT:
            of_mode = _with(of_mode, _IDENTITY, ())
        forms = ((_OF_HTTP | _DNS, ()), (_OF_TOKEN | _DNS, ()), (_DNS, (TokenState.VALID.value,)))
        more = ((_OF_HTTP | {Name.SNI}, ()),) if mode == PLAINTEXT else ()
        for absent, held in (*forms, *more):
            left = _with(_without(of_mode, absent), token, held)
            if next(iter(search.solutions(left)), None) is not None:
                return True
    return False


def _settled(
    client: Choice, absent: frozenset[Name], settled: Mapping[Attribute, tuple[str, ...]], *, admits_tokens: bool
) -> Choice | None:
    """What the client asks for, with what is settled; None if it does not ask for that."""
    token = Attribute(Role.REQUEST, Name.TOKEN)
    is_of_tokens = any(attribute.name in _OF_TOKEN for attribute in settled)
    if token in client and not admits_tokens and not is_of_tokens:
        return None
    for attribute, texts in settled.items():
        if attribute in client and client[attribute] != texts:
            return None
        if texts and attribute.name in absent:
            return None
        if not texts and attribute == _IDENTITY and client[_TLS] == (MTLS,):
            return None
        if not texts and attribute.name in _OF_EVERY_REQUEST and attribute.name not in absent:
            return None
    return {**client, **settled}


_OF_EVERY_REQUEST = frozenset({Name.METHOD, Name.PATH, Name.HOST})


def reduced(formula: Formula, about: Situation) -> Formula:
    """What is left to be said of the request."""

    def known(leaf: Leaf) -> Formula:
        if isinstance(leaf, Test) and leaf.attribute.role is Role.REQUEST:
            return leaf
        return TRUE if is_true(leaf, about) else FALSE

    return with_leaves(formula, known)


def _with(formula: Formula, attribute: Attribute, values: tuple[str, ...]) -> Formula:
    """What is left once the attribute has these values."""

    def known(leaf: Leaf) -> Formula:
        if not isinstance(leaf, Test) or leaf.attribute != attribute:
            return leaf
        return TRUE if any(does_meet(value, leaf.meets) for value in values) else FALSE

    return with_leaves(formula, known)


def _without(formula: Formula, names: frozenset[Name]) -> Formula:
    """What is left once no attribute of these names is there."""
    for attribute in {leaf.attribute for leaf in leaves(formula) if isinstance(leaf, Test)}:
        if attribute.name in names:
            formula = _with(formula, attribute, ())
    return formula


def _clients(about: Situation, config: MeshConfig, *, is_anybody: bool) -> Iterator[tuple[Choice, frozenset[Name]]]:
    """Who may ask, and what then is absent: with HTTP, without a token and with a valid one, with other bytes, or a
    question to DNS; in plaintext, and with its own identity where it has one.  Nobody asks for what the proxy refuses.
    `is_anybody`: what is no pod shows any identity."""
    src = about.ends.get(Role.SRC)
    own = own_identity(src, config)

    def of(name: Name, key: str = "") -> Attribute:
        return Attribute(Role.REQUEST, name, key)

    fixed: Choice = {of(Name.ASKED): ("",), of(Name.FAULT): (), of(Name.HEADER, ":scheme"): ("http",)}
    address = getattr(src, "ip", None)
    if address is not None:
        fixed[of(Name.REMOTE_IP, "0")] = (str(address),)
    valid: Choice = {of(Name.TOKEN): (TokenState.VALID.value,)}
    kinds: tuple[tuple[Choice, frozenset[Name]], ...] = (
        ({}, _OF_TOKEN | _DNS),
        (valid, _DNS),
        ({}, _OF_HTTP | _DNS),
        ({}, _OF_HTTP | {Name.SNI}),
    )
    for kind, absent in kinds:
        yield {**fixed, **kind, of(Name.TLS): (PLAINTEXT,), of(Name.IDENTITY): ()}, absent
        if Name.DNS not in absent:
            continue
        if own is not None:
            yield {**fixed, **kind, of(Name.TLS): (MTLS,), of(Name.IDENTITY): (own,)}, absent
        elif is_anybody:
            yield {**fixed, **kind, of(Name.TLS): (MTLS,)}, absent


# ------------------------------------------------------------------------------------------------ the search
class _Search:
    def __init__(self, most_atoms: int, identities: str = MeshConfig().identities, *, is_clean: bool = False) -> None:
        """`identities`: an expression for all that there are.  `is_clean`: paths are as Calico's proxy has them."""
        self.steps, self.most_atoms = 0, most_atoms
        self.universes = {**_UNIVERSES, Name.IDENTITY: regex(identities)}
        if is_clean:
            self.universes[Name.PATH] = regex(CLEAN)
        self.path: str | None = None  # that the request is for, whatever query stands behind it
        self.domains: dict[Attribute, list[tuple[str, ...]]] = {}

    def solutions(self, formula: Formula) -> Iterator[Choice]:
        """Attributes with values that make it true."""
        if formula == TRUE:
            yield {}
            return
        if formula == FALSE:
            return
        attribute = next(leaf.attribute for leaf in leaves(formula) if isinstance(leaf, Test))
        tried: set[Formula] = set()
        for values in self._domain(attribute, formula):
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise TooManyRequestsError
            left = _with(formula, attribute, values)
            if left in tried:
                continue
            tried.add(left)
            for rest in self.solutions(left):
                yield {attribute: values, **rest}

    def _domain(self, attribute: Attribute, formula: Formula) -> list[tuple[str, ...]]:
        """Every way in which its values can meet the tests; of several at once as many as there are tests."""
        tests = {leaf.meets for leaf in leaves(formula) if isinstance(leaf, Test) and leaf.attribute == attribute}
        single = _values(attribute, tests, self.path, self.most_atoms, self.universes)
        is_there = attribute.name in _ALWAYS or attribute.key in PSEUDO_HEADERS
        found: list[tuple[str, ...]] = [] if is_there else [()]
        found = [*((value,) for value in single), *found]
        if attribute.name in _SEVERAL and attribute.key not in JOINED_HEADERS and not is_there:
            for count in range(2, len(tests) + 1):
                found += combinations(single, count)
                if len(found) > _MOST_VALUES:
                    raise TooManyRequestsError
        return found


def _values(
    attribute: Attribute,
    tests: set[frozenset[str] | Pattern | AddressSet | None],
    path: str | None,
    most_atoms: int,
    universes: Mapping[Name, Pattern],
) -> list[str]:
    """A value for each way to meet them, what people usually ask for first."""
    if attribute.name is Name.TOKEN_PLACE:
        return [ELSEWHERE]
    if attribute.name is Name.REMOTE_IP:
        return _addresses([each for each in tests if isinstance(each, AddressSet)])
    patterns = {each for each in tests if isinstance(each, Pattern)}
    patterns |= {exact(text) for each in tests if isinstance(each, frozenset) for text in each}
    known = universes.get(attribute.name, PRESENT)
    if attribute.key == ":path":
        known = before_query(exact(path)) if path is not None else _UNIVERSES[Name.PATH]
    try:
        found = atoms({*patterns, known}, most_atoms)
    except TooManyAtomsError as error:
        raise TooManyRequestsError from error
    texts = [atom.witness for atom in found.atoms if atom.witness is not None]
    usual = _USUAL.get(attribute.name)
    texts = [usual, *texts] if usual is not None else texts
    return [text for text in dict.fromkeys(texts) if known.matches(text)]


def _addresses(sets: list[AddressSet]) -> list[str]:
    """An address of each part that the sets make of all."""
    return [str(part.some()) for part in pieces(AddressSet.FULL, sets)]
