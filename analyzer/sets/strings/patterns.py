"""One pattern over a string: what it matches, in one canonical form.

What is said in two ways is one pattern: a prefix "" is PRESENT, a template without operators and a regular expression
of plain characters are exact.  `None` stands for an absent attribute, which no pattern matches.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from analyzer.records import dataclass
from analyzer.sets.strings.automaton import Automaton
from analyzer.sets.strings.errors import PatternError, UntranslatableError
from analyzer.sets.strings.expressions import ANY_TEXT, EMPTY, Chars, Choice, Node, Repeat, Sequence, literal, whole
from analyzer.sets.strings.re2_syntax import literal_of, parse

_FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_LETTER = re.compile("[A-Za-z]")
_OPERATOR = re.compile(r"(\{\*\}|\{\*\*\})")
_TEMPLATE_LITERAL = re.compile(r"[A-Za-z0-9\-._~%!$&'()+,;:@=/]*")
# What an operator of a template takes: Envoy's URI templates as they answered (istio.md 5.7).
_TEMPLATE_TEXT = Chars.of(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>[\\]^`{|}')
_DNS_CHARS = Chars.of("abcdefghijklmnopqrstuvwxyz0123456789-_")
_DNS_PATTERN = re.compile(r"[a-z0-9\-_.*]*")
_STARS = re.compile(r"(\*+)")


class Form(Enum):
    EXACT = "is"
    PREFIX = "begins with"
    SUFFIX = "ends with"
    CONTAINS = "contains"
    PRESENT = "is present"
    NON_EMPTY = "is not empty"
    TEMPLATE = "is like the template"
    GLOB = "is like"
    DNS = "is a name like"
    REGEX = "matches"


SIMPLE = frozenset({Form.EXACT, Form.PREFIX, Form.SUFFIX, Form.PRESENT, Form.NON_EMPTY})


@dataclass(frozen=True, slots=True)
class Pattern:
    """`is_folded`: ASCII letters match in either case, and `text` has them in lower case.  Build with the functions
    below, never with the fields."""

    form: Form
    text: str = ""
    is_folded: bool = False

    def matches(self, text: str | None) -> bool:
        """Of the whole text; in time linear in its length."""
        if text is None:
            return False
        seen = fold(text) if self.is_folded else text
        match self.form:
            case Form.EXACT:
                return seen == self.text
            case Form.PREFIX:
                return seen.startswith(self.text)
            case Form.SUFFIX:
                return seen.endswith(self.text)
            case Form.CONTAINS:
                return self.text in seen
            case Form.PRESENT:
                return True
            case Form.NON_EMPTY:
                return bool(text)
            case _:
                return automaton_of(self).matches(seen)

    @property
    def order(self) -> tuple[str, str, bool]:
        return (self.form.name, self.text, self.is_folded)

    def __str__(self) -> str:
        said = self.form.value if not self.text and self.form is not Form.EXACT else f"{self.form.value} `{self.text}`"
        return f"{said} in any case" if self.is_folded else said


PRESENT = Pattern(Form.PRESENT)
NON_EMPTY = Pattern(Form.NON_EMPTY)


def fold(text: str) -> str:
    """With ASCII letters in lower case; no others, as proxies compare hosts."""
    return text.translate(_FOLD)


def named_pattern(form: Form, text: str, *, fold: bool = False) -> Pattern:
    """The pattern of that form; PatternError if there is none such."""
    build = {
        Form.EXACT: exact,
        Form.PREFIX: prefix,
        Form.SUFFIX: suffix,
        Form.CONTAINS: contains,
    }.get(form)
    if build is not None:
        return build(text, fold=fold)
    found = {Form.TEMPLATE: template, Form.GLOB: glob, Form.DNS: dns_pattern, Form.REGEX: regex}.get(form)
    if found is not None:
        return found(text)
    if text:
        raise PatternError(f"what {form.value} has no text")
    return Pattern(form)


def _plain(form: Form, text: str, ignores_case: bool) -> Pattern:
    is_folded = ignores_case and _LETTER.search(text) is not None
    return Pattern(form, fold(text) if is_folded else text, is_folded)


def exact(text: str, *, fold: bool = False) -> Pattern:
    return _plain(Form.EXACT, text, fold)


def prefix(text: str, *, fold: bool = False) -> Pattern:
    return _plain(Form.PREFIX, text, fold) if text else PRESENT


def suffix(text: str, *, fold: bool = False) -> Pattern:
    return _plain(Form.SUFFIX, text, fold) if text else PRESENT


def contains(text: str, *, fold: bool = False) -> Pattern:
    return _plain(Form.CONTAINS, text, fold) if text else PRESENT


def template(text: str) -> Pattern:
    """A path template: `{*}` is one character or more up to the next slash, `{**}` any number, slashes too (istio.md
    5.7).  PatternError for what admission or the proxy refuses."""
    if not text.startswith("/"):
        raise PatternError("a template begins with `/`, or the proxy refuses it")
    parts = _OPERATOR.split(text)
    operators, literals = parts[1::2], parts[::2]
    if any(_TEMPLATE_LITERAL.fullmatch(part) is None for part in literals):
        raise PatternError("beside `{*}` and `{**}` a template holds letters, digits, slashes and -._~%!$&'()+,;:@=")
    if any(segment != operator for segment in text.split("/") for operator in _OPERATOR.findall(segment)):
        raise PatternError("`{*}` and `{**}` each take a whole segment")
    if "{**}" in operators[:-1]:
        raise PatternError("`{**}` is the last operator, once")
    return Pattern(Form.TEMPLATE, text) if operators else exact(text)


def glob(text: str) -> Pattern:
    """`*` stands for any text, wherever it stands."""
    text = re.sub(r"\*+", "*", text)
    stars = text.count("*")
    if stars == 0:
        return exact(text)
    if stars == 1 and text.endswith("*"):
        return prefix(text[:-1])
    return suffix(text[1:]) if stars == 1 and text.startswith("*") else Pattern(Form.GLOB, text)


def dns_pattern(text: str) -> Pattern:
    """Cilium's `matchPattern` (calico-cilium.md 2.9): `*` is any text of a label, `**.` at the beginning any labels,
    `*` alone every name.

    Names are those without the dot at their end, in any case.
    """
    name = fold(text.strip()).removesuffix(".")
    if _DNS_PATTERN.fullmatch(name) is None:
        raise PatternError("a pattern of names holds letters, digits, `-`, `_`, `.` and `*`")
    return Pattern(Form.DNS, name, True) if "*" in name else exact(name, fold=True)


def before_query(pattern: Pattern) -> Pattern:
    """The texts of which what stands before the first question mark is like the pattern.  UntranslatableError of a
    regular expression, and of others that are written as none."""
    if "?" in pattern.text and pattern.form is not Form.REGEX:
        return regex(_NOTHING)
    if pattern.form in (Form.PRESENT, Form.PREFIX):
        return pattern
    parts = _STARS.split(pattern.text) if pattern.form is Form.GLOB else [pattern.text]
    quoted = r"[^?]*".join(_in_re2(part) for part in parts[:: 2 if len(parts) > 1 else 1])
    match pattern.form:
        case Form.EXACT | Form.GLOB:
            pass
        case Form.SUFFIX:
            quoted = rf"[^?]*{quoted}"
        case Form.CONTAINS:
            quoted = rf"[^?]*{quoted}[^?]*"
        case Form.NON_EMPTY:
            quoted = r"[^?]+"
        case Form.TEMPLATE:
            quoted = "".join(_OPERATORS.get(part) or _in_re2(part) for part in _OPERATOR.split(pattern.text))
        case _:
            raise UntranslatableError(f"what {pattern} says of paths cannot be said of paths with queries")
    case = "(?i)" if pattern.is_folded else ""
    return regex(rf"{case}({quoted})(\?(?s:.*))?")


_NOTHING = r"[^\x00-\x{10FFFF}]"
_IN_TEMPLATES = "!#-;=@-Z_a-z~"
_OPERATORS = {"{*}": f"[{_IN_TEMPLATES.replace('-;', '-.0-;')}]+", "{**}": f"[{_IN_TEMPLATES}]*"}


def _in_re2(text: str) -> str:
    return "".join(
        char if char.isalnum() or char in "/_" or ord(char) > 126 else f"\\x{ord(char):02x}" for char in text
    )


def regex(text: str) -> Pattern:
    """RE2's syntax, which must match the whole string.  PatternError, UntranslatableError."""
    node = whole(parse(text))
    Automaton(node)
    plain = literal_of(node)
    return exact(plain) if plain is not None else Pattern(Form.REGEX, text)


