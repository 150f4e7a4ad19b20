"""Whether the source's own identity of the mesh meets a test: what that says of its namespace and its service account
(istio.md 3)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from analyzer.encoding.domains import Attr
from analyzer.encoding.ends import EndTerms
from analyzer.encoding.identity_names import patterns_of, told
from analyzer.encoding.namespace_names import namespace_name
from analyzer.encoding.terms import FALSE, Script, Term, conj, disj, equal, number
from analyzer.model.formulas import Test
from analyzer.model.mesh import MeshConfig
from analyzer.sets.strings import Form, Pattern
from analyzer.sets.strings.residual import Residuals


class IdentityTerms:
    """Whether the source's own identity meets a test."""

    def __init__(self, src: EndTerms, config: MeshConfig, script: Script) -> None:
        self.src, self.config, self.script = src, config, script
        self._known: dict[Test, Term] = {}

    @cached_property
    def _codes(self) -> dict[str, int]:
        """The namespaces that the source can be in, by name."""
        return {namespace_name(self.src.scope, code): code for code in self.src.namespaces}

    def meets(self, test: Test) -> Term:
        """Of a source that shows one."""
        found = self._known.get(test)
        if found is None:
            found = self._known[test] = self.script.share(self._meets(test))
        return found

    def _meets(self, test: Test) -> Term:
        if test.meets is None:
            return self.src.pod
        return disj(self._matches(pattern) for pattern in patterns_of(test))

    def _matches(self, pattern: Pattern) -> Term:
        if not self.src.namespaces:
            return FALSE
        if pattern.form is Form.PRESENT:
            return self.src.pod
        plain, scope = told(pattern, self.config), self.src.scope
        if plain is not None and plain.namespaces is None:
            return self.src.pod
        if plain is not None and plain.namespaces is not None:
            codes = [self._codes[name] for name in sorted(plain.namespaces) if name in self._codes]
            inside = self.src.in_namespaces(codes)
            return inside if plain.account is None or inside == FALSE else conj([inside, self._has([plain.account])])
        states, groups = Residuals([pattern]), dict[tuple[str, ...], list[int]]()
        by_state: dict[object, tuple[str, ...]] = {}
        accounts = self._accounts()
        for code in sorted(self.src.namespaces):
            state = states.read(self.config.identity(namespace_name(scope, code), ""))
            if state not in by_state:
                by_state[state] = tuple(a for a in accounts if states.accepts(states.read(a, state))[0])
            groups.setdefault(by_state[state], []).append(code)
        parts = []
        for having, codes in groups.items():
            if having:
                of = self.src.in_namespaces(codes)
                parts.append(of if len(having) == len(accounts) else conj([of, self._has(having)]))
        return disj(parts)

    def _accounts(self) -> list[str]:
        domain = self.src.scope.domains.get(Attr("sa"))
        if domain is None:  # no pattern tells them apart
            return ["default"]
        return [value for code in range(1, domain.size) if (value := domain.value(code)) is not None]

    def _has(self, accounts: Iterable[str]) -> Term:
        domain, symbol = self.src.domain(Attr("sa")), self.src.service_account()
        of = {domain.value(code): code for code in range(1, domain.size)}
        return disj(equal(symbol, number(of[name], domain.width)) for name in accounts if name in of)
