"""What tests of the commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analyzer.analysis import check
from analyzer.analysis.findings import findings_of


def _once(work_out: Callable[..., Any]) -> Callable[..., Any]:
    """The same, worked out once for all that its arguments are written as; a query's text is not written."""
    found: dict[str, Any] = {}

    def remembered(*given: Any, texts: object = None, progress: object = None, **how: Any) -> Any:
        asked = [[query.text for query in pack.queries] for pack in given[-1]]
        question = repr((given, asked, sorted(how.items())))
        if question not in found:
            more = {} if texts is None else {"texts": texts}
            found[question] = work_out(*given, **more, **how)
        return found[question]

    return remembered


_check = _once(check)
_findings = _once(
    lambda answer, cluster, setting, packs, texts, jobs: findings_of(answer, cluster, setting, texts, packs, jobs=jobs)
)


@pytest.fixture
def answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of how an answer is told, of manifests that none changes: it and its findings are worked out once."""
    monkeypatch.setattr("analyzer.analysis.check", _check)
    monkeypatch.setattr(
        "analyzer.analysis.findings.findings_of",
        lambda answer, cluster, setting, texts, packs, jobs: _findings(
            answer, cluster, setting, packs, texts=texts, jobs=jobs
        ),
    )
