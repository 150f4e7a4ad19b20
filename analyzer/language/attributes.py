"""The attributes that conditions compare: `src.namespace`, `dst.labels[team]`, in an assumption `labels[team]`."""

from __future__ import annotations

import re

from analyzer.language.names import label_key_fault, nearest
from analyzer.language.scope import Scope
from analyzer.language.syntax import Syntax, words
from analyzer.language.trees import Token
from analyzer.model.formulas import Attribute, Name, Role
from analyzer.records import dataclass

REQUEST = "request"

_HOLD_LABELS = {name.value: name for name in (Name.NAMESPACE_LABEL, Name.LABEL)}
_BY_NAME = {Name.NAMESPACE.value: Name.NAMESPACE, **_HOLD_LABELS, Name.SERVICE_ACCOUNT.value: Name.SERVICE_ACCOUNT}
_ROLES = {"src": Role.SRC, "dst": Role.DST}
_WITH_ROLE = re.compile(r"(src|dst)(?:\.(.*))?")
_OF_AN_END = "`src.namespace`, `src.namespace.labels[KEY]`, `src.labels[KEY]`, `src.service_account`, and so for `dst`"
_OF_A_POD = "`namespace`, `namespace.labels[KEY]`, `labels[KEY]`, `service_account`"


@dataclass(frozen=True, slots=True)
class Attributes:
    """Reads attributes.  `roles`: the ends that may be spoken of; SELF alone in an assumption."""

    scope: Scope
    roles: tuple[Role, ...]

    @property
    def is_assumption(self) -> bool:
        return Role.SELF in self.roles

    def are_named_by(self, operand: Syntax) -> bool:
        """Whether the operand is an attribute, be it a misplaced or misspelt one: `src.…`, `…[k]`, `namespace`."""
        word, *keys = words(operand)
        is_ours = word in _BY_NAME or _WITH_ROLE.fullmatch(word) is not None
        return word.type == "WORD" and (bool(keys) or is_ours)

    def attribute(self, operand: Syntax) -> Attribute | None:
        """The attribute; None and a problem if there is no such one."""
        word, *keys = words(operand)
        role, path = _split(word)
        name = _BY_NAME.get(path)
        if word.type == "STRING" or role not in self.roles:
            self.scope.problem(word, *self._misplaced(operand, role, path))
        elif name is None:
            self.scope.problem(word, f"`{word}` is no attribute", self._hint(word, path))
        elif path in _HOLD_LABELS and not keys:
            self.scope.problem(word, f"`{word}` wants a key", f"write `{word}[KEY]`")
        elif keys and path not in _HOLD_LABELS:
            hint = f"for a label write `{word}.labels[{keys[0]}]`" if path == "namespace" else ""
            self.scope.problem(keys[0], f"`{word}` has no key", hint)
        elif not keys:
            return Attribute(role, name)
        else:
            key = self.scope.checked(keys[0], label_key_fault)
            return None if key is None else Attribute(role, name, key)
        return None

    def label(self, operand: Syntax, key: Token) -> Attribute | None:
        """The label of that key that `src.labels`, `src.namespace.labels` or for short `src` has."""
        word, *keys = words(operand)
        role, path = _split(word)
        name = _HOLD_LABELS.get(path or "labels")
        if word.type == "STRING" or keys or role not in self.roles or name is None:
            self.scope.problem(word, f"`{shown(operand)}` has no labels to ask for", f"write {self._label(str(key))}")
            return None
        checked = self.scope.checked(key, label_key_fault)
        return None if checked is None else Attribute(role, name, checked)

    def own_label(self, key: Token) -> Attribute | None:
        """The label of that key of the one pod an assumption speaks of."""
        if not self.is_assumption:
            self.scope.problem(key, f"`{key}`: a label of which end?", f"write {self._label(str(key))}")
            return None
        checked = self.scope.checked(key, label_key_fault)
        return None if checked is None else Attribute(Role.SELF, Name.LABEL, checked)

    # -------------------------------------------------------------------------------------------- what went wrong
    def _misplaced(self, operand: Syntax, role: Role, path: str) -> tuple[str, str]:
        """Why the operand is no attribute of an end that may be spoken of here."""
        word = words(operand)[0]
        if word.type == "STRING":
            return f"{word} is a text, not an attribute", f"compare it with one of {self._all}"
        if self.is_assumption:
            rest = shown(operand)[4:] or "labels[KEY]"
            return f"`{word}`: an assumption speaks of one pod, without `src` and `dst`", f"write `{rest}`"
        if role is Role.DST:
            return f"`{word}`: isolation has no destination", "speak of `src`, the pod that is isolated"
        if path in _BY_NAME:
            ends = " or ".join(f"`{end.value}.{shown(operand)}`" for end in self.roles)
            return f"`{shown(operand)}`: of which end?", f"write {ends}"
        return f"`{word}` is no attribute", self._hint(word, path)

    def _hint(self, word: Token, path: str) -> str:
        _, labels, key = path.partition("labels.")
        if labels and key:
            return f"write `{str(word).removesuffix('.' + key)}[{key}]`"
        names = _BY_NAME if self.is_assumption else [f"{end.value}.{name}" for end in self.roles for name in _BY_NAME]
        likely = nearest(word, names)
        if not likely and "." not in word and not label_key_fault(word) and word not in _ROLES:
            return f"for a label write {self._label(word)}"
        return likely or f"there are {self._all}"

    def _label(self, key: str) -> str:
        prefixes = [""] if self.is_assumption else [f"{end.value}." for end in self.roles]
        return " or ".join(f"`{prefix}labels[{key}]`" for prefix in prefixes)

    @property
    def _all(self) -> str:
        return _OF_A_POD if self.is_assumption else _OF_AN_END


def shown(operand: Syntax) -> str:
    """The operand as written."""
    word, *keys = words(operand)
    return f"{word}[{keys[0]}]" if keys else str(word)


def _split(word: Token) -> tuple[Role, str]:
    """The end and the attribute that a word such as `src.namespace` speaks of."""
    found = _WITH_ROLE.fullmatch(word)
    return (_ROLES[found[1]], found[2] or "") if found else (Role.SELF, str(word))


def is_of_request(operand: Syntax) -> bool:
    """Whether the operand is an attribute of the request, be it a misspelt one."""
    word = words(operand)[0]
    return word.type == "WORD" and (word == REQUEST or word.startswith(f"{REQUEST}."))
