"""A whole query file: its statements to a resolved pack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from analyzer.errors import Problem, QueryError
from analyzer.language.bare import BareClaim, bare_claim
from analyzer.language.claims import claim
from analyzer.language.claims import text as text_of_claim
from analyzer.language.conditions import condition
from analyzer.language.correcting import nearest_form_of_claim, nearest_forms, shown_in
from analyzer.language.ends import ends
from analyzer.language.metadata import OF_PACK, OF_PARAMETER, OF_QUERY, metadata
from analyzer.language.names import FIRST_WORDS, nearest, set_name_fault, statement_name_fault
from analyzer.language.scope import Scope, place, unquoted
from analyzer.language.size import Sizes, bound_claim
from analyzer.language.syntax import Syntax, parse, parts, reserved_words, words
from analyzer.language.text import Passage, cut, plain_lines
from analyzer.language.trees import Token
from analyzer.model.claims import Assumption, Pack, Query
from analyzer.model.ends import can_be_pods
from analyzer.model.formulas import Role
from analyzer.model.source import Notice, Source
from analyzer.records import dataclass

_NAMED = re.compile(r"\s*(let|param|assert|assume)\s+([\w.-]+)")


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement with the annotations before it and the text that it was read from."""

    body: Syntax
    annotations: tuple[Syntax, ...]
    passage: Passage

    @property
    def kind(self) -> str:
        return str(self.body.data)

    @property
    def name(self) -> Token:
        return words(self.body)[0]

    @property
    def title(self) -> str:
        return next((unquoted(word) for word in words(self.body)[1:] if word.type == "STRING"), "")


def pack(written: str, file: str, given: Mapping[str, str]) -> Pack:
    """The pack that the text is; QueryError with all that is wrong with it."""
    scope = Scope(file)
    passages, problems = cut(written, file)
    scope.problems += problems
    reading = _Reading(scope)
    statements = tuple(reading.statements(passages))
    reading.declare(statements, given)
    found = reading.resolve(statements)
    if scope.problems:
        raise QueryError(shown_in(written, nearest_forms(passages, scope)))
    return found


def query(written: str, id: str, file: str) -> Query:
    """The query that a bare claim asks; QueryError with all that is wrong with it."""
    asked = bare_claim(written, file)
    if not isinstance(asked, BareClaim):
        raise QueryError(shown_in(written, nearest_form_of_claim(written, asked)))
    text = text_of_claim(plain_lines(written))
    return Query(id, "", asked.claim, text, universe=asked.universe, source=Source(file, 1))


