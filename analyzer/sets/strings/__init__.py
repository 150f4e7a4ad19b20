"""Patterns over one string, and the finite domain that they make of all strings.

A string attribute (a path, a host, a header, an identity, a label) is spoken of by patterns only, so strings that the
same patterns match are one value of it: an *atom*, with a witness to show.  `atoms` lists them all; no solver needs a
theory of strings.  Whatever is known of the attribute itself, such as that a path begins with `/`, is one more pattern:
keep the atoms that match it.

    exact, prefix, suffix, contains, PRESENT, NON_EMPTY    what every dialect has; `fold=True` ignores ASCII case
    template                                               Istio's path templates, `{*}` and `{**}`
    before_query                                           what is before the first `?` is like another pattern
    glob                                                   `*` is any text, as in Istio's `namespaces`
    dns_pattern                                            Cilium's `matchPattern` over domain names
    regex                                                  RE2's syntax (Envoy's and Go's), the whole string

`PatternError`: the engine would refuse it.  `UntranslatableError`: it would not, but nothing here says what it matches.
`TooManyAtomsError`: more strings must be told apart than was allowed; names the patterns.
"""

from analyzer.sets.strings.atoms import LIMIT, Atom, Atoms, atoms, texts_within
from analyzer.sets.strings.errors import PatternError, TooManyAtomsError, UntranslatableError
from analyzer.sets.strings.patterns import (
    NON_EMPTY,
    PRESENT,
    Form,
    Pattern,
    before_query,
    contains,
    dns_pattern,
    exact,
    glob,
    prefix,
    regex,
    suffix,
    template,
)

__all__ = [
    "LIMIT",
    "NON_EMPTY",
    "PRESENT",
    "Atom",
    "Atoms",
    "Form",
    "Pattern",
    "PatternError",
    "TooManyAtomsError",
    "UntranslatableError",
    "atoms",
    "before_query",
    "contains",
    "dns_pattern",
    "exact",
    "glob",
    "prefix",
    "regex",
    "suffix",
    "template",
    "texts_within",
]
