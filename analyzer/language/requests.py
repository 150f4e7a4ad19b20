"""What conditions say of the request: `request.method == "GET"`, `request.path like "/v1/*"`, `has request.token`."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

from analyzer.language.attributes import REQUEST, is_of_request, shown
from analyzer.language.names import nearest
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, words
from analyzer.language.trees import Token
from analyzer.model.formulas import Attribute, Formula, Name, Not, Role, Test, both, either
from analyzer.model.requests import MTLS, NESTED, PLAINTEXT, TokenState
from analyzer.sets import AddressSet
from analyzer.sets.strings import Pattern, PatternError, exact, glob, template

_PLAIN = {
    "method": Name.METHOD,
    "path": Name.PATH,
    "host": Name.HOST,
    "headers": Name.HEADER,
    "claims": Name.CLAIM,
    "token": Name.TOKEN,
    "identity": Name.IDENTITY,
    "tls": Name.TLS,
    "sni": Name.SNI,
    "remote_ip": Name.REMOTE_IP,
    "dns": Name.DNS,
}
_KEYED = frozenset({Name.HEADER, Name.CLAIM})
_MODES = (MTLS, PLAINTEXT)
_ALL = ", ".join(f"`{REQUEST}.{name}{'[KEY]' if attribute in _KEYED else ''}`" for name, attribute in _PLAIN.items())


class Requests:
    """Reads what is said of the request; None and a problem where that is nothing."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def equals(self, operand: Syntax, value: Syntax) -> Formula | None:
        """It is the value; a header or claim, one of its values."""
        name = self._name(operand)
        word, *keys = words(value)
        if keys or is_of_request(value):
            self.scope.problem(word, f"`{shown(operand)}` is compared with a text only", "put the text in quotes")
            return None
        return None if name is None else self._one_of(name, word)

    def among(self, operand: Syntax, values: Syntax) -> Formula | None:
        """It is one of them."""
        name = self._name(operand)
        if name is None:
            return None
        found = [self._one_of(name, word) for word in words(values)]
        return either(part for part in found if part is not None)

    def like(self, operand: Syntax, pattern: Syntax) -> Formula | None:
        """`*` stands for any text; in a path `{*}` for a segment and `{**}` for any, as Istio has it."""
        name = self._name(operand)
        word, *keys = words(pattern)
        if keys or is_of_request(pattern):
            self.scope.problem(word, "a pattern is a text in quotes", 'such as `"/v1/*"`')
            return None
        text = self.scope.text(word)
        if name is None or text is None:
            return None
        if name.name in (Name.TLS, Name.REMOTE_IP):
            hint = "write `in (10.0.0.0/8)`" if name.name is Name.REMOTE_IP else f"it is {' or '.join(_MODES)}"
            self.scope.problem(word, f"`{shown(operand)}` is like no pattern", hint)
            return None
        if name.name is Name.TOKEN:
            return _token(text, glob)
        try:
            return Test(name, _pattern(name.name, text))
        except PatternError as error:
            self.scope.problem(word, f"`{text}` is no pattern: {error}")
            return None

    def has(self, operand: Syntax) -> Formula | None:
        """It is there."""
        name = self._name(operand)
        if name is None:
            return None
        if name.name in (Name.TLS, Name.REMOTE_IP):
            self.scope.problem(words(operand)[0], f"every request has a `{shown(operand)}`, so this says nothing")
            return None
        return Test(name, _VALID) if name.name is Name.TOKEN else Test(name)

    def has_key(self, operand: Syntax, key: Token) -> Formula | None:
        """`request.headers has KEY`."""
        name = self._attribute(operand)
        text = self.scope.text(key)
        if name is None or text is None:
            return None
        if name not in _KEYED or len(words(operand)) > 1:
            self.scope.problem(key, f"`{shown(operand)}` has no keys", "write `has request.headers[KEY]`")
            return None
        return Test(_of(name, text))

    # -------------------------------------------------------------------------------------------- attributes
    def _name(self, operand: Syntax) -> Attribute | None:
        name = self._attribute(operand)
        word, *keys = words(operand)
        if name is None:
            return None
        if name in _KEYED and not keys:
            self.scope.problem(word, f"`{word}` wants a key", f"write `{word}[KEY]`")
            return None
        if keys and (name not in _KEYED or (len(keys) > 1 and name is not Name.CLAIM)):
            self.scope.problem(keys[0], f"`{word}` has no such key")
            return None
        texts = [self.scope.text(key) for key in keys]
        if any(text is None for text in texts):
            return None
        return _of(name, NESTED.join(text for text in texts if text is not None))

    def _attribute(self, operand: Syntax) -> Name | None:
        word = words(operand)[0]
        path = str(word).removeprefix(REQUEST).removeprefix(".")
        found = _PLAIN.get(path)
        if found is None:
            start, dot, key = path.partition(".")
            hint = f"write `{REQUEST}.{start}[{key}]`" if dot and _PLAIN.get(start) in _KEYED else ""
            hint = hint or nearest(word, [f"{REQUEST}.{name}" for name in _PLAIN]) or f"there are {_ALL}"
            self.scope.problem(word, f"`{word}` is no attribute of a request", hint)
        return found

    # -------------------------------------------------------------------------------------------- values
    def _one_of(self, name: Attribute, word: Token) -> Formula | None:
        found = [self._is(name, word, text) for text in self.scope.several(word)]
        return either(part for part in found if part is not None) if None not in found else None

    def _is(self, name: Attribute, word: Token, text: str) -> Formula | None:
        match name.name:
            case Name.TLS if text not in _MODES:
                self.scope.problem(word, f"`{text}` is no way to encrypt", f"it is {' or '.join(_MODES)}")
                return None
            case Name.REMOTE_IP:
                try:
                    return Test(name, AddressSet.of(ip_network(text, strict=False)))
                except ValueError:
                    self.scope.problem(word, f"`{text}` is no address and no address range")
                    return None
            case Name.TOKEN:
                return _token(text, exact)
            case Name.IDENTITY:
                return Test(name, frozenset({text.removeprefix("spiffe://")}))
            case Name.HOST:
                return Test(name, exact(text, fold=True))
            case Name.DNS:
                return Test(name, exact(text.removesuffix("."), fold=True))
            case Name.SNI:
                return Test(name, frozenset({text.lower()}))
            case _:
                return Test(name, frozenset({text}))


