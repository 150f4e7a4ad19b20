"""Documents that are no objects of the Kubernetes API, and the lines that name what was left out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from analyzer.manifests.sources.excluding import leaving_out
from analyzer.manifests.sources.kustomizations import GROUP, KINDS
from analyzer.manifests.text.nodes import Mapping
from analyzer.model.source import NOWHERE, LeftOut, Notice, Why

_SHOWN = 5


def is_no_object(value: Any) -> bool:
    """Whether a document has neither `apiVersion` nor `kind`, nor a misspelling of one, or is a kustomization."""
    if not isinstance(value, Mapping):
        return True
    return is_kustomization(value) or ("apiVersion" not in value and "kind" not in value and slip_of(value) is None)


def is_kustomization(data: Mapping) -> bool:
    version = data.get("apiVersion")
    return isinstance(version, str) and version.rpartition("/")[0] == GROUP and data.get("kind") in KINDS


def slip_of(data: Mapping) -> tuple[str, str] | None:
    """(as written, as meant) of a key that is `apiVersion` or `kind` misspelt; None if there is none.

    In an object, which has metadata beside it, more is taken for a slip than in a file of values.
    """
    is_like_an_object = isinstance(data.get("metadata"), Mapping)
    wanting = [meant for meant in ("apiVersion", "kind") if meant not in data]
    for key in data:
        bare = "".join(letter for letter in str(key).lower() if letter.isalnum())
        for meant in wanting:
            wanted = meant.lower()
            is_slip = bare[:1] == wanted[0] and _is_one_slip(bare, wanted)
            if is_slip or (is_like_an_object and _is_near(bare, wanted)):
                return str(key), meant
    return None


def _is_near(word: str, wanted: str) -> bool:
    return bool(get_close_matches(word, [wanted], n=1, cutoff=0.72))


def _is_one_slip(word: str, wanted: str) -> bool:
    """One letter is missing, too many or another, or two are swapped."""
    if abs(len(word) - len(wanted)) > 1 or word == wanted:
        return word == wanted
    at = next((i for i, (a, b) in enumerate(zip(word, wanted, strict=False)) if a != b), min(len(word), len(wanted)))
    left, right = word[at:], wanted[at:]
    swapped = len(left) > 1 and len(right) > 1 and left[:2] == right[1::-1] and left[2:] == right[2:]
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]


def lines_of(left_out: Iterable[LeftOut]) -> Iterator[Notice]:
    """One notice for what was passed over, one for what is no object; each holds all of it and names the first."""
    entries = sorted(dict.fromkeys(left_out), key=lambda entry: entry.source)
    for group in (
        [entry for entry in entries if not entry.why.is_no_object],
        [entry for entry in entries if entry.why.is_no_object],
    ):
        if group:
            yield Notice(NOWHERE, _line(group), True, tuple(str(entry.source) for entry in group))


def _line(group: list[LeftOut]) -> str:
    named = [str(entry.source) for entry in group[:_SHOWN]]
    names = ", ".join(named) + (f" and {len(group) - _SHOWN} more" if len(group) > _SHOWN else "")
    count = len(group)
    if group[0].why.is_no_object:
        text = "1 document is no Kubernetes object" if count == 1 else f"{count} documents are no Kubernetes objects"
        text = f"{text} and {'was' if count == 1 else 'were'} left out: {names}"
    else:
        reasons = dict.fromkeys(entry.why for entry in group)
        text = f"{count} {'entry' if count == 1 else 'entries'} left out: {names} ({'; '.join(map(_reason, reasons))})"
    return text + "".join(_ways_out(group))


def _reason(why: Why) -> str:
    return {
        Why.ENDING: "kubectl reads names that end in .json, .yaml or .yml in these letters",
        Why.LINK: "kubectl follows no link to a directory",
        Why.EXCLUDED: "as --exclude says",
        Why.CHART: "the templates of Helm charts",
        Why.UNLISTED: "beside kustomizations that do not list them",
        Why.KIND: "kinds that netproof does not know; in a dump, answers that their objects could change are unknown",
    }[why]


def _ways_out(group: list[LeftOut]) -> Iterator[str]:
    """What the user can do."""
    for chart in [entry.source.file for entry in group if entry.why is Why.CHART][:1]:
        way = f"`helm template NAME {shlex.quote(chart)} | netproof check -`"
        yield f"; --render reads what it renders to, or render it and pipe it in: {way}"
    for template in [entry.source.file for entry in group if entry.why is Why.SKIPPED][:1]:
        yield (
            f"; answers that {template} could change are unknown until it is rendered, or left out with "
            f"`{leaving_out(template)}`"
        )
