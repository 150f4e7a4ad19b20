"""What a question gives: data to work with, and the reports of the command line to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from analyzer.errors import UsageError
from analyzer.inputs import nearest
from analyzer.records import dataclass
from analyzer.reports.layout import Style
from analyzer.reports.notebook import render_cell
from analyzer.verdicts import Answer, Status, Verdict
from analyzer.verdicts.connectivity import ConnectivityMap, end_id
from analyzer.verdicts.difference import Difference, InventoryDifference, Relation
from analyzer.verdicts.explanation import Explanation, Outcome
from analyzer.verdicts.findings import Finding

if TYPE_CHECKING:
    from analyzer.model.cluster import Cluster
    from analyzer.sets import ConnectionSet

_WIDTH = 100


class Shown:
    """A result that shows itself: as text, as a cell of a notebook, or in a format of its command."""

    FORMATS: ClassVar[tuple[str, ...]] = ("text", "json")

    def render(self, format: str = "text") -> str:
        """The report of the command line in one of `FORMATS`.  UsageError for another."""
        if format not in self.FORMATS:
            raise UsageError(f"unknown format `{format}`", nearest(format, self.FORMATS))
        return self._rendered(format, Style(width=_WIDTH)).decode("utf-8")

    def _rendered(self, format: str, style: Style) -> bytes:
        raise NotImplementedError

    def __str__(self) -> str:
        return self.render().strip("\n")

    def _repr_html_(self) -> str:
        return render_cell(self._rendered("text", Style(width=_WIDTH, color=True)).decode("utf-8").strip("\n"))


@dataclass(frozen=True)
class CheckResult(Shown):
    """The verdicts of a `check`; `result["query"]` is the one on the query of that id."""

    FORMATS: ClassVar[tuple[str, ...]] = (
        "text", "json", "sarif", "junit", "markdown", "html", "concise", "github",
    )  # fmt: skip

    answer: Answer
    cluster: Cluster

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong by its cause, the worst first, each with its fix."""
        return self.answer.findings

    @property
    def status(self) -> Status:
        """The worst verdict, those excused left out."""
        return self.answer.status

    @property
    def is_proved(self) -> bool:
        """Everything asked is proved, or excused."""
        return self.status is Status.PROVED

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One for each query, in order."""
        return self.answer.verdicts

    def __getitem__(self, query: str) -> Verdict:
        """The verdict on the query of that id, `q1` for the first one given as text.  KeyError if none is called so."""
        for verdict in self.verdicts:
            if verdict.query.id == query:
                return verdict
        raise KeyError(query)

    def changed_since(self, before: CheckResult) -> tuple[tuple[Verdict, Verdict], ...]:
        """The verdicts that say something else than before: each pair is the one before and the one now.  Both results
        must be of the same queries."""
        from analyzer.analysis import changed_verdicts

        return changed_verdicts(before.answer, self.answer)

    def _rendered(self, format: str, style: Style) -> bytes:
        from analyzer.reports.check_formats import render_check

        return render_check(self.answer, format, self.cluster, style, date.today())


@dataclass(frozen=True)
class DiffResult(Shown):
    """How two revisions differ; `difference` has the regions, or in `inventory` the pairs, that changed."""

    FORMATS: ClassVar[tuple[str, ...]] = ("text", "json", "markdown")

    difference: Difference | InventoryDifference

    @property
    def relation(self) -> Relation:
        """Equivalent, more or less permissive, incomparable, or unknown."""
        return self.difference.relation

    @property
    def is_equivalent(self) -> bool:
        """Both permit the same, for certain."""
        return self.relation is Relation.EQUIVALENT

    def _rendered(self, format: str, style: Style) -> bytes:
        from analyzer.reports.diff_formats import render_diff

        return render_diff(self.difference, format, style)


@dataclass(frozen=True)
class ExplainResult(Shown):
    """What is allowed from one end to another, and why: `explanation` has both sides, each tier, each rule."""

    explanation: Explanation

    @property
    def outcome(self) -> Outcome:
        """Allowed if some of what is asked about passes for certain, denied if none of it may pass, else unknown."""
        return self.explanation.outcome

    @property
    def allowed(self) -> ConnectionSet:
        """What may be allowed of what is asked about."""
        return self.explanation.allowed

    @property
    def certain(self) -> ConnectionSet:
        """What is allowed whatever is not known."""
        return self.explanation.certain

    def _rendered(self, format: str, style: Style) -> bytes:
        from analyzer.reports.explain_json import render_explanation_json
        from analyzer.reports.explain_text import render_explanation_text

        if format == "json":
            return render_explanation_json(self.explanation)
        return render_explanation_text(self.explanation, style)


@dataclass(frozen=True)
class MapResult(Shown):
    """Every connection that is allowed; iterating gives source, destination and what may be allowed between them."""

    FORMATS: ClassVar[tuple[str, ...]] = ("text", "json", "csv", "markdown", "dot", "mermaid", "svg", "html")

    map: ConnectivityMap

    def __iter__(self) -> Iterator[tuple[str, str, ConnectionSet]]:
        """Each pair of ends of which one may open something to the other, by their ids."""
        for src, dst, row in self.map.pairs():
            yield end_id(src), end_id(dst), row.allowed

    def __len__(self) -> int:
        return self.map.pair_count

    def _rendered(self, format: str, style: Style) -> bytes:
        from analyzer.reports.map_formats import render_map

        return render_map(self.map, format, is_grouped=False, style=style)
