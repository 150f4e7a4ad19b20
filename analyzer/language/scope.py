"""What a file's names stand for, and what is wrong with them: shared by everything that resolves syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from analyzer.errors import Problem
from analyzer.language.names import Advice, Fault, clipped, nearest
from analyzer.language.syntax import Syntax
from analyzer.language.trees import Token
from analyzer.model.formulas import Formula
from analyzer.model.source import Notice, Source

_PARAMETER = re.compile(r"\$(?:\{([^}]*)\}|([A-Za-z0-9_-]*))")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(slots=True)
class Scope:
    """Parameters and sets by name.  `sets` holds None for one whose own statement is in error.

    Problems and notices are collected, so that resolving goes on after an error.
    """

    file: str
    parameters: dict[str, str] = field(default_factory=dict)
    sets: dict[str, Formula | None] = field(default_factory=dict)
    later_sets: dict[str, int] = field(default_factory=dict)  # declared further down, by line
    broken_parameters: set[str] = field(default_factory=set)  # those whose own statement is in error
    used: set[str] = field(default_factory=set)  # names of sets, and of parameters with their `$`
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def problem(self, at: Token | Syntax, message: str, hint: str = "") -> None:
        line, column = place(at)
        instead = hint.instead if isinstance(hint, Advice) else ""
        found = Problem(
            self.file, line, column, clipped(message), clipped(hint), width=at.end - at.start, instead=instead
        )
        self.problems.append(found)

    def trial(self) -> Scope:
        """The same names, to resolve something in that is only tried."""
        return Scope(
            self.file, dict(self.parameters), dict(self.sets), dict(self.later_sets), set(self.broken_parameters)
        )

    def notice(self, at: Token | Syntax, message: str) -> None:
        self.notices.append(Notice(Source(self.file, place(at)[0]), message))

    def text(self, word: Token) -> str | None:
        """What a word or a quoted text stands for, parameters put in; None if it names an unknown one.

        A `$` in quotes is a dollar sign.
        """
        if word.type == "STRING":
            return unquoted(word)
        is_known = True

        def value(found: re.Match[str]) -> str:
            nonlocal is_known
            name = found[1] if found[1] is not None else found[2]
            self.used.add(f"${name}")
            if name not in self.parameters:
                is_known = False
                if name not in self.broken_parameters:
                    self.problem(word, f"no parameter `{name}`", self._parameter_hint(name))
            return self.parameters.get(name, "")

        text = _PARAMETER.sub(value, word)
        return text if is_known else None

    def checked(self, word: Token, fault: Fault) -> str | None:
        """As `text`, and None too if `fault` finds one."""
        text = self.text(word)
        return None if text is None or self.is_faulty(word, text, fault) else text

    def several(self, word: Token) -> list[str]:
        """As `text`, where a list may stand: a parameter may hold several entries, with commas between them."""
        text = self.text(word)
        if text is None:
            return []
        if word.type == "WORD" and "$" in word:
            return [part.strip() for part in text.split(",")]
        return [text]

    def is_faulty(self, word: Token, text: str, fault: Fault) -> bool:
        """Whether the text that the word stands for has the fault, which is then reported."""
        found = fault(text)
        if found:
            hint = ""
            if word.type == "STRING" and text.startswith("$"):
                hint = Advice(f"for the parameter, write `{text}` without quotes", text)
            elif text != text.lower() and not fault(text.lower()):
                hint = Advice(f"did you mean `{text.lower()}`?", word.replace(text, text.lower()))
            self.problem(word, f"`{text}` {found}{self.origin(word, text)}", hint)
        return bool(found)

    @staticmethod
    def origin(word: Token, text: str) -> str:
        """Where the text came from, if it is not what was written."""
        return f" (from `{word}`)" if word.type == "WORD" and "$" in word else ""

    def _parameter_hint(self, name: str) -> str:
        shorter = [known for known in self.parameters if name.startswith(known)]
        if shorter:
            longest = max(shorter, key=len)
            return f"for the parameter `{longest}` and then `{name[len(longest) :]}`, write `${{{longest}}}`"
        return nearest(name, self.parameters) or f'declare it: `param {name or "NAME"} = "…"`'


def place(at: Token | Syntax) -> tuple[int, int]:
    """Line and column where the token or the tree begins."""
    return at.line, at.column


def unquoted(word: Token) -> str:
    """A title, a name or a value as meant: quotes and escapes taken off."""
    return _ESCAPE.sub(r"\1", word[1:-1]) if word.type == "STRING" else str(word)