class _Reading:
    """One file on its way: what its statements declare, then what they say."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.sizes = Sizes(scope)
        self.has_broken_statement = False

    # -------------------------------------------------------------------------------------------- statements
    def statements(self, passages: tuple[Passage, ...]) -> Iterator[_Statement]:
        """The statements in order; annotations on lines of their own go with the statement that follows."""
        waiting: list[Syntax] = []
        plain = _named_like_words(passages)
        for passage in passages:
            tree = parse(passage, "statement", self.scope.file, plain) if passage.is_sound else None
            if tree is None or isinstance(tree, Problem):
                self.scope.problems += [tree] if tree else []
                self._note_broken(passage)
                waiting = []
                continue
            waiting += (part for part in parts(tree) if part.data == "annotation")
            bodies = [part for part in parts(tree) if part.data != "annotation"]
            if bodies:
                yield _Statement(bodies[0], tuple(waiting), passage)
                waiting = []
        self._misplaced(waiting)

    def _misplaced(self, annotations: Sequence[Syntax]) -> None:
        for annotation in annotations:
            self.scope.problem(annotation, "an annotation belongs before `assert`, before `pack` or before `param`")

    def _note_broken(self, passage: Passage) -> None:
        """A name whose statement is in error is known all the same, so that its uses are no further errors."""
        self.has_broken_statement = True
        found = _NAMED.match(passage.text)
        if found and found[1] == "let":
            self.scope.sets.setdefault(found[2], None)
        elif found and found[1] == "param":
            self.scope.broken_parameters.add(found[2])

    # -------------------------------------------------------------------------------------------- declarations
    def declare(self, statements: Sequence[_Statement], given: Mapping[str, str]) -> None:
        """Put parameters and sets into the scope.  A set may use those above it; queries may use all."""
        first: dict[tuple[str, str], int] = {}
        for statement in statements:
            name, line = statement.name, place(statement.name)[0]
            fault = set_name_fault if statement.kind in ("let", "param") else statement_name_fault
            self.scope.is_faulty(name, str(name), fault)
            key = (statement.kind, "" if statement.kind == "pack" else str(name))
            if key in first and statement.kind == "pack":
                self.scope.problem(name, f"a file has one `pack` line, the first on line {first[key]}", "take one away")
            elif key in first:
                hint = "give one of them another name"
                self.scope.problem(name, f"`{name}` is declared twice, the first on line {first[key]}", hint)
            first.setdefault(key, line)
            if statement.annotations and statement.kind not in ("assertion", "pack", "param"):
                self._misplaced(statement.annotations)
        self._parameters([s for s in statements if s.kind == "param"], given)
        lets = [s for s in statements if s.kind == "let"]
        self.scope.later_sets = {str(s.name): place(s.name)[0] for s in reversed(lets)}
        for statement in lets:
            self._let(statement)

    def _parameters(self, statements: Sequence[_Statement], given: Mapping[str, str]) -> None:
        declared = self.scope.parameters
        for statement in statements:
            name, value = words(statement.body)[:2]
            usual = unquoted(value)
            declared[str(name)] = chosen = given.get(str(name), usual)
            about = metadata(statement.annotations, OF_PARAMETER, self.scope)
            if about.may_be_empty and not chosen.strip():
                declared[str(name)] = ""
            elif usual.strip() and not chosen.strip():
                hint = "give it a value; a pack that can do without one says `@empty(allowed)` before `param`"
                self.scope.problem(name, f"the parameter `{name}` is set to nothing", hint)
        for other in given:
            if other not in declared and other not in self.scope.broken_parameters:
                are = ", ".join(f"`{name}`" for name in declared)
                hint = nearest(other, declared) or (f"it has {are}" if are else "it has none")
                self.scope.problems.append(Problem(self.scope.file, 0, 0, f"no parameter `{other}`", hint))

    def _let(self, statement: _Statement) -> None:
        name = statement.name
        if name in FIRST_WORDS:
            self.scope.problem(name, f"`{name}` is a keyword and cannot name a set", "choose another name")
        elif name in reserved_words():
            text = f"`{name}` has become a word of the language, and in this file still names the set of this line"
            self.scope.notice(name, f"{text}; give the set another name")
        members = ends(parts(statement.body)[0], self.scope)
        self.scope.sets[str(name)] = self.sizes.bounded(members, statement.body)
        self.scope.later_sets.pop(str(name), None)

    # -------------------------------------------------------------------------------------------- what they say
    def resolve(self, statements: Sequence[_Statement]) -> Pack:
        """The pack; worth nothing if the scope holds problems afterwards."""
        scope = self.scope
        queries = tuple(self._query(s) for s in statements if s.kind == "assertion")
        assumptions = tuple(self._assumption(s) for s in statements if s.kind == "assumption")
        head = next((s for s in statements if s.kind == "pack"), None)
        about = metadata(head.annotations if head else (), OF_PACK, scope)
        if not queries and not self.has_broken_statement:
            hint = 'a query reads `assert NAME "TITLE": no pods(app=web) can reach internet`'
            scope.problems.append(Problem(scope.file, 0, 0, "holds no query", hint))
        return Pack(
            name=str(head.name) if head else _name_of(scope.file),
            title=head.title if head else "",
            queries=queries,
            assumptions=assumptions,
            parameters=tuple(scope.parameters.items()),
            notices=tuple(sorted({*scope.notices, *self._unused(statements)})),
            source=Source(scope.file, place(head.name)[0] if head else 0),
            description=about.description,
            shows=tuple(about.shows),
            does_not_show=tuple(about.does_not_show),
        )

    def _query(self, statement: _Statement) -> Query:
        tree = parts(statement.body)[-1]
        found, universe = claim(tree, self.scope)
        bound_claim(found, tree, self.sizes)
        about = metadata(statement.annotations, OF_QUERY, self.scope)
        return Query(
            id=str(statement.name),
            title=statement.title,
            claim=found,
            text=text_of_claim(statement.passage.text[tree.start : tree.end]),
            severity=about.severity,
            controls=tuple(about.controls),
            description=about.description,
            remediation=about.remediation,
            universe=universe,
            source=Source(self.scope.file, place(statement.name)[0]),
        )

    def _assumption(self, statement: _Statement) -> Assumption:
        members_tree, condition_tree = parts(statement.body)
        members = self.sizes.bounded(ends(members_tree, self.scope), members_tree)
        if not can_be_pods(members):
            self.scope.problem(members_tree, "no pod can be in this set, and an assumption speaks of pods")
        fact = condition(condition_tree, self.scope, Role.SELF)
        source = Source(self.scope.file, place(statement.name)[0])
        return Assumption(str(statement.name), statement.title, members, fact, source)

    def _unused(self, statements: Sequence[_Statement]) -> Iterator[Notice]:
        for statement in statements:
            sign = {"let": "", "param": "$"}.get(statement.kind)
            if sign is not None and f"{sign}{statement.name}" not in self.scope.used:
                what = "parameter" if sign else "set"
                source = Source(self.scope.file, place(statement.name)[0])
                yield Notice(source, f"the {what} `{statement.name}` is not used")


def _named_like_words(passages: Iterable[Passage]) -> frozenset[str]:
    """The words of the language that sets of this file are called, from before they were words."""
    found = (_NAMED.match(passage.text) for passage in passages)
    names = {it[2] for it in found if it is not None and it[1] == "let"}
    return (reserved_words() & names) - FIRST_WORDS


def _name_of(file: str) -> str:
    """A pack without a name is called after its file, or after the folder of a `pack.npq`."""
    path = PurePath(file)
    return path.parent.name if path.name == "pack.npq" and path.parent.name else path.stem
