"""From counterexamples to findings: what is wrong, by its cause, with a fix for each.

The counterexamples of all queries that are refuted go to the rules and missing policies that they are due to
(`causes`).  For each, changes to the policy are tried in the oracle on connections like those found (`probes`,
`changes`, `closing`, `opening`), and the one that mends it becomes an edit of the text (`text_edits`).
"""

from analyzer.analysis.findings.rounds import findings_of
from analyzer.analysis.findings.texts import NoTexts, Texts

__all__ = ["NoTexts", "Texts", "findings_of"]