_VALID = frozenset({TokenState.VALID.value})


def _of(name: Name, key: str = "") -> Attribute:
    return Attribute(Role.REQUEST, name, key.lower() if name is Name.HEADER else key)


def _pattern(name: Name, text: str) -> Pattern:
    if name is Name.PATH and ("{*}" in text or "{**}" in text):
        return template(text)
    if name is Name.IDENTITY:
        text = text.removeprefix("spiffe://")
    if name in (Name.HOST, Name.SNI, Name.DNS):
        text = text.lower()
    return _in_any_case(text) if name in (Name.HOST, Name.DNS) else glob(text)


def _in_any_case(text: str) -> Pattern:
    found = glob(text)
    return type(found)(found.form, found.text, is_folded=any(char.isalpha() for char in text))


def _token(text: str, pattern: Callable[[str], Pattern]) -> Formula:
    """Issuer and subject, which any slash may part that is not of `://`, as both may hold slashes, and any star may
    hold.  An issuer alone means whoever it issued the token to; with a star, a token for nobody is its issuer alone."""
    ends = {text.find("://") + place for place in (1, 2)} if "://" in text else set()
    parts = [(text[:at], text[at + 1 :]) for at, char in enumerate(text) if char == "/" and at not in ends]
    issued = Test(_of(Name.ISSUER), pattern(text))
    whole: list[Formula] = [] if parts else [issued]
    if pattern is glob and "*" in text:
        parts += [(text[: at + 1], text[at:]) for at, char in enumerate(text) if char == "*"]
        whole = [both([issued, Not(Test(_of(Name.SUBJECT)))])]
    pairs = (
        both([Test(_of(Name.ISSUER), pattern(issuer)), Test(_of(Name.SUBJECT), pattern(subject))])
        for issuer, subject in dict.fromkeys(parts)
    )
    return both([Test(_of(Name.TOKEN), _VALID), either([*pairs, *whole])])
