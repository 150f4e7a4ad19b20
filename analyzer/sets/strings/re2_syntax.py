"""RE2's syntax, which Envoy and Go's regexp share, read into an expression.

https://github.com/google/re2/wiki/Syntax.  What RE2 refuses is a PatternError: references back, looking around,
possessive and doubled repetitions, sizes beyond 1,000.  What it takes and is not understood here is an
UntranslatableError: borders of words, single bytes, Unicode's classes, letters beyond ASCII whose case is ignored.
Laws hold both, and what matches, to RE2 itself.
"""

from __future__ import annotations

import re

from analyzer.records import dataclass
from analyzer.sets import intervals as iv
from analyzer.sets.strings.errors import PatternError, UntranslatableError
from analyzer.sets.strings.expressions import HIGHEST, Chars, Choice, Edge, Node, Repeat, Sequence

MOST_REPEATED = 1000
_DEEPEST = 100
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_NAMED_GROUP = re.compile(r"\(\?P?<([A-Za-z0-9_]+)>")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})")
_CONTROLS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]*):\]")


def _codes(*ranges: str) -> iv.Intervals:
    return iv.canonical((ord(r[0]), ord(r[-1])) for r in ranges)


_DIGIT, _SPACE, _WORD = _codes("09"), _codes("\t\n", "\f\r", " "), _codes("09", "AZ", "az", "_")
_PERL = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_POSIX = {
    "alnum": _codes("09", "AZ", "az"),
    "alpha": _codes("AZ", "az"),
    "ascii": _codes("\x00\x7f"),
    "blank": _codes("\t", " "),
    "cntrl": _codes("\x00\x1f", "\x7f"),
    "digit": _DIGIT,
    "graph": _codes("!~"),
    "lower": _codes("az"),
    "print": _codes(" ~"),
    "punct": _codes("!/", ":@", "[`", "{~"),
    "space": _codes("\t\r", " "),
    "upper": _codes("AZ"),
    "word": _WORD,
    "xdigit": _codes("09", "AF", "af"),
}
_ALIKE = {"k": "\u212a", "s": "\u017f"}  # beyond ASCII: the sign for kelvin, the long s


@dataclass(frozen=True, slots=True)
class _Flags:
    ignores_case: bool = False
    dot_takes_newline: bool = False

    def changed(self, on: str, off: str) -> _Flags:
        """`m` and `U` change nothing here: of a whole string there is one line's worth of edges and one match."""
        return _Flags(
            (self.ignores_case or "i" in on) and "i" not in off,
            (self.dot_takes_newline or "s" in on) and "s" not in off,
        )


def parse(text: str) -> Node:
    """The expression of a pattern, with edges still in it."""
    parser = _Parser(text)
    node = parser.choice(_Flags(), 0)
    if parser.at < len(text):
        raise PatternError("an unexpected `)`")
    if _most_repeated(node) > MOST_REPEATED:
        raise PatternError(f"a repetition beyond {MOST_REPEATED:,}")
    return node


