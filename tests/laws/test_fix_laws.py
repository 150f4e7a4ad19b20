"""Fixes on drawn clusters with planted causes.

What is open now between workloads and forbidden by no refuted query is open once a fix is made, or the finding tells
that it is cut; the patch of all fixes together proves what it says and cuts what it tells, and no edit of it is
needless.  Every finding stands in text that the user wrote.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import analysis, inputs
from analyzer.analysis.findings import findings_of
from analyzer.judging import question_of
from analyzer.manifests import load
from analyzer.manifests.changing import Rules, keep
from analyzer.manifests.locating import Locator
from analyzer.model.claims import Kind, Universe
from analyzer.model.endpoints import Connection, External, pod_of
from analyzer.model.policies import Protocol
from analyzer.semantics import decide, is_in_scope
from analyzer.verdicts import Status
from analyzer.verdicts.findings import patch_of

NAMES = ("shop", "blog", "ops")
APPS = ("web", "db", "job")
FORBIDDING = (Kind.NO, Kind.ONLY, Kind.REACHES_ONLY)
DNS_PORTS = [{"protocol": "UDP", "port": 53}]
EVERYBODY = {"namespaceSelector": {}}


def app(name):
    return {"podSelector": {"matchLabels": {"app": name}}}


def of(namespace):
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


# What a rule may say of the far end; slips among them.
PEERS = st.sampled_from([
    None, [EVERYBODY], [EVERYBODY, app("web")], [app("web")], [app("job"), of("ops")], [of("blog")],
    [{"namespaceSelector": {"matchExpressions": [{"key": "tenant", "operator": "NotIn", "values": ["blog"]}]}}],
    [{"ipBlock": {"cidr": "0.0.0.0/0"}}], [{"podSelector": {}}],
])  # fmt: skip
PORTS = st.sampled_from([None, [{"port": 5432}], [{"port": 80}], DNS_PORTS])
RULES = st.lists(
    st.builds(lambda peers, ports: (peers, ports), PEERS, PORTS), min_size=0, max_size=2
)  # fmt: skip
TYPES = st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
CLAIMS = (
    "no namespace ops can reach namespace shop",
    "no pods in namespace blog can reach pods(app=db) in namespace shop",
    "no namespace shop can reach internet",
    "no anything can reach pods(app=db) in namespace shop where src.namespace != dst.namespace",
    "no pods can reach namespace blog on tcp/22 where src.namespace != dst.namespace",
    "only pods(app=web) in namespace shop can reach pods(app=db) in namespace shop",
    "pods in namespace blog can reach only pods in namespace blog or namespace kube-system",
    "some pods(app=web) in namespace blog can reach pods(app=db) in namespace shop on tcp/5432",
)


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"tenant": name}}}


def workload(at, name, ports):
    container = {"name": "c", "image": "x", "ports": [{"containerPort": port} for port in ports]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": at},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


def _rule(key, peers, ports):
    return ({key: peers} if peers is not None else {}) | ({"ports": ports} if ports is not None else {})


def policy(at, number, subject, types, into, out):
    spec = {"podSelector": {} if subject is None else app(subject)["podSelector"], "policyTypes": types}
    if "Ingress" in types:
        spec["ingress"] = [_rule("from", *it) for it in into]
    if "Egress" in types:
        spec["egress"] = [_rule("to", *it) for it in out]
    metadata = {"name": f"p{number}", "namespace": at}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


@st.composite
def scenes(draw):
    """The objects of a cluster, and what is asked of it."""
    objects = [namespace(name) for name in NAMES]
    for at, name in product(NAMES, APPS):
        if draw(st.booleans()):
            objects.append(workload(at, name, draw(st.sampled_from([[], [5432], [80, 5432], [22]]))))
    for number in range(draw(st.integers(1, 3))):
        subject = draw(st.sampled_from([None, *APPS]))
        at, types = draw(st.sampled_from(NAMES[:2])), draw(TYPES)
        objects.append(policy(at, number, subject, types, draw(RULES), draw(RULES)))
    return objects, draw(st.lists(st.sampled_from(CLAIMS), min_size=1, max_size=3, unique=True))


def read(name):
    return Path(name).read_bytes() if Path(name).is_file() else None


class Asked:
    """A folder of manifests, asked and mended."""

    def __init__(self, folder, queries):
        self.folder, self.queries = folder, queries

    def statuses(self):
        """The verdicts, without findings."""
        cluster = load([str(self.folder)], stdin=bytes).cluster
        packs = inputs.questions([], self.queries, [])
        setting = analysis.Setting(Universe.NAMESPACES, inputs.profile_for(None, (), cluster))
        found = analysis.check(cluster, packs, setting=setting).verdicts
        return cluster, {it.query.id: it.status for it in found}

    def answer(self):
        cluster = load([str(self.folder)], stdin=bytes).cluster
        packs = inputs.questions([], self.queries, [])
        setting = analysis.Setting(Universe.NAMESPACES, inputs.profile_for(None, (), cluster))
        answer = analysis.check(cluster, packs, setting=setting)
        again = keep([str(self.folder)], (), Rules())
        texts = Locator(read, lambda files: again.with_texts(files).loaded.cluster)
        return cluster, setting, replace(answer, findings=findings_of(answer, cluster, setting, texts, packs))


def ends_of(cluster):
    return [
        (it.owner, pod_of(it, cluster.namespace_by_name[it.namespace].labels, ip_address(f"10.9.0.{number + 1}")), it)
        for number, it in enumerate(cluster.workloads)
    ]


def wanted(cluster, setting, answer):
    """What is open between ends that are there, and forbidden by no refuted query: (names, connection)."""
    claims = [
        question_of(cluster, it.query, (), setting).claim for it in answer.verdicts if it.status is Status.REFUTED
    ]
    claims = [claim for claim in claims if claim.kind in FORBIDDING]
    ends = ends_of(cluster)
    outside = [("outside", External(ip_address("8.8.8.8")), None)]
    for (a, src, _), (b, dst, there) in [*product(ends, [*ends, *outside]), *product(outside, ends)]:
        ports = [port.number for port in there.ports] if there is not None and there.ports else [80, 443, 5432, 22]
        for port in ports if a != b else ():
            connection = Connection(src, dst, Protocol.TCP, port)
            is_open = decide(cluster, setting.profile, connection).allowed
            if is_open and not any(is_in_scope(claim, connection, setting.profile) for claim in claims):
                yield (a, b), connection


def name_of(end):
    return "outside" if isinstance(end, External) else end.workload


def made(folder, edit):
    """The edit, made in its file."""
    file = Path(edit.file)
    lines = [] if edit.is_new else file.read_text().split("\n")
    lines[edit.line - 1 : edit.line - 1 + len(edit.removed)] = edit.added
    file.write_text("\n".join(lines) + ("\n" if edit.is_new else ""))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(scenes(), st.booleans())
def test_a_fix_keeps_what_no_query_forbids_or_tells_what_it_cuts(scene, is_split):
    objects, queries = scene
    texts = [yaml.safe_dump(it, sort_keys=False) for it in objects]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "m"
        folder.mkdir()
        files = {f"{n}.yaml": it for n, it in enumerate(texts)} if is_split else {"all.yaml": "---\n".join(texts)}
        for file, text in files.items():
            (folder / file).write_text(text)
        asked = Asked(folder, queries)
        cluster, setting, before = asked.answer()
        is_whole = bool(before.findings) and all(it.fix.edit is not None for it in before.findings)
        needed = list(wanted(cluster, setting, before))
        for finding in before.findings:
            edit = finding.fix.edit
            if edit is None:
                assert finding.fix.why
                continue
            if finding.is_hidden:
                continue
            made(folder, edit)
            after = load([str(folder)], stdin=bytes).cluster
            told = {(name_of(it.src), name_of(it.dst)) for it in finding.fix.cuts}
            for names, connection in needed:
                assert names in told or decide(after, setting.profile, connection).allowed, (finding.fix, connection)
            restore(folder, files)
        for finding in before.findings:
            source = finding.spot.source
            text = files[Path(source.file).name].split("\n")  # of a file that the user wrote
            assert 0 < source.line <= len(text)
            assert finding.spot.text in ("", text[source.line - 1])
        if is_whole:
            self_told = {(name_of(it.src), name_of(it.dst)) for f in before.findings for it in f.fix.cuts}
            edits = [finding.fix.edit for finding in before.findings]
            apply(name, edits)
            cluster, statuses = asked.statuses()
            for names, connection in needed:
                assert names in self_told or decide(cluster, setting.profile, connection).allowed, connection
            broken = {it.query.id for finding in before.findings for it in finding.breaks}
            told = {it for finding in before.findings for it in finding.left}
            assert {id for id in broken if statuses[id] is not Status.PROVED} == told
            for one in edits if not told else ():
                restore(folder, files)
                apply(name, [it for it in edits if it is not one])
                _, without = asked.statuses()
                assert any(status is not Status.PROVED for status in without.values()), ("needless", one.patch)


def restore(folder, files):
    for file in [it for it in folder.iterdir() if it.name not in files]:
        file.unlink()
    for file, text in files.items():
        (folder / file).write_text(text)


def apply(name, edits):
    if edits:
        patch = patch_of([replace(it, file=f"m/{Path(it.file).name}") for it in edits])
        subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=name, check=True)
