"""What a proxy lets in of one source: an alternative of conditions on whatever sender, as a region of its requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model.formulas import AtAddress, Leaf, Member, Name, Open, Role, Test
from analyzer.model.requests import MTLS, PLAINTEXT
from analyzer.records import dataclass
from analyzer.semantics.admitted import Alternative, is_mtls
from analyzer.semantics.formulas import does_meet
from analyzer.sets import AddressSet, TextSet, ValueSet
from analyzer.sets.strings import PRESENT, Pattern, exact
from analyzer.verdicts.regions import NO, YES, Attribute, Constraint, Constraints, Region
from analyzer.verdicts.request_texts import TEXTS


@dataclass(frozen=True, slots=True)
class Client:
    """A source as proxies see it.  `addresses`: all that its address may be.  `is_anybody`: it shows whatever identity
    it likes."""

    identity: str | None
    addresses: AddressSet
    is_anybody: bool = False


class _Impossible(Exception):  # noqa: N818 - no error: this source sends nothing such
    pass


def region_of(alternative: Alternative, client: Client) -> tuple[Constraints, bool] | None:
    """What is asked of the source's requests, and whether nothing that nobody knows may keep them out; None where it
    sends none such."""
    try:
        told = [it for leaf, is_so in alternative for it in _told(leaf, is_so, client)]
    except _Impossible:
        return None
    asked = tuple(it for it in told if isinstance(it, Constraint))
    modes = {it.within for it in asked if it.attribute is Attribute.TLS}
    if len(modes) > 1:
        return None
    return Region.of(dict.fromkeys(asked)).constraints, len(asked) == len(told)


def _told(leaf: Leaf, is_so: bool, client: Client) -> Iterator[Constraint | None]:
    """None: it hangs on what nobody knows."""
    match leaf:
        case Open():
            yield None
        case Member(_, AtAddress(addresses)):
            yield from _at(addresses, is_so, client)
        case Test() if is_mtls(leaf):
            has_identity = client.identity is not None or client.is_anybody
            if is_so and not has_identity:
                raise _Impossible
            if has_identity:
                yield _tls(MTLS if is_so else PLAINTEXT)
        case Test(attribute) if attribute.name is Name.IDENTITY and client.is_anybody:
            if is_so:
                yield _tls(MTLS)
            yield _asked(leaf, is_so)
        case Test(attribute, meets) if attribute.name is Name.IDENTITY:
            is_met = client.identity is not None and does_meet(client.identity, meets)
            if is_so and not is_met:
                raise _Impossible
            if is_met:
                yield _tls(MTLS if is_so else PLAINTEXT)
        case Test(attribute, AddressSet() as addresses) if attribute.key == "0":
            yield from _at(addresses, is_so, client)
        case Test():
            yield _asked(leaf, is_so)
        case _:
            yield None


def _at(addresses: AddressSet, is_so: bool, client: Client) -> Iterator[None]:
    inside, outside = bool(client.addresses & addresses), bool(client.addresses - addresses)
    if not (inside if is_so else outside):
        raise _Impossible
    if inside and outside:
        yield None


def _tls(mode: str) -> Constraint:
    return Constraint(Role.REQUEST, Attribute.TLS, ValueSet.of([mode]))


def _asked(test: Test, is_so: bool) -> Constraint | None:
    attribute, meets = test.attribute, test.meets
    if attribute.name is Name.METHOD and meets is None:
        return Constraint(Role.REQUEST, Attribute.HTTP, YES if is_so else NO)
    if attribute.name is Name.TOKEN:
        return Constraint(Role.REQUEST, Attribute.TOKEN, YES if is_so else NO)
    if isinstance(meets, AddressSet):
        return Constraint(Role.REQUEST, Attribute.REMOTE_IP, meets if is_so else ~meets)
    if attribute.name not in TEXTS:
        return None
    patterns = [PRESENT] if meets is None else [meets] if isinstance(meets, Pattern) else [*map(exact, sorted(meets))]
    texts = TextSet(tuple(((pattern, True),) for pattern in patterns))
    return Constraint(Role.REQUEST, TEXTS[attribute.name], texts if is_so else ~texts, attribute.key)


# ------------------------------------------------------------------------------------------------ together
Told = tuple[Constraints, bool]
_JOINED = (Attribute.PATH, Attribute.METHOD, Attribute.HOST, Attribute.HTTP, Attribute.TLS)


def together(regions: Iterable[Told]) -> tuple[Told, ...]:
    """The same requests in fewer regions: those that differ in what they ask of one attribute as one."""
    left = list(dict.fromkeys(regions))
    for attribute in _JOINED:
        found: dict[object, Told] = {}
        for constraints, is_certain in left:
            its = [it for it in constraints if it.attribute is attribute and _is_plain(it)]
            rest = tuple(it for it in constraints if it not in its)
            key: object = (rest, is_certain) if len(its) == 1 else (constraints, is_certain, "as it is")
            known = found.get(key)
            if known is None or len(its) != 1:
                found[key] = constraints, is_certain
                continue
            other = next(it for it in known[0] if it.attribute is attribute)
            found[key] = Region.of((*rest, *_joined(other, its[0]))).constraints, is_certain
        left = list(found.values())
    return tuple(left)


def _is_plain(it: Constraint) -> bool:
    return not isinstance(it.within, TextSet) or not (it.within.is_complement or it.within.has_absent)


def _joined(one: Constraint, other: Constraint) -> Iterator[Constraint]:
    """Nothing where every value is in one of them."""
    if isinstance(one.within, TextSet) and isinstance(other.within, TextSet):
        alternatives = dict.fromkeys((*one.within.alternatives, *other.within.alternatives))
        yield Constraint(one.role, one.attribute, TextSet(tuple(alternatives)), one.key)
    elif isinstance(one.within, ValueSet) and isinstance(other.within, ValueSet):
        values = one.within | other.within
        if len(values.values) < len((MTLS, PLAINTEXT)):
            yield Constraint(one.role, one.attribute, values, one.key)