# ------------------------------------------------------------------------------------------------ as expressions
@cache
def automaton_of(pattern: Pattern) -> Automaton:
    """Of the folded text, if the pattern is folded."""
    return Automaton(expression_of(pattern))


def expression_of(pattern: Pattern) -> Node:
    text = literal(pattern.text)
    match pattern.form:
        case Form.EXACT:
            return text
        case Form.PREFIX:
            return Sequence((text, ANY_TEXT))
        case Form.SUFFIX:
            return Sequence((ANY_TEXT, text))
        case Form.CONTAINS:
            return Sequence((ANY_TEXT, text, ANY_TEXT))
        case Form.PRESENT:
            return ANY_TEXT
        case Form.NON_EMPTY:
            return Sequence((Chars.ANY, ANY_TEXT))
        case Form.TEMPLATE:
            return Sequence(tuple(map(_of_operator, _OPERATOR.split(pattern.text))))
        case Form.GLOB:
            return Sequence(tuple(ANY_TEXT if part == "*" else literal(part) for part in _STARS.split(pattern.text)))
        case Form.DNS:
            return _names(pattern.text)
        case Form.REGEX:
            return whole(parse(pattern.text))


def _of_operator(part: str) -> Node:
    if part == "{**}":
        return Repeat(_TEMPLATE_TEXT, 0, None)
    return Repeat(_TEMPLATE_TEXT.but(Chars.of("/")), 1, None) if part == "{*}" else literal(part)


def _names(text: str) -> Node:
    label = Repeat(_DNS_CHARS, 1, None)
    labels = Sequence((label, Repeat(Sequence((literal("."), label)), 0, None)))
    if not text.strip("*"):
        return Choice((labels, EMPTY))
    first: tuple[Node, ...] = ()
    if text.startswith("**."):
        first, text = (labels, literal(".")), text.removeprefix("**.")
    rest = (Repeat(_DNS_CHARS, 0, None) if part.startswith("*") else literal(part) for part in _STARS.split(text))
    return Sequence((*first, *rest))
