"""What the word at a place of a query file means."""

from __future__ import annotations

import re

from analyzer.cli.editing import meanings
from analyzer.cli.editing.vocabulary import Vocabulary

_WORD = re.compile(r"@?[\w./$-]+")


def meaning(text: str, position: int, vocabulary: Vocabulary) -> tuple[str, int, int] | None:
    """What the word there means, and from where to where it goes; None where there is nothing to say."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : end if end >= 0 else len(text)]
    for found in _WORD.finditer(line):
        if found.start() <= position - start <= found.end():
            about = _about(text, line[: found.start()], found[0], vocabulary)
            return (about, start + found.start(), start + found.end()) if about else None
    return None


def _about(text: str, before: str, word: str, vocabulary: Vocabulary) -> str:
    if re.search(r"\b(?:namespace|namespace\s*[!=]=)\s+$", before):
        return vocabulary.namespaces.get(word, f"No manifest mentions a namespace `{word}`.")
    if re.search(r"\bworkload\s+$", before):
        return vocabulary.workloads.get(word, f"No manifest declares a workload `{word}`.")
    if re.search(r"\bservice\s+$", before):
        return vocabulary.services.get(word, f"No manifest declares a Service `{word}`.")
    if selector := re.search(r"\b(pods|namespaces)\([^()]*$", before):
        labels = vocabulary.pod_labels if selector[1] == "pods" else vocabulary.namespace_labels
        key = re.search(r"([\w./-]+)\s*!?==?\s*$", before)
        if key and key[1] in labels:
            return f"`{key[1]}={word}`: {labels[key[1]].get(word, 'no manifest has this value')}"
        return f"`{word}` is {', '.join(labels[word])}" if word in labels else f"No manifest has a label `{word}`."
    if word.startswith("$"):
        found = re.search(rf"^\s*param\s+{re.escape(word[1:].strip('{}'))}\s*=.*$", text, re.MULTILINE)
        return f"`{found[0].strip()}`" if found else ""
    declared = re.search(rf"^\s*let\s+{re.escape(word)}\s*=.*$", text, re.MULTILINE)
    if declared:
        return f"`{declared[0].strip()}`"
    return meanings.ALL.get(word, "") or meanings.OTHERS.get(word.partition(".")[0], "")
