"""How the VPC CNI is set up: the ConfigMap `amazon-vpc-cni`, the DaemonSet `aws-node`, the add-on (aws.md N1 to N5)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from analyzer.manifests.kinds.pod_template import PodSource
from analyzer.manifests.text.nodes import Mapping as Placed
from analyzer.manifests.text.nodes import line_of
from analyzer.manifests.text.section import Log
from analyzer.model.aws import AwsSettings
from analyzer.model.source import Source

_CONTROLLER = "enable-network-policy-controller"
_AGENT, _AGENT_FLAG = "aws-eks-nodeagent", "enable-network-policy"
_KNOB_OF_ENV = {
    "NETWORK_POLICY_ENFORCING_MODE": "network-policy-enforcing-mode",
    "POD_SECURITY_GROUP_ENFORCING_MODE": "pod-security-group-enforcing-mode",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "external-snat",
}


def of_config_map(data: Placed, log: Log) -> AwsSettings | None:
    """The controller works where its key is `true`, in these letters, and nowhere else (N1); None of a ConfigMap that
    is in another namespace than the CNI's."""
    content, metadata = data.get("data"), data.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace not in (None, "kube-system"):
        return None
    value = content.get(_CONTROLLER) if isinstance(content, Mapping) else None
    what = "ConfigMap kube-system/amazon-vpc-cni"
    return AwsSettings(what, Source(log.file, line_of(data.place)), value == "true")


def of_daemon_sets(pods: Iterable[PodSource]) -> list[AwsSettings]:
    """What the containers of `aws-node` are told: the agent enforces where its flag says so (N2)."""
    found = []
    for pod in pods:
        if pod.kind == "DaemonSet" and pod.name == "aws-node":
            said = dict(pod.options)
            is_on = said.get(f"--{_AGENT_FLAG}", "false").lower() in ("true", "1", "t", "")
            agent = f"container {_AGENT}" in said and is_on
            what = f"DaemonSet {pod.namespace}/{pod.name}"
            found.append(AwsSettings(what, pod.source, agent, _knobs(said)))
    return found


def of_addon(values: object, what: str, source: Source) -> AwsSettings:
    """The add-on's configuration, a text of JSON or of nothing; what it does not say is off (N3)."""
    try:
        said = json.loads(values) if isinstance(values, str) and values.strip() else {}
    except ValueError:
        return AwsSettings(what, source)  # YAML, of which nothing is known
    if not isinstance(said, Mapping):
        return AwsSettings(what, source)
    env = said.get("env")
    is_on = str(said.get("enableNetworkPolicy", "false")).lower() == "true"
    agent = said.get("nodeAgent")
    if isinstance(agent, Mapping) and str(agent.get("enabled", "true")).lower() == "false":
        is_on = False
    return AwsSettings(what, source, is_on, _knobs(env if isinstance(env, Mapping) else {}))


def _knobs(said: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = ((knob, said[env]) for env, knob in _KNOB_OF_ENV.items() if isinstance(said.get(env), str))
    return tuple((knob, value.strip().lower()) for knob, value in found if value.strip())
