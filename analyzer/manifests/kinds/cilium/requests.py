"""What a port's rules ask of requests: HTTP, names in DNS, server names (calico-cilium.md 2.13)."""

from __future__ import annotations

import re

from analyzer.manifests.kinds.cilium.fields import RefusalError
from analyzer.manifests.text.section import Section
from analyzer.model.formulas import FALSE, TRUE, Attribute, Formula, Name, Not, Open, Role, Test, both, either
from analyzer.model.open_facts import OpenFact

PARSERS = frozenset({"http", "dns"})
_HTTP = frozenset({"method", "path", "host", "headers", "headerMatches"})
_HEADER = frozenset({"name", "value", "secret", "mismatch"})
_DNS = frozenset({"matchName", "matchPattern"})
_MISMATCHES = ("LOG", "ADD", "DELETE", "REPLACE")
_DOMAIN = re.compile(r"(?:[-a-zA-Z0-9_]+[.]?)+")
_PATTERN = re.compile(r"(?:[-a-zA-Z0-9_*]+[.]?)+")
_PSEUDO = {"method": ":method", "path": ":path", "host": ":authority"}
_ASKED, _METHOD, _FAULT, _SNI, _OF_DNS = (
    Attribute(Role.REQUEST, name) for name in (Name.ASKED, Name.METHOD, Name.FAULT, Name.SNI, Name.DNS)
)


def read_requests(section: Section, *, ingress: bool) -> tuple[Formula, str]:
    """What is asked of requests, and which parser looks at them; empty lists ask nothing.  RefusalError.

    Where nobody asks about a request, it is whether there is one that is let through.
    """
    rules = section.section("rules")
    names = [text for text, _ in section.texts("serverNames")]
    named = _of_server(names) if names else TRUE
    if rules is None:
        return _asked(named, TRUE), ""
    rules.only(PARSERS)
    if rules.has("http") == rules.has("dns"):
        rules.problem("", "must set one of `http` and `dns`")
    http = [_http(item) for item in rules.sections("http")]
    dns = [read_name(item) for item in rules.sections("dns")]
    if (http or dns) and names and not section.has("terminatingTLS"):
        raise RefusalError(f"`{section.path}` has server names beside rules for a proxy, and does not end TLS")
    if (http or dns) and section.has("listener"):
        raise RefusalError(f"`{section.path}` has a listener beside rules for a proxy")
    if ingress and dns:
        raise RefusalError(f"`{rules.path}` has DNS rules for ingress")
    if http:
        wanted = either(formula for formula, _ in http)
        readable = TRUE if section.has("terminatingTLS") else Not(Test(_SNI))
        return _asked(both([named, readable, wanted]), either(possible for _, possible in http)), "http"
    if dns:
        return _asked(both([named, either(map(_of_name, dns))]), TRUE), "dns"
    return _asked(named, TRUE), ""


def _of_name(text: str) -> Formula:
    from analyzer.sets.strings import dns_pattern

    return Test(_OF_DNS, dns_pattern(text))


def _asked(wanted: Formula, possible: Formula) -> Formula:
    """`possible`: some request meets `wanted`."""
    if wanted == TRUE:
        return TRUE
    return either([both([Test(_ASKED), wanted]), both([Not(Test(_ASKED)), possible])])


def read_name(section: Section) -> str:
    """The name, or the pattern of names."""
    section.only(_DNS)
    name, pattern = section.text("matchName"), section.text("matchPattern")
    if section.has("matchName") == section.has("matchPattern"):
        section.problem("", "must set one of `matchName` and `matchPattern`")
    for key, text, form in (("matchName", name, _DOMAIN), ("matchPattern", pattern, _PATTERN)):
        if text is not None and (not form.fullmatch(text) or len(text) > 255):
            section.problem(key, f"is `{text}`, which is no name of a domain")
    return name or pattern or ""


def _of_server(names: list[str]) -> Formula:
    from analyzer.sets.strings import dns_pattern

    exact = frozenset(name.lower() for name in names if "*" not in name)
    patterns = (Test(_SNI, dns_pattern(name.lower())) for name in names if "*" in name)
    return either([Test(_SNI, exact), *patterns])


# ------------------------------------------------------------------------------------------------ HTTP
def _http(section: Section) -> tuple[Formula, Formula]:
    """What is asked, and whether some request meets it: the parts speak of different things."""
    section.only(_HTTP)
    parts = [_like(section, key, header) for key, header in _PSEUDO.items()]
    headers = [_header(text) for text, _ in section.texts("headers")]
    headers += [_header_match(item) for item in section.sections("headerMatches")]
    wanted = both([Test(_METHOD), Not(Test(_FAULT)), *(part for part, _ in parts), *headers])
    secrets = (each for each in headers if isinstance(each, Open))
    return wanted, both([*(possible for _, possible in parts), *secrets])


def _like(section: Section, key: str, header: str) -> tuple[Formula, Formula]:
    """A regular expression that the whole text must match."""
    text = section.text(key)
    if not text:
        return TRUE, TRUE
    from analyzer.sets.strings import NON_EMPTY, PatternError, TooManyAtomsError, UntranslatableError, atoms, regex

    try:
        pattern = regex(text)
        known = atoms({pattern, NON_EMPTY}).atoms
    except (UntranslatableError, TooManyAtomsError):
        unknown = Open(OpenFact("pattern", text, f"what is like `{text}` ({section.source}) cannot be worked out"))
        return unknown, unknown
    except PatternError as error:
        raise RefusalError(f"`{section.field(key)}` is `{text}`, which is no regular expression: {error}") from error
    is_possible = any(pattern.matches(atom.witness) for atom in known if atom.witness)
    return Test(Attribute(Role.REQUEST, Name.HEADER, header), pattern), TRUE if is_possible else FALSE


def _of_header(name: str) -> Attribute:
    return Attribute(Role.REQUEST, Name.HEADER, name.lower())


def _header(text: str) -> Formula:
    """`NAME: VALUE`, or a name alone, which must be there."""
    name, space, value = text.partition(" ")
    return Test(_of_header(name.rstrip(":")), frozenset({value}) if space else None)


def _header_match(section: Section) -> Formula:
    """One with a `mismatch` changes the request, and refuses none."""
    section.only(_HEADER)
    name = section.text("name") or ""
    section.required("name")
    if section.choice("mismatch", _MISMATCHES):
        return TRUE
    if section.has("secret"):
        return Open(OpenFact("secret", section.path, f"which value `{name}` has in a Secret is not known"))
    value = section.text("value") or ""
    return Test(_of_header(name), frozenset({value}) if value else None)
