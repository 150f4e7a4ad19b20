"""The terms of one end of a connection, and what it can be (the universe)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from analyzer.encoding.assertion_names import AssertionNames
from analyzer.encoding.classes import ANYWHERE, EndClass, keeps_off_nodes, mentioned_values
from analyzer.encoding.domains import ABSENT, ACCOUNT_NAME, Attr, Domain
from analyzer.encoding.namespaces import Standing
from analyzer.encoding.open_ends import supposed_fact, unknown_label
from analyzer.encoding.reach import EXTERNAL, HOST, POD
from analyzer.encoding.scope import Scope
from analyzer.encoding.sights import TUNNEL
from analyzer.encoding.terms import (
    FALSE,
    TRUE,
    Script,
    Term,
    conj,
    disj,
    equal,
    iff,
    implies,
    neg,
    number,
    pick,
    within,
)
from analyzer.encoding.variables import ADDRESSES, KINDS, Attribute, VariableBuilder, Which
from analyzer.encoding.vocabulary import PortName
from analyzer.model.added_labels import Varying
from analyzer.model.claims import Universe
from analyzer.model.formulas import FALSE as NEVER
from analyzer.model.formulas import Role
from analyzer.sets import AddressSet, PortSet
from analyzer.sets.intervals import points

_ACCOUNT = re.compile(ACCOUNT_NAME)


class EndTerms:
    """Builds terms over one end."""

    def __init__(
        self,
        role: Role,
        scope: Scope,
        classes: tuple[EndClass, ...],
        variables: VariableBuilder,
        script: Script,
        assertions: AssertionNames,
    ) -> None:
        self.role, self.scope, self.variables, self.script, self.assertions = role, scope, variables, script, assertions
        self.reach = scope.reach(role)
        self.namespaces = self.reach.namespaces
        self.every_class = classes
        self.classes = tuple((i + 1, c) for i, c in enumerate(classes) if self._can_be(c))
        self.pod, self.host = (self._kind(*it) for it in zip((POD, HOST), KINDS, strict=True))
        self.external = conj([neg(self.pod), neg(self.host)]) if EXTERNAL in self.reach.kinds else FALSE
        namespace = variables.row(role, Attribute.NAMESPACE)
        self.ns, self.ns_width = namespace.symbol, namespace.width
        if self.classes:
            variables.row(role, Attribute.MEMBER)
        self._members: dict[frozenset[int], Term] = {}
        self._inside: dict[AddressSet, Term] = {}
        self._addresses: dict[int, Term] = {}
        self._known_labels: dict[Attr, Term] = {}
        self.host_network = self.is_class(i for i, c in self.classes if c.host_network)
        self.on_host = disj([self.host, self.host_network])
        self.plain_pod = conj([self.pod, neg(self.host_network)])

    def _can_be(self, c: EndClass) -> bool:
        is_near = c.kind == HOST or c.namespace in self.namespaces or c.namespace == ANYWHERE
        return c.kind in self.reach.kinds and is_near

    def _kind(self, kind: str, attribute: Attribute) -> Term:
        if kind not in self.reach.kinds:
            return FALSE
        return TRUE if self.reach.kinds == {kind} else self._symbol(attribute)

    def _symbol(self, attribute: Attribute, which: Which = "") -> Term:
        return self.variables.symbol(self.role, attribute, which)

    # -------------------------------------------------------------------------------------------- atoms
    def is_class(self, codes: Iterable[int]) -> Term:
        chosen = tuple(codes)
        if not chosen:
            return FALSE
        member = self.variables.row(self.role, Attribute.MEMBER)
        return disj(equal(member.symbol, number(code, member.width)) for code in chosen)

    def in_namespaces(self, codes: Iterable[int]) -> Term:
        """Its namespace is one of `codes`; false for an end that is no pod."""
        chosen = frozenset(codes) & self.namespaces
        found = self._members.get(chosen)
        if found is None:
            rest = self.namespaces - chosen
            self.variables.tell(self.role, Attribute.NAMESPACE, points(rest if len(rest) < len(chosen) else chosen))
            one = [equal(self.ns, number(c, self.ns_width)) for c in sorted(chosen)]
            if not rest:
                found = self.pod
            elif len(rest) < len(chosen):
                found = conj([self.pod, neg(disj(equal(self.ns, number(c, self.ns_width)) for c in sorted(rest)))])
            else:
                found = disj(one)
            found = self._members[chosen] = self.script.share(found)
        return found

    def domain(self, attr: Attr) -> Domain:
        return self.scope.domains[attr]

    def _label_symbol(self, attr: Attr) -> Term:
        return self._symbol(Attribute.LABEL, attr.key)

    def label(self, attr: Attr) -> Term:
        """The label's value: its symbol's, but for the classes of which nobody knows it."""
        found = self._known_labels.get(attr)
        if found is None:
            found, domain = self._label_symbol(attr), self.domain(attr)
            hidden: dict[tuple[str, Varying], list[int]] = {}
            for i, c in self.classes:
                for varying in c.unknown:
                    if attr.key in varying.all_keys:
                        hidden.setdefault((c.owner, varying), []).append(i)
            for (owner, varying), codes in hidden.items():
                value = self._unknown_label(attr, owner, varying)
                found = self.script.share(pick(self.is_class(codes), value, found), domain.width)
            self._known_labels[attr] = found
        return found

    def has_unknown_label(self, keys: Collection[str]) -> Term:
        """Nobody knows which value one of these labels of it has."""
        return self.is_class(i for i, c in self.classes if any(key in keys for v in c.unknown for key in v.all_keys))

    def _unknown_label(self, attr: Attr, owner: str, varying: Varying) -> Term:
        """Which of the values mentioned that the pattern admits it is, or another, is open."""
        domain = self.domain(attr)
        mentioned, compared = mentioned_values(self.scope)
        options = varying.options(mentioned, 0 if any(key in compared for key in varying.all_keys) else 1)
        values = [dict(option.labels).get(attr.key) for option in options]
        found = number(domain.code(values[-1]), domain.width)
        for option, value in reversed(list(zip(options[:-1], values[:-1], strict=True))):
            is_so = self.assertions.open(unknown_label(owner, varying, option, self.role))
            found = pick(is_so, number(domain.code(value), domain.width), found)
        return found

    def service_account(self) -> Term:
        return self._symbol(Attribute.ACCOUNT)

    def namespace_label(self, attr: Attr, standing: Standing) -> Term:
        """The label's symbol for a namespace that exists, or for one not created yet."""
        is_new = standing is Standing.FUTURE
        return self._symbol(Attribute.NEW_NAMESPACE_LABEL if is_new else Attribute.NAMESPACE_LABEL, attr.key)

    def name_value(self) -> Term:
        """The namespace's name as a value of the domain it is compared in."""
        return self._symbol(Attribute.NAMESPACE_NAME)

    def value(self, attr: Attr) -> Term:
        """The value of the attribute, absent where the end is no pod."""
        match attr.kind:
            case "pod":
                found = self.label(attr)
            case "sa":
                found = self.service_account()
            case "ns":
                is_new = self.in_namespaces(self.scope.table.of(Standing.FUTURE))
                there, later = (self.namespace_label(attr, it) for it in (Standing.KNOWN, Standing.FUTURE))
                found = pick(is_new, later, there)
            case _:
                found = self.name_value()
        return pick(self.pod, found, number(ABSENT, self.domain(attr).width))

    # -------------------------------------------------------------------------------------------- addresses
    def unknown_address(self) -> Term:
        """Nobody knows its address: it is a pod or node, and no class with known ones."""
        known = self.is_class(i for i, c in self.classes if c.addresses is not None)
        return self.script.share(conj([neg(self.external), neg(known)]))

    def address(self, version: int) -> Term:
        found = self._addresses.get(version)
        if found is None:  # every class with known addresses is in it: it is written once
            condition = self.unknown_address()
            body = pick(
                condition,
                self._symbol(Attribute.UNKNOWN_ADDRESS, version) if condition != FALSE else "",
                self._symbol(Attribute.KNOWN_ADDRESS, version) if condition != TRUE else "",
            )
            found = self._addresses[version] = self.script.share(body, 32 if version == 4 else 128)
        return found

    def inside(self, addresses: AddressSet) -> Term:
        """Its address, in the connection's family, lies in the set."""
        found = self._inside.get(addresses)
        if found is None:
            v6 = self.variables.symbol(Role.CONNECTION, Attribute.FAMILY)
            for version in (4, 6):
                for attribute in ADDRESSES:
                    self.variables.tell(self.role, attribute, addresses.family(version), version)
            in4 = within(self.address(4), addresses.v4, 32)
            in6 = within(self.address(6), addresses.v6, 128)
            found = self._inside[addresses] = self.script.share(disj([conj([neg(v6), in4]), conj([v6, in6])]))
        return found

    # -------------------------------------------------------------------------------------------- universe
    def well_formed(self) -> list[Term]:
        """What every end that can exist satisfies; the facts of the declared ones."""
        scope, universe = self.scope, self.scope.question.universe
        rules = [neg(conj([self.pod, self.host]))] if {POD, HOST} <= self.reach.kinds else []
        none = scope.table.none
        codes = points((*self.namespaces, none))
        rules.append(within(self.ns, codes, self.ns_width))
        self.variables.tell(self.role, Attribute.NAMESPACE, points([none]))
        rules.append(iff(self.pod, neg(equal(self.ns, number(none, self.ns_width)))))
        if self.classes:
            member = self.variables.row(self.role, Attribute.MEMBER)
            rules.append(member.lies_in(points((0, *(i for i, _ in self.classes)))))
            rules.append(implies(self.external, self.is_class([0])))
        if universe is Universe.INVENTORY:
            rules.append(implies(self.pod, self.is_class(i for i, c in self.classes if c.kind == POD)))
        if universe is Universe.INVENTORY or scope.are_nodes_known:
            rules.append(implies(self.host, self.is_class(i for i, c in self.classes if c.kind == HOST)))
        rules += self._label_rules()
        rules += self._class_rules()
        if self.role is Role.DST:
            rules += self._name_rules(Attribute.PORT_NAME, scope.port_names)
            rules += self._name_rules(Attribute.TUNNEL_NAME, self._tunnel_names())
            for wanted in self._tunnel_names():
                names = (self._symbol(it, wanted) for it in (Attribute.PORT_NAME, Attribute.TUNNEL_NAME))
                port = self.variables.lies_in(points([TUNNEL.port]), Role.CONNECTION, Attribute.PORT)
                rules.append(implies(port, iff(*names)))
        if scope.needs_addresses:
            rules += self._address_rules()
        return [self.script.share(r) for r in rules if r != TRUE]

    def _name_rules(self, attribute: Attribute, names: Sequence[PortName]) -> list[Term]:
        ports = [self._symbol(attribute, wanted) for wanted in names]
        rules = [disj([self.pod, neg(disj(ports))])]
        for i, (narrow, wide) in enumerate(pairwise(names)):
            if narrow[:2] == wide[:2]:  # what is declared in some containers is declared in more of them
                rules.append(implies(ports[i], ports[i + 1]))
        return rules

    def _tunnel_names(self) -> tuple[PortName, ...]:
        """The names that rules may look up at the port of the mesh's tunnel."""
        mesh = self.scope.mesh
        is_there = mesh.tunnel != NEVER or mesh.either_way != NEVER
        return tuple(it for it in self.scope.port_names if is_there and it.protocol is TUNNEL.protocol)

    def _label_rules(self) -> list[Term]:
        rules = []
        for attr, domain in self.scope.domains.items():
            top = domain.size - 1
            match attr.kind:
                case "pod":
                    symbols = [(self._label_symbol(attr), disj([self.pod, self.host]))]
                case "sa":
                    symbols = [(self.service_account(), self.pod)]
                case "ns":
                    symbols = []
                    for standing in (Standing.KNOWN, Standing.FUTURE):
                        symbols.append((self.namespace_label(attr, standing), self.pod))
                    rules += self._namespace_facts(attr)
                case _:
                    symbols = [(self.name_value(), self.pod)]
                    rules += self._name_facts()
            for symbol, owner in symbols:
                if top < 2**domain.width - 1:
                    rules.append(f"(bvule {symbol} {number(top, domain.width)})")
                rules.append(disj([owner, equal(symbol, number(ABSENT, domain.width))]))
            if attr.kind == "sa":  # every pod has one, and not all that it is compared with can be one
                has = {c: equal(self.service_account(), number(c, domain.width)) for c in range(len(domain.values) + 1)}
                no_names = disj(has[i + 1] for i, value in enumerate(domain.values) if not _ACCOUNT.fullmatch(value))
                rules.append(implies(self.pod, neg(has[ABSENT])))
                rules.append(disj([self.is_class(i for i, _ in self.classes), neg(no_names)]))
        return rules

    def _by_value(self, symbol: Term, domain: Domain, groups: Iterable[tuple[str | None, list[int]]]) -> list[Term]:
        """For each value, one implication from the namespaces that have it."""
        by_code: dict[int, list[int]] = {}
        for value, members in groups:
            inside = [code for code in members if code in self.namespaces]
            if inside:
                by_code.setdefault(domain.code(value), []).extend(inside)
        return [
            implies(self.in_namespaces(members), equal(symbol, number(v, domain.width)))
            for v, members in by_code.items()
        ]

    def _namespace_facts(self, attr: Attr) -> list[Term]:
        known = self.namespace_label(attr, Standing.KNOWN)
        return self._by_value(known, self.domain(attr), self.scope.table.by_value(attr.key))

    def _name_facts(self) -> list[Term]:
        table, domain = self.scope.table, self.domain(Attr("name"))
        named = [c for c in sorted(self.namespaces) if table.entries[c].name is not None]
        rules = self._by_value(self.name_value(), domain, ((table.entries[c].name, [c]) for c in named))
        fresh = sorted(c for c in self.namespaces if table.entries[c].name is None)
        for index, code in enumerate(fresh):  # each new namespace has a name of its own
            value = number(len(domain.values) + 1 + index, domain.width)
            rules.append(implies(self.in_namespaces([code]), equal(self.name_value(), value)))
        return rules

    def _class_rules(self) -> list[Term]:
        """Each class's facts, grouped by fact: many classes share a namespace or a label value."""
        groups: dict[Term, list[int]] = {}
        has_value: dict[tuple[Attr, int], Term] = {}

        def fact(code: int, term: Term) -> None:
            groups.setdefault(term, []).append(code)

        for code, c in self.classes:
            fact(code, self.pod if c.kind == POD else self.host)
            if c.maker is not None:
                fact(code, self.in_namespaces(self._places(c)))
                continue
            if c.kind == POD:
                fact(code, self.in_namespaces([c.namespace]))
            for pair in c.values:
                term = has_value.get(pair)
                if term is None:
                    attr, value = pair
                    symbol = self.service_account() if attr.kind == "sa" else self._label_symbol(attr)
                    term = has_value[pair] = equal(symbol, number(value, self.domain(attr).width))
                fact(code, term)
            if self.role is Role.DST:
                declared = dict(c.ports)
                for wanted in self.scope.port_names:
                    numbers = declared.get(wanted, PortSet.EMPTY).intervals
                    here = self.variables.lies_in(numbers, Role.CONNECTION, Attribute.PORT) if numbers else FALSE
                    fact(code, iff(self._symbol(Attribute.PORT_NAME, wanted), here))
                for wanted in self._tunnel_names():
                    term = self._symbol(Attribute.TUNNEL_NAME, wanted)
                    fact(code, term if TUNNEL.port in declared.get(wanted, PortSet.EMPTY) else neg(term))
        return [implies(self.is_class(codes), term) for term, codes in groups.items()]

    def _places(self, c: EndClass) -> list[int]:
        """The namespaces that supposed pods may be in."""
        if c.namespace != ANYWHERE:
            return [c.namespace]
        entries, maker = self.scope.table.entries, c.maker
        near = [n for n in self.namespaces if maker is None or maker.reaches(entries[n].name)]
        return [n for n in near if not (c.host_network and keeps_off_nodes(self.scope, n))]

    def is_there(self) -> Term:
        """Whether the object makes pods that are merely supposed is open.  It is part of what breaks a claim, not of
        the universe: a connection of theirs is certain for no value of the fact."""
        made = ((i, c.maker, c.host_network) for i, c in self.classes if c.maker is not None)
        return conj(
            implies(self.is_class([i]), self.assertions.open(supposed_fact(maker, is_on_node)))
            for i, maker, is_on_node in made
        )

    def _address_rules(self) -> list[Term]:
        scope = self.scope
        rules = []
        known: list[Term] = []
        for code, c in self.classes:
            here = self.is_class([code])
            if c.addresses is not None:
                rules.append(implies(here, self.inside(c.addresses)))
                known.append(here)
        rules += self._on_some_node()
        plain = conj([self.plain_pod, neg(disj(known))])
        rules.append(implies(plain, self.inside(scope.pod_addresses)))
        if self.external != FALSE:
            rules.append(implies(self.external, self.inside(~scope.taken)))
        if HOST in self.reach.kinds and (inner := scope.cluster.inner_addresses & scope.taken):
            rules.append(implies(conj([self.host, neg(disj(known))]), self.inside(~inner)))
        return rules

    def _on_some_node(self) -> list[Term]:
        """Pods on their nodes' network of which nobody knows where they are: on one of the nodes that there are."""
        by_room: dict[AddressSet, list[int]] = {}
        for i, c in self.classes:
            if c.room is not None and c.host_network and c.was_on_host:
                by_room.setdefault(c.room, []).append(i)
        return [implies(self.is_class(codes), self.inside(room)) for room, codes in by_room.items()]
