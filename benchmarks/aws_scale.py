"""What a cluster on Amazon's network costs, and whether anything of it stays unknown: `python -m benchmarks.aws_scale`.

    python -m benchmarks.aws_scale [--pods 1000]

Pods of a workload each, a security group for every twenty, and policies that close every namespace both ways; the
groups, interfaces and VPC as the AWS command line tells them.  All built-in packs are asked, with and without these.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from analyzer import analysis, manifests, packs
from analyzer.analysis import Setting
from analyzer.inputs.engines import profile_for
from analyzer.model.claims import Universe
from analyzer.verdicts import Status
from benchmarks.measuring import Row

Object = dict[str, Any]
_OF_NODES = "sg-0000000000000ffff"
PARAMETERS = {
    "tenant-isolation": {"tenant": "tenant", "platform": "kube-system", "shared": "kube-system", "edge": "kube-system"}
}


# ------------------------------------------------------------------------------------------------ the cluster
def objects(pods: int) -> list[Object]:
    """So many pods in a namespace for every twenty, each with a group of its own and four policies."""
    found: list[Object] = [_namespace("kube-system"), _config_map(), *_dns(), _node(1), _node(2)]
    for number in range(max(1, pods // 20)):
        name = f"team-{number}"
        found += [_namespace(name, tenant=name), _groups(name, number), *_policies(name)]
        found += [_deployment(name, f"app-{index}", tier="front" if index < 4 else "back") for index in range(20)]
    return found


def _object(api: str, kind: str, name: str, namespace: str = "", **parts: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def _namespace(name: str, **labels: str) -> Object:
    found = _object("v1", "Namespace", name)
    found["metadata"]["labels"] = {
        "kubernetes.io/metadata.name": name,
        "pod-security.kubernetes.io/enforce": "baseline",
        **labels,
    }
    return found


def _config_map() -> Object:
    return _object(
        "v1", "ConfigMap", "amazon-vpc-cni", "kube-system", data={"enable-network-policy-controller": "true"}
    )


def _node(number: int) -> Object:
    addresses = [{"type": "InternalIP", "address": f"10.0.{number}.10"}]
    return _object("v1", "Node", f"node-{number}", status={"addresses": addresses})


def _dns() -> list[Object]:
    labels = {"k8s-app": "kube-dns"}
    ports = [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "dns", "ports": ports}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    service = {"selector": labels, "ports": [{"name": "u", "port": 53, "protocol": "UDP"}, {"name": "t", "port": 53}]}
    return [
        _object("apps/v1", "Deployment", "coredns", "kube-system", spec=spec),
        _object("v1", "Service", "kube-dns", "kube-system", spec=service),
    ]


def _deployment(namespace: str, name: str, tier: str) -> Object:
    labels = {"app": name, "tier": tier}
    container = {"name": "c", "image": "i", "ports": [{"containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return _object(
        "apps/v1", "Deployment", name, namespace, spec={"selector": {"matchLabels": labels}, "template": template}
    )


def _policies(namespace: str) -> list[Object]:
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    own = [{"podSelector": {}}]
    back = {"matchLabels": {"tier": "back"}}
    specs = {
        "deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "dns": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [dns], "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}],
        },
        "back": {"podSelector": back, "ingress": [{"from": own, "ports": [{"port": 8080}]}]},
        "to-back": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": back}], "ports": [{"port": 8080}]}],
        },
    }
    return [
        _object("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec=spec) for name, spec in specs.items()
    ]


def _groups(namespace: str, number: int) -> Object:
    spec = {"podSelector": {}, "securityGroups": {"groupIds": [_id(number)]}}
    return _object("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", "groups", namespace, spec=spec)


def _id(number: int) -> str:
    return f"sg-{number:017x}"


# ------------------------------------------------------------------------------------------------ what Amazon tells
def told(pods: int) -> list[Object]:
    """The add-on in standard mode, groups, interfaces of the nodes, and the VPC."""
    groups = [_group(_id(n), [_id(n)], [_id(n), _OF_NODES]) for n in range(max(1, pods // 20))]
    everybody = [_OF_NODES, *(_id(n) for n in range(max(1, pods // 20)))]
    groups.append(_group(_OF_NODES, everybody, [_OF_NODES]))
    interfaces = [
        {
            "NetworkInterfaceId": f"eni-{n}",
            "PrivateIpAddress": f"10.0.{n}.10",
            "Groups": [{"GroupId": _OF_NODES}],
            "Attachment": {"InstanceId": f"i-{n}", "DeviceIndex": 0},
        }
        for n in (1, 2)
    ]
    env = {"POD_SECURITY_GROUP_ENFORCING_MODE": "standard", "AWS_VPC_K8S_CNI_EXTERNALSNAT": "true"}
    values = json.dumps({"enableNetworkPolicy": "true", "env": env})
    return [
        {"SecurityGroups": groups},
        {"NetworkInterfaces": interfaces},
        {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]},
        {"addon": {"addonName": "vpc-cni", "configurationValues": values}},
    ]


def _group(id_: str, ingress: list[str], egress: list[str]) -> Object:
    def everything(groups: list[str]) -> list[Object]:
        return [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group} for group in groups]}]

    return {"GroupId": id_, "IpPermissions": everything(ingress), "IpPermissionsEgress": everything(egress)}


# ------------------------------------------------------------------------------------------------ asking
def written(folder: Path, pods: int, *, is_told: bool) -> Path:
    """The files of such a cluster; without what Amazon tells unless `is_told`, but for the add-on."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = {"apiVersion": "v1", "kind": "List", "items": objects(pods)}
    (folder / "cluster.json").write_text(json.dumps(listed))
    for number, document in enumerate(told(pods)):
        if is_told or "addon" in document:
            (folder / f"aws-{number}.json").write_text(json.dumps(document))
    return folder


def answered(folder: Path) -> tuple[Counter[str], set[str], float]:
    """How many queries of all built-in packs have which status, what those that are unknown hang on, and seconds."""
    cluster = manifests.load([str(folder)]).cluster
    names = [pack.name for pack in packs.builtin()]
    asked = [packs.find(name, PARAMETERS.get(name, {})) for name in names]
    setting = Setting(Universe.ANY, profile_for(None, (), cluster), max_counterexamples=1)
    start = time.process_time()
    answer = analysis.check(cluster, asked, setting=setting)
    seconds = time.process_time() - start
    statuses = Counter(verdict.status.value for verdict in answer.verdicts)
    facts = {text for it in answer.verdicts if it.status is Status.UNKNOWN for text in it.blame}
    return statuses, facts, seconds


def measure(pods: int = 1000) -> list[Row]:
    """What is unknown, and how long it takes, with and without what Amazon tells."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for is_told in (True, False):
            statuses, facts, seconds = answered(written(Path(folder) / str(is_told), pods, is_told=is_told))
            what = f"{pods} pods on Amazon's network, all packs, {'with' if is_told else 'without'} its JSON"
            commands = sorted({text.partition("`")[2].partition(" --")[0] for text in facts if "`aws" in text})
            against = f"{statuses['unknown']} unknown of {statuses.total()}"
            if commands:
                against += f", for want of `{'`, `'.join(commands)}`"
            found.append(Row(what, f"{seconds:.1f} s", against))
        return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=1000)
    for row in measure(parser.parse_args().pods):
        print(row.what, row.figure, row.against, sep="; ")
