"""Questions about the folder `m`, with findings whose patches can be applied there."""

from dataclasses import replace
from pathlib import Path

from analyzer import analysis, inputs
from analyzer.analysis.findings import findings_of
from analyzer.manifests import load
from analyzer.manifests.changing import Rules, keep
from analyzer.manifests.locating import Locator
from analyzer.model.claims import Universe


def answered(queries):
    """The answer to queries, with its findings."""
    cluster = load(["m"], stdin=bytes).cluster
    packs = inputs.questions([], queries, [])
    setting = analysis.Setting(Universe.NAMESPACES, inputs.profile_for(None, (), cluster))
    answer = analysis.check(cluster, packs, setting=setting)
    again = keep(["m"], (), Rules())
    texts = Locator(read, lambda files: again.with_texts(files).loaded.cluster)
    return replace(answer, findings=findings_of(answer, cluster, setting, texts, packs))


def read(name):
    return Path(name).read_bytes() if Path(name).is_file() else None