def _most_repeated(node: Node) -> int:
    match node:
        case Repeat():
            return max(1, node.most or 0, node.least) * _most_repeated(node.part)
        case Sequence() | Choice():
            return max(map(_most_repeated, node.parts), default=1)
        case _:
            return 1


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def _ahead(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def _taken(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    # ------------------------------------------------------------------------------------------------ groups
    def choice(self, flags: _Flags, depth: int) -> Node:
        """Up to the end or to the bracket that closes.  Flags set within hold for what follows, other branches too."""
        if depth > _DEEPEST:
            raise UntranslatableError("groups within groups, too deep")
        branches: list[list[Node]] = [[]]
        while self.at < len(self.text) and not self._ahead(")"):
            if self._ahead("|"):
                self.at += 1
                branches.append([])
            elif self._ahead("("):
                node, flags = self._group(flags, depth)
                if node is not None:
                    branches[-1].append(self._repeated(node))
                elif branches[-1] and self._bounds() is not None:
                    raise UntranslatableError("a repetition after flags, of what stands before them")
            elif self._ahead(r"\Q"):
                self._quoted(flags, branches[-1])
            else:
                branches[-1].append(self._repeated(self._single(flags)))
        parts = tuple(Sequence(tuple(branch)) for branch in branches)
        return parts[0] if len(parts) == 1 else Choice(parts)

    def _group(self, flags: _Flags, depth: int) -> tuple[Node | None, _Flags]:
        """A group, or None for one that only sets flags; and the flags of what follows."""
        inner = flags
        if not self._ahead("(?"):
            self.at += 1
        elif not self._taken(_NAMED_GROUP):
            found = self._taken(_FLAGS)
            if found is None:
                raise PatternError(f"`{self.text[self.at : self.at + 4]}`: the engine looks neither around nor back")
            inner = flags.changed(found[1], found[2] or "")
            if found[3] == ")":
                return None, inner
        node = self.choice(inner, depth + 1)
        if not self._ahead(")"):
            raise PatternError("a `(` without its `)`")
        self.at += 1
        return node, flags

    def _quoted(self, flags: _Flags, branch: list[Node]) -> None:
        end = self.text.find(r"\E", self.at)
        quoted = self.text[self.at + 2 : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.text)
        chars: list[Node] = [_folded(Chars.of(char), flags) for char in quoted]
        branch += [*chars[:-1], self._repeated(chars[-1])] if chars else []

    # ------------------------------------------------------------------------------------------------ repetition
    def _repeated(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        if self._ahead("?"):  # as few as possible: no other strings
            self.at += 1
        if self._bounds() is not None:
            raise PatternError("a repetition of a repetition")
        return Repeat(node, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        """What stands here to repeat what is before; None if nothing does."""
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._ahead(sign):
                self.at += 1
                return bounds
        found = self._taken(_COUNT)
        if found is None:
            return None
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if max(least, most or 0) > MOST_REPEATED or (most is not None and most < least):
            raise PatternError(f"a repetition `{found[0]}`")
        return least, most

    # ------------------------------------------------------------------------------------------------ characters
    def _single(self, flags: _Flags) -> Node:
        if self._bounds() is not None:
            raise PatternError("a repetition of nothing")
        char = self.text[self.at]
        if char == "[":
            return self._class(flags)
        if char == "\\":
            self.at += 1
            return self._escaped(flags)
        self.at += 1
        match char:
            case ".":
                return Chars.ANY if flags.dot_takes_newline else Chars.ANY.but(Chars.of("\n"))
            case "^" | "$":
                return Edge(char == "^")
            case _:
                return _folded(Chars.of(char), flags)

    def _escaped(self, flags: _Flags) -> Node:
        if self._ahead("A") or self._ahead("z"):
            self.at += 1
            return Edge(self.text[self.at - 1] == "A")
        if self._ahead("b") or self._ahead("B") or self._ahead("C"):
            raise UntranslatableError(f"`\\{self.text[self.at]}`")
        found = self._perl_class()
        return Chars(found) if found is not None else _folded(Chars.of(chr(self._code())), flags)

    def _perl_class(self) -> iv.Intervals | None:
        """After a backslash; None if no class stands here."""
        char = self.text[self.at : self.at + 1]
        if char in ("p", "P"):
            raise UntranslatableError(f"`\\{char}`: Unicode's classes")
        if char.lower() not in _PERL:
            return None
        self.at += 1
        found = _PERL[char.lower()]
        return found if char.islower() else iv.complement(found, 0, HIGHEST)

    def _code(self) -> int:
        """The one character that stands after a backslash."""
        if found := self._taken(_HEX):
            code = int(found[1] or found[2], 16)
        elif found := self._taken(_OCTAL):
            code = int(found[0], 8)
        else:
            char = self.text[self.at : self.at + 1]
            self.at += 1
            if char in _CONTROLS:
                return _CONTROLS[char]
            if not char.isascii() or not char or (char.isalnum() or char.isspace() or not char.isprintable()):
                raise PatternError(f"`\\{char}`: no such escape, and no reference back")
            return ord(char)
        if code > HIGHEST:
            raise PatternError("a character beyond Unicode")
        if 0xD800 <= code <= 0xDFFF:
            raise UntranslatableError("half a character")
        return code

    # ------------------------------------------------------------------------------------------------ classes
    def _class(self, flags: _Flags) -> Node:
        self.at += 1
        is_negated = self._ahead("^")
        self.at += is_negated
        found: iv.Intervals = ()
        is_first = True
        while is_first or not self._ahead("]"):
            is_first = False
            if self.at >= len(self.text):
                raise PatternError("a `[` without its `]`")
            found = iv.union(found, self._member(flags))
        self.at += 1
        return Chars(iv.complement(found, 0, HIGHEST) if is_negated else found)

    def _member(self, flags: _Flags) -> iv.Intervals:
        """A class within the class, a character or a range."""
        if self._ahead("[:") and ":]" in self.text[self.at + 2 :]:
            posix = self._taken(_POSIX_CLASS)
            if posix is None or posix[2] not in _POSIX:
                raise PatternError("no such class of characters")
            codes = _folded(Chars(_POSIX[posix[2]]), flags).codes
            return iv.complement(codes, 0, HIGHEST) if posix[1] else codes
        if self._ahead("\\") and len(self.text) > self.at + 1 and self.text[self.at + 1].lower() in "dswp":
            self.at += 1
            found = self._perl_class()
            assert found is not None
            return found
        low = high = self._end_of_range()
        if self._ahead("-") and not self._ahead("-]") and self.at + 1 < len(self.text):
            self.at += 1
            high = self._end_of_range()
        if low > high:
            raise PatternError(f"the range `{chr(low)}-{chr(high)}` is empty")
        return _folded(Chars(((low, high),)), flags).codes

    def _end_of_range(self) -> int:
        self.at += 1
        if self.text[self.at - 1] == "\\":
            return self._code()
        return ord(self.text[self.at - 1])


def _folded(chars: Chars, flags: _Flags) -> Chars:
    """With the same letters in the other case, if case is ignored."""
    if not flags.ignores_case:
        return chars
    if any(high > 0x7F for _, high in chars.codes):
        raise UntranslatableError("letters beyond ASCII whose case is ignored")
    text = "".join(chr(code) for low, high in chars.codes for code in range(low, high + 1))
    alike = (_ALIKE.get(char.lower(), "") for char in text)
    return Chars.of(text + text.lower() + text.upper() + "".join(alike))


def literal_of(node: Node) -> str | None:
    """The only string that the expression matches, if it says so plainly."""
    match node:
        case Chars() if len(node.codes) == 1 and node.codes[0][0] == node.codes[0][1]:
            return chr(node.codes[0][0])
        case Sequence():
            parts = [literal_of(part) for part in node.parts]
            return None if None in parts else "".join(part for part in parts if part is not None)
        case _:
            return None
