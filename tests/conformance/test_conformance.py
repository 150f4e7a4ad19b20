"""Every semantic case of the references: a folder of manifests with the decisions expected of them, found by glob.

`decisions.yaml` holds:

    why       the section of the reference
    base      false: without the base cluster of section G (`base.yaml`)
    profile   the enforcement profile, `generic` if absent; `knobs` override some of its settings
    pods      pods that the manifests do not have, by a name without a slash
    decisions list of {from, to, port, expect}; ends are `namespace/workload`, such a name, `node:NAME` or an address;
              `port` is tcp/80 unless given, or `other`, `icmp/8`, `icmp/3.1` (type and code), `ip/47`; expect is allow,
              deny or open; profile and knobs as above
    rejected  instead: fragments, each of which some problem of the load must contain
    notices   fragments, each of which some notice of the load must contain
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from evaluators import by_encoding, by_second_solver

from analyzer.errors import ManifestError
from analyzer.manifests import load
from analyzer.model.cluster import Cluster, ContainerKind, ContainerPort, Workload
from analyzer.model.endpoints import Connection, End, External, Host, Pod, pod_of
from analyzer.model.enforcing import as_enforced
from analyzer.model.labels import NAMESPACE_NAME_LABEL, Labels
from analyzer.model.policies import Protocol
from analyzer.model.profile import PROFILES, Profile
from analyzer.semantics import outcomes
from analyzer.sets import other_protocols
from analyzer.sets.addresses import IPAddress

HERE = Path(__file__).parent
BASE = HERE / "base.yaml"
FOLDERS = sorted(folder for folder in HERE.iterdir() if folder.is_dir() and not folder.name.startswith(("_", ".")))

Evaluator = Callable[[Cluster, Profile, Connection], str]
"""Says `allow`, `deny` or `open` of one connection."""


def by_oracle(cluster: Cluster, profile: Profile, connection: Connection) -> str:
    found = {decision.allowed for decision in outcomes(cluster, profile, connection)}
    return "open" if len(found) == 2 else "allow" if True in found else "deny"


EVALUATORS: dict[str, Evaluator] = {"oracle": by_oracle, "encoding": by_encoding, "second solver": by_second_solver}


@dataclass(frozen=True)
class Expectation:
    folder: Path
    text: dict[str, Any]

    @property
    def manifests(self) -> list[str]:
        given = [str(self.folder / "manifests.yaml")]
        return given if self.text.get("base") is False else [str(BASE), *given]


def _read(folder: Path) -> Expectation:
    return Expectation(folder, yaml.load((folder / "decisions.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader))


CASES = [_read(folder) for folder in FOLDERS]
ACCEPTED = [case for case in CASES if "decisions" in case.text]
REJECTED = [case for case in CASES if "rejected" in case.text]


def _names(cases: list[Expectation]) -> list[str]:
    return [case.folder.name for case in cases]


# ------------------------------------------------------------------------------------------------ tests
@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("case", ACCEPTED, ids=_names(ACCEPTED))
def test_decisions(case: Expectation, evaluator: str) -> None:
    written = load(case.manifests).cluster
    found, wanted = [], []
    for entry in case.text["decisions"]:
        profile = _profile({**case.text, **entry})
        cluster = as_enforced(written, profile)
        connection = _connection(entry, case.text.get("pods", {}), cluster)
        words = f"{entry['from']} -> {entry['to']} on {entry.get('port', 'tcp/80')}: "
        found.append(words + EVALUATORS[evaluator](cluster, profile, connection))
        wanted.append(words + entry["expect"])
    assert found == wanted


@pytest.mark.parametrize("case", REJECTED, ids=_names(REJECTED))
def test_rejections(case: Expectation) -> None:
    with pytest.raises(ManifestError) as caught:
        load(case.manifests)
    own = [str(problem) for problem in caught.value.problems if Path(problem.file).parent == case.folder]
    assert len(own) == len(caught.value.problems)
    missing = [part for part in case.text["rejected"] if not any(part in problem for problem in own)]
    assert not missing, own


WITH_NOTICES = [case for case in CASES if "notices" in case.text]


@pytest.mark.parametrize("case", WITH_NOTICES, ids=_names(WITH_NOTICES))
def test_notices(case: Expectation) -> None:
    messages = [notice.message for notice in load(case.manifests).cluster.notices]
    assert not [part for part in case.text["notices"] if not any(part in message for message in messages)], messages


def test_every_case_says_what_it_expects_and_why() -> None:
    assert CASES
    for case in CASES:
        assert case.text.get("why"), case.folder.name
        assert ("decisions" in case.text) != ("rejected" in case.text), case.folder.name
        assert (case.folder / "manifests.yaml").is_file(), case.folder.name


# ------------------------------------------------------------------------------------------------ concrete ends
def _profile(settings: dict[str, Any]) -> Profile:
    profile = PROFILES[settings.get("profile", "generic")]
    for name, value in settings.get("knobs", {}).items():
        profile = profile.with_knob(name, value)
    return profile


def _connection(entry: dict[str, Any], pods: dict[str, Any], cluster: Cluster) -> Connection:
    protocol, _, port = entry.get("port", "tcp/80").partition("/")
    ends = (entry["from"], entry["to"])
    told = [ip for end in ends for ip in _told_addresses(end, cluster)]
    version = 6 if told and all(ip.version == 6 for ip in told) else 4
    src, dst = (_end(end, pods, cluster, version) for end in ends)
    if protocol == "other":
        return Connection(src, dst, Protocol.OTHER, None)
    if protocol in ("icmp", "icmpv6", "ip"):
        return Connection(src, dst, Protocol.OTHER, None, number=_odd(protocol, port))
    return Connection(src, dst, Protocol[protocol.upper()], int(port))


def _odd(protocol: str, text: str) -> int:
    """Which protocol without ports it is: the code of ICMP is 0 unless given."""
    type_, _, code = text.partition(".")
    numbers = (
        other_protocols.protocol(int(text)) if protocol == "ip" else other_protocols.icmp(int(type_), int(code or 0))
    )
    ((number, _),) = numbers.intervals
    return number


def _is_address(text: str) -> bool:
    return "/" not in text and not text.startswith("node:") and ("." in text or ":" in text)


def _told_addresses(text: str, cluster: Cluster) -> tuple[IPAddress, ...]:
    """Those of an address outside, or of a node."""
    if text.startswith("node:"):
        return cluster.node_by_name[text.removeprefix("node:")].ips
    return (ip_address(text),) if _is_address(text) else ()


def _end(text: str, pods: dict[str, Any], cluster: Cluster, version: int) -> End:
    if text.startswith("node:"):
        node = cluster.node_by_name[text.removeprefix("node:")]
        return Host(node.name, node.labels, _of_family(node.ips, version))
    if _is_address(text):
        return External(ip_address(text))
    if "/" in text:
        (workload,) = [w for w in cluster.workloads if f"{w.namespace}/{w.name}" == text]
        return _pod_of(workload, cluster, version)
    return _hypothetical(pods[text], list(pods).index(text), cluster)


def _of_family(ips: tuple[IPAddress, ...], version: int) -> IPAddress:
    return next(ip for ip in ips if ip.version == version)


def _pod_of(workload: Workload, cluster: Cluster, version: int) -> Pod:
    ips = workload.ips
    if workload.host_network:
        ips += tuple(
            ip for name in workload.nodes if name in cluster.node_by_name for ip in cluster.node_by_name[name].ips
        )
    if not ips:  # of a template
        ips = (ip_address(f"10.9.1.{cluster.workloads.index(workload) + 1}"),)
    return pod_of(workload, _namespace_labels(workload.namespace, cluster), _of_family(ips, version))


def _namespace_labels(name: str, cluster: Cluster) -> Labels:
    known = cluster.namespace_by_name.get(name)
    return known.labels if known else Labels({NAMESPACE_NAME_LABEL: name})


def _hypothetical(pod: dict[str, Any], index: int, cluster: Cluster) -> Pod:
    ports = tuple(
        ContainerPort(port["name"], port["port"], Protocol[port.get("protocol", "TCP")], ContainerKind.CONTAINER)
        for port in pod.get("ports", ())
    )
    return Pod(
        pod["namespace"],
        _namespace_labels(pod["namespace"], cluster),
        Labels(pod.get("labels", {})),
        ip_address(pod.get("ip", f"10.9.0.{index + 1}")),
        ports=ports,
        host_network=pod.get("host_network", False),
    )
