"""Conditions over the two ends of a connection, or over the pod of an assumption."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lark import Token

from analyzer.language.names import label_key_fault, label_value_fault, namespace_fault, nearest, object_name_fault
from analyzer.language.scope import Scope
from analyzer.language.selectors import label_values
from analyzer.language.syntax import Syntax, parts, words
from analyzer.model.claims import (
    AllOf,
    AnyOf,
    Attribute,
    Condition,
    Equal,
    Has,
    NotThat,
    OneOf,
    Role,
    Term,
)

_ATTRIBUTES = {attribute.value: attribute for attribute in Attribute}
_LABELS = (Attribute.LABEL, Attribute.NAMESPACE_LABEL)
_ROLES = {"src": Role.SRC, "dst": Role.DST}
_WITH_ROLE = re.compile(r"(src|dst)(?:\.(.*))?")
_VALUE_FAULTS = {
    Attribute.NAMESPACE: namespace_fault,
    Attribute.NAMESPACE_LABEL: label_value_fault,
    Attribute.LABEL: label_value_fault,
    Attribute.SERVICE_ACCOUNT: object_name_fault,
}
_IN_CLAIM = "`src.namespace`, `src.namespace.labels[KEY]`, `src.labels[KEY]`, `src.service_account`, and so for `dst`"
_IN_ASSUMPTION = "`namespace`, `namespace.labels[KEY]`, `labels[KEY]`, `service_account`"
_TRUE = AllOf(())  # for a condition in error, so that resolving goes on


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads conditions.  `roles`: the ends that may be spoken of; SELF alone in an assumption."""

    scope: Scope
    roles: tuple[Role, ...]

    @property
    def is_assumption(self) -> bool:
        return Role.SELF in self.roles

    # -------------------------------------------------------------------------------------------- connectives
    def condition(self, tree: Syntax) -> Condition:
        """What a `condition`, or anything below it, says.  Errors are reported and count as true."""
        match tree.data:
            case "condition":
                found = [self.condition(part) for part in parts(tree)]
                return found[0] if len(found) == 1 else AnyOf(tuple(found))
            case "conjunction":
                found = [self.condition(part) for part in parts(tree)]
                return found[0] if len(found) == 1 else AllOf(tuple(found))
            case "negation":
                part = self.condition(parts(tree)[0])
                return NotThat(part) if len(words(tree)) % 2 else part
            case _:
                return self._fact(tree) or _TRUE

    def _fact(self, tree: Syntax) -> Condition | None:
        match tree.data:
            case "equal":
                return self._equal(tree)
            case "unequal":
                equal = self._equal(tree)
                return None if equal is None else NotThat(equal)
            case "among" | "not_among":
                operand, values = parts(tree)
                term = self._term(operand)
                if term is None:
                    return None
                among = self._among(term, values)
                return NotThat(among) if tree.data == "not_among" else among
            case "has":
                return self._has(parts(tree)[0])
            case "has_key":
                return self._has_key(parts(tree)[0], words(tree)[0])
            case _:
                return self._bare(parts(tree)[0])

    # -------------------------------------------------------------------------------------------- comparisons
    def _equal(self, tree: Syntax) -> Equal | None:
        left, right = parts(tree)
        if self._is_literal(left) and not self._is_literal(right):
            left, right = right, left
        term = self._term(left)
        if term is None:
            return None
        if not self._is_literal(right):
            other = self._term(right)
            return None if other is None else Equal(term, other)
        value = self.scope.checked(words(right)[0], _VALUE_FAULTS[term.attribute])
        return None if value is None else Equal(term, value)

    def _among(self, term: Term, values: Syntax) -> OneOf:
        fault = _VALUE_FAULTS[term.attribute]
        if fault is label_value_fault:
            return OneOf(term, label_values(values, self.scope))
        found = ((word, text) for word in words(values) for text in self.scope.several(word))
        return OneOf(term, frozenset(text for word, text in found if not self.scope.is_faulty(word, text, fault)))

    def _has(self, operand: Syntax) -> Condition | None:
        """`has src.labels[k]`; in an assumption `has k` too."""
        if self.is_assumption and not self._is_attribute(operand):
            return self._own_label(words(operand)[0])
        term = self._term(operand)
        return None if term is None else Has(term)

    def _has_key(self, operand: Syntax, key: Token) -> Condition | None:
        """`src.labels has k`, or `src has k` for short."""
        word = words(operand)[0]
        attribute = {"labels": Attribute.LABEL, "namespace.labels": Attribute.NAMESPACE_LABEL, "": Attribute.LABEL}
        role, path = self._split(word)
        name = self.scope.checked(key, label_key_fault)
        if role not in self.roles or path not in attribute or len(words(operand)) > 1:
            hint = "write `has labels[KEY]`" if self.is_assumption else "write `has src.labels[KEY]`"
            self.scope.problem(word, f"`{word}` has no labels to ask for", hint)
            return None
        return None if name is None else Has(Term(role, attribute[path], name))

    def _bare(self, operand: Syntax) -> Condition | None:
        """In an assumption the `has` of the sentence serves: `every S has team`."""
        word = words(operand)[0]
        if not self.is_assumption:
            hint = f"to ask whether it is there, write `has {_shown(operand)}`"
            self.scope.problem(word, f"`{_shown(operand)}` is compared with nothing", hint)
            return None
        return self._has(operand)

    def _own_label(self, key: Token) -> Condition | None:
        name = self.scope.checked(key, label_key_fault)
        return None if name is None else Has(Term(Role.SELF, Attribute.LABEL, name))

    # -------------------------------------------------------------------------------------------- attributes
    def _is_literal(self, operand: Syntax) -> bool:
        word = words(operand)[0]
        return word.type == "STRING" or not self._is_attribute(operand)

    def _is_attribute(self, operand: Syntax) -> bool:
        """Whether the words name an attribute, be it a misplaced or misspelt one: `src.…`, `…[k]`, `namespace`."""
        word = words(operand)[0]
        has_key = len(words(operand)) > 1
        is_ours = word in _ATTRIBUTES or _WITH_ROLE.fullmatch(word) is not None
        return word.type == "WORD" and (has_key or is_ours)

    def _split(self, word: Token) -> tuple[Role, str]:
        """The end and the attribute that a word such as `src.namespace` speaks of."""
        found = _WITH_ROLE.fullmatch(word)
        return (_ROLES[found[1]], found[2] or "") if found else (Role.SELF, str(word))

    def _term(self, operand: Syntax) -> Term | None:
        word, *keys = words(operand)
        role, path = self._split(word)
        if word.type == "STRING" or role not in self.roles:
            self.scope.problem(word, *self._misplaced(word, role, path))
            return None
        attribute = _ATTRIBUTES.get(path)
        if attribute is None:
            self.scope.problem(word, f"`{word}` is no attribute", _attribute_hint(path, word, self.is_assumption))
            return None
        if attribute in _LABELS and not keys:
            self.scope.problem(word, f"`{word}` wants a key", f"write `{word}[KEY]`")
            return None
        if keys and attribute not in _LABELS:
            self.scope.problem(keys[0], f"`{word}` has no key", f"write `{word}.labels[{keys[0]}]` for a label")
            return None
        if not keys:
            return Term(role, attribute)
        key = self.scope.checked(keys[0], label_key_fault)
        return None if key is None else Term(role, attribute, key)

    def _misplaced(self, word: Token, role: Role, path: str) -> tuple[str, str]:
        if word.type == "STRING":
            return f"{word} is a text, not an attribute", "compare an attribute with it: `src.labels[KEY] == …`"
        if self.is_assumption:
            return (
                f"`{word}`: an assumption speaks of one pod, without `src` and `dst`",
                f"write `{path or 'labels[KEY]'}`",
            )
        if role is Role.DST:
            return f"`{word}`: isolation has no destination", "speak of `src`, the pod that is isolated"
        if path in _ATTRIBUTES:
            ends = " or ".join(f"`{end.value}.{path}`" for end in self.roles)
            return f"`{word}`: of which end?", f"write {ends}"
        return f"`{word}` is no attribute", nearest(
            word, [f"{end.value}.{path}" for end in self.roles for path in _ATTRIBUTES]
        ) or f"there are {_IN_CLAIM}"


def _shown(operand: Syntax) -> str:
    word, *keys = words(operand)
    return f"{word}[{keys[0]}]" if keys else str(word)


def _attribute_hint(path: str, word: Token, is_assumption: bool) -> str:
    _, labels, key = path.partition("labels.")
    if labels and key:
        return f"write `{str(word).removesuffix('.' + key)}[{key}]`"
    prefix = "" if is_assumption else f"{str(word)[:3]}."
    return (
        nearest(str(word), [prefix + name for name in _ATTRIBUTES])
        or f"there are {_IN_ASSUMPTION if is_assumption else _IN_CLAIM}"
    )
