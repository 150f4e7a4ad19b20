"""One rule of a security group, however it is told (aws.md S5 to S7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from analyzer.manifests.kinds.cidrs import parse_cidr
from analyzer.manifests.text.section import Section
from analyzer.model.aws import GroupRule
from analyzer.model.policies import Direction
from analyzer.records import dataclass
from analyzer.sets import AddressSet
from analyzer.sets.addresses import IPAddress

RuleSource = GroupRule
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
_WITH_PORTS, _ICMP = (6, 17), (1, 58)
_ALL = ("-1", "all")
WHOLE = "give the output without `--query`"


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a rule names; `written`: its ranges as they stand there.  `problems`: how many were noted before it was
    read: what is wrong is told once.  `accounts`: those of its groups that are of another account, with that."""

    addresses: AddressSet
    lists: Sequence[str]
    groups: Sequence[str]
    problems: int
    written: Sequence[str] = ()
    accounts: Sequence[tuple[str, str]] = ()


def read_rule(
    section: Section,
    direction: Direction,
    index: int,
    keys: tuple[str, str, str],
    peers: Named,
    name: str = "",
) -> GroupRule | None:
    """`keys`: what the protocol, and the first and the last port, are called here; None if something is wrong."""
    protocol = _protocol(section, keys[0])
    if protocol == "wrong":
        return None
    assert not isinstance(protocol, str)
    low = section.integer(keys[1], -1, 65535)
    high = section.integer(keys[2], -1, 65535)
    if protocol in _WITH_PORTS and low is not None and high is not None and low > high:
        section.problem(keys[1], f"is `{low}`, but must not be more than `{keys[2]}`, which is `{high}`")
        return None
    if protocol not in (*_WITH_PORTS, *_ICMP):
        low = high = None  # every port, whatever is written (S6)
    low, high = (None if number == -1 else number for number in (low, high))
    if not peers.addresses and not peers.lists and not peers.groups:
        if len(section.log.problems) == peers.problems:
            message = f"`{section.path}` names nobody: no range, prefix list or group"
            section.log.problem(section.place(), message, WHOLE)
        return None
    return GroupRule(
        direction,
        protocol,
        low,
        high,
        peers.addresses,
        tuple(sorted(set(peers.lists))),
        tuple(sorted(set(peers.groups))),
        index,
        section.source,
        name,
        written=tuple(dict.fromkeys(peers.written)),
        accounts=tuple(dict.fromkeys(peers.accounts)),
    )


def _protocol(section: Section, key: str) -> int | str | None:
    """Its number; None for every one."""
    value = section.data.get(key)
    if value is None:
        section.log.problem(section.place(), f"`{section.field(key)}` is missing", WHOLE)
        return "wrong"
    text = str(value).lower() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if text in _ALL:
        return None
    if text in PROTOCOLS:
        return PROTOCOLS[text]
    if text.isdecimal() and text.isascii() and len(text) <= 3 and int(text) <= 255:
        return int(text)
    hint = "it is `tcp`, `udp`, `icmp`, `icmpv6`, `-1`, or a number"
    section.problem(key, f"is `{value}`, which is no protocol of a security group", hint)
    return "wrong"


def addresses_in(section: Section, *lists: tuple[str, str], text: str = "") -> AddressSet:
    """The ranges of lists of mappings, each by its key and theirs, and the one of `text`."""
    found = AddressSet.EMPTY
    written = [(section, "", text)] if text else []
    for key, inner in lists:
        written += [(item, inner, item.text(inner) or "") for item in _with(section, key, inner)]
    for place, key, cidr in written:
        try:
            found |= AddressSet.of(parse_cidr(cidr).network)
        except ValueError as error:
            name = place.field(key) if key else place.path
            hint = "a CIDR looks like `10.0.0.0/8` or `2001:db8::/32`"
            place.log.problem(place.place(key), f"`{name}` is `{cidr}`, {error}", hint)
    return found


def texts_in(section: Section, *lists: tuple[str, str]) -> tuple[str, ...]:
    """The ranges of such lists as they are written."""
    return tuple(text for key, inner in lists for item in section.sections(key) if (text := item.text(inner)))


def resolver_of(primary: str | None) -> IPAddress | None:
    """Where the DNS of a VPC answers that has this primary range (S8)."""
    try:
        return parse_cidr(primary).network.network_address + 2 if primary else None
    except ValueError:
        return None


def ids_in(section: Section, key: str, inner: str) -> tuple[str, ...]:
    """The ids of a list of mappings, each once."""
    found = (item.text(inner) for item in _with(section, key, inner))
    return tuple(dict.fromkeys(own_id(text) for text in found if text))


def own_id(group: str) -> str:
    """The group's id: of one of another owner `ACCOUNT/ID` may be written."""
    return group.rpartition("/")[2]


def accounts_of(groups: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Of those that are written with their account, the id and the account."""
    return tuple((own_id(group), group.rpartition("/")[0]) for group in groups if "/" in group)


def _with(section: Section, key: str, inner: str) -> Iterator[Section]:
    """The mappings of a list; one without the field would say nothing."""
    for item in section.sections(key):
        if item.has(inner):
            yield item
        else:
            item.log.problem(item.place(), f"`{item.field(inner)}` is missing", WHOLE)
