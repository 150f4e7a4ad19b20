"""The words of regions."""

from analyzer import analysis
from analyzer.judging import Setting
from analyzer.language import parse_pack
from analyzer.model.claims import Universe
from analyzer.model.cluster import Cluster
from analyzer.model.profile import PROFILES


def test_namespaces_that_nobody_mentions_make_one_region_and_not_one_each():
    claim = "no pods can reach pods where src.namespace != dst.namespace"
    setting = Setting(Universe.ANY, PROFILES["generic"])
    answer = analysis.check(Cluster(()), [parse_pack(f"assert it:\n  {claim}\n", "it.npq")], setting=setting)
    (verdict,) = answer.verdicts
    told = [(it.region.src.namespaces, it.region.dst.namespaces) for it in verdict.counterexamples]
    assert told == [(("<new-namespace>",), ("<new-namespace>",))]
    assert verdict.is_complete
