"""Namespaces, pods, controllers, nodes and services: what the model takes from them, and how pods are gathered."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from analyzer.errors import ManifestError
from analyzer.model.cluster import ContainerKind, ContainerPort, Service, ServicePort
from analyzer.model.policies import Protocol
from analyzer.sets import AddressSet


def pod(name: str, *, owner: str = "", labels: str = "{}", status: str = "{}", spec: str = "{}") -> str:
    kind, _, owner_name = owner.partition("/")
    group = {"ReplicaSet": "apps/v1", "Rollout": "argoproj.io/v1", "Node": "v1"}.get(kind, "apps/v1")
    owners = f"[{{apiVersion: {group}, kind: {kind}, name: {owner_name}, controller: true}}]" if owner else "[]"
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {labels},"
        f" ownerReferences: {owners}}}\nspec: {spec}\nstatus: {status}\n---\n"
    )


def controller(kind: str, name: str, *, owner: str = "", labels: str = "{}", replicas: int | None = None) -> str:
    owner_kind, _, owner_name = owner.partition("/")
    owners = f"[{{apiVersion: apps/v1, kind: {owner_kind}, name: {owner_name}, controller: true}}]" if owner else "[]"
    count = "" if replicas is None else f"replicas: {replicas}, "
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: a, ownerReferences: {owners}}}\n"
        f"spec: {{{count}template: {{metadata: {{labels: {labels}}}}}}}\n---\n"
    )


def ids(found) -> list[str]:
    return [workload.id for workload in found.cluster.workloads]


# ------------------------------------------------------------------------------------------------ gathering
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (pod("x"), ["a/x[Pod]"]),
        (pod("x-1", owner="ReplicaSet/x") + pod("x-2", owner="ReplicaSet/x"), ["a/x[ReplicaSet]"]),
        (
            pod("x-7-1", owner="ReplicaSet/x-7") + controller("ReplicaSet", "x-7", owner="Deployment/x"),
            ["a/x[Deployment]", "a/x[Deployment]/x-7-1"],
        ),
        (
            pod("x-7-1", owner="ReplicaSet/x-7")
            + controller("ReplicaSet", "x-7", owner="Deployment/x")
            + controller("ReplicaSet", "x-6", owner="Deployment/x", replicas=0)
            + controller("Deployment", "x"),
            ["a/x[Deployment]", "a/x[Deployment]/x-7", "a/x[Deployment]/x-7-1"],
        ),
        (
            controller("Deployment", "x") + controller("ReplicaSet", "x-7", owner="Deployment/x"),
            ["a/x[Deployment]", "a/x[Deployment]/x-7"],
        ),
        (controller("Deployment", "x", replicas=0), ["a/x[Deployment]"]),
        (controller("ReplicaSet", "x-7", owner="Deployment/x", replicas=0), ["a/x[Deployment]"]),
        (controller("ReplicaSet", "x-7", owner="Deployment/x", replicas=2), ["a/x[Deployment]"]),
        (
            pod("x-0", owner="StatefulSet/x", labels="{i: '0'}") + pod("x-1", owner="StatefulSet/x", labels="{i: '1'}"),
            ["a/x[StatefulSet]/x-0", "a/x[StatefulSet]/x-1"],
        ),
        (pod("x-1", owner="ReplicaSet/x", status="{phase: Succeeded}"), []),
        (
            pod("x-1", owner="ReplicaSet/x", status="{phase: Failed}") + controller("ReplicaSet", "x"),
            ["a/x[ReplicaSet]"],
        ),
        (pod("etcd-n1", owner="Node/n1"), ["a/etcd-n1[Pod]"]),
        (controller("ReplicaSet", "x", owner="ReplicaSet/x"), ["a/x[ReplicaSet]"]),
    ],
)
def test_pods_are_gathered_under_their_controllers(loaded, text, expected):
    assert ids(loaded(text)) == expected


def test_addresses_and_nodes_of_a_workload_are_collected(loaded):
    text = pod(
        "x-1",
        owner="ReplicaSet/x",
        status="{podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}",
        spec="{nodeName: n1}",
    ) + pod("x-2", owner="ReplicaSet/x", status="{podIP: 10.0.0.2}", spec="{nodeName: n2}")
    (workload,) = loaded(text).cluster.workloads
    assert list(map(str, workload.ips)) == ["10.0.0.1", "10.0.0.2", "fd00::1"]
    assert workload.nodes == ("n1", "n2")
    assert not workload.is_single


def test_only_a_bare_pod_is_single(loaded):
    text = pod("u") + pod("v-1", owner="ReplicaSet/v") + controller("DaemonSet", "z")
    assert [workload.is_single for workload in loaded(text).cluster.workloads] == [True, False, False]


def test_bare_pods_of_one_generated_name_are_two(loaded):
    text = pod("x").replace("name: x", "generateName: x-")
    assert len(loaded(text + text).cluster.workloads) == 2


def test_pods_on_the_host_network_have_the_address_of_their_node(loaded):
    node = (
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n"
        "status: {addresses: [{type: InternalIP, address: 10.1.0.1}]}\n"
    )
    host = "{hostNetwork: true, nodeName: n1}"
    by_node, by_status = loaded(
        pod("u", spec=host) + pod("v", spec=host, status="{hostIP: 10.1.0.9}") + node
    ).cluster.workloads
    assert (by_node.host_network, by_node.ips) == (True, (ip_address("10.1.0.1"),))
    assert by_status.ips == (ip_address("10.1.0.9"),)


def test_an_unmodelled_controller_whose_pods_are_there_adds_none(loaded):
    rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x, namespace: a}\n---\n"
    assert loaded(rollout).cluster.unmodelled[0].adds_pods
    found = loaded(rollout + pod("x-1", owner="Rollout/x"))
    assert found.cluster.unmodelled == ()
    assert ids(found) == ["a/x[Rollout]"]


# ------------------------------------------------------------------------------------------------ pods
def test_ports_of_all_containers(loaded):
    spec = (
        "{serviceAccount: old,"
        " containers: [{ports: [{name: web, containerPort: 80}, {containerPort: 53, protocol: UDP}]}],"
        " initContainers: [{ports: [{name: i, containerPort: 1}]},"
        " {restartPolicy: Always, ports: [{name: s, containerPort: 2}]}]}"
    )
    (workload,) = loaded(pod("x", spec=spec)).cluster.workloads
    assert workload.service_account == "old"
    assert workload.ports == (
        ContainerPort("web", 80, Protocol.TCP),
        ContainerPort("", 53, Protocol.UDP),
        ContainerPort("i", 1, Protocol.TCP, ContainerKind.INIT),
        ContainerPort("s", 2, Protocol.TCP, ContainerKind.SIDECAR),
    )


def test_a_port_name_with_two_numbers_is_noted(loaded):
    spec = "{containers: [{ports: [{name: w, containerPort: 1}]}, {ports: [{name: w, containerPort: 2}]}]}"
    (notice,) = loaded(pod("x", spec=spec)).cluster.notices
    assert "it means 1, 2" in notice.message


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ("manualSelector: true", ["`spec.jobTemplate.spec.manualSelector` is `true`"]),
        ("selector: {matchLabels: {a: b}}", ["`spec.jobTemplate.spec.selector` is not for the Jobs of a CronJob"]),
        ("selector: {}", ["`spec.jobTemplate.spec.selector` is not for"]),
        ("manualSelector: true, selector: {matchLabels: {a: b}}", ["manualSelector` is", "spec.selector` is"]),
        ("manualSelector: false", []),
        ("manualSelector: null, selector: null", []),
    ],
)
def test_the_jobs_of_a_cron_job_choose_no_pods(loaded, fields, messages):
    cron = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\n"
        f"spec: {{jobTemplate: {{spec: {{{fields}, template: {{metadata: {{labels: {{a: b}}}}}}}}}}}}\n---\n"
    )
    if not messages:
        assert loaded(cron).cluster.workloads
        return
    with pytest.raises(ManifestError) as caught:
        loaded(cron)
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == len(messages)
    assert all(part in text for part, text in zip(messages, told, strict=True))


def test_a_cron_job_and_a_replication_controller(loaded):
    cron = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\n"
        "spec: {jobTemplate: {spec: {template: {metadata: {labels: {a: b}}, spec: {serviceAccountName: s}}}}}\n---\n"
    )
    old = (
        "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: r}\n"
        "spec: {template: {metadata: {labels: {c: d}}}}\n"
    )
    first, second = loaded(cron + old).cluster.workloads
    assert (first.id, dict(first.labels), first.service_account) == ("default/c[CronJob]", {"a": "b"}, "s")
    assert (second.id, dict(second.labels)) == ("default/r[ReplicationController]", {"c": "d"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (pod("X"), "metadata.name"),
        (pod("x", labels="{a: 1}"), "must be text"),
        (pod("x", labels="{a: 'b c'}"), "label value"),
        (pod("x", spec="{hostNetwork: 'true'}"), "true or false"),
        (pod("x", spec="{containers: [{ports: [{containerPort: 0}]}]}"), "between 1 and 65535"),
        (pod("x", spec="{containers: [{ports: [{name: web}]}]}"), "containerPort` is missing"),
        (pod("x", spec="{containers: [{ports: [{name: WEB, containerPort: 1}]}]}"), "no port name"),
        (pod("x", spec="{containers: [{ports: [{containerPort: 1, protocol: tcp}]}]}"), "must be `TCP`"),
        (pod("x", spec="{serviceAccountName: A B}"), "ServiceAccount"),
        (
            pod("x", spec="{containers: [{ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]}]}"),
            "another port of the container",
        ),
        (pod("x", status="{podIP: 1.2.3}"), "no address"),
        (controller("Deployment", "x").replace("template", "tmplate"), "`spec.template` is missing"),
        (controller("Deployment", "x", replicas=-1), "replicas"),
    ],
)
def test_what_is_read_of_a_workload_is_checked(problems, text, says):
    assert any(says in problem.message for problem in problems(text))


def test_what_is_not_read_of_a_workload_is_not_checked(problems):
    assert problems(pod("x", spec="{volumes: 3, anything: [], containers: [{image: [], probe: x}]}")) == ()


# ------------------------------------------------------------------------------------------------ namespaces
def test_declared_and_mentioned_namespaces(loaded):
    text = (
        "apiVersion: v1\nkind: Namespace\n"
        "metadata: {name: a, labels: {t: x, kubernetes.io/metadata.name: other}}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: b}\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
    )
    cluster = loaded(text).cluster
    assert [(n.name, n.is_declared, dict(n.labels)) for n in cluster.namespaces] == [
        ("a", True, {"t": "x", "kubernetes.io/metadata.name": "a"}),
        ("b", False, {"kubernetes.io/metadata.name": "b"}),
        ("default", False, {"kubernetes.io/metadata.name": "default"}),
    ]
    (notice,) = cluster.notices
    assert "`other`" in notice.message


# ------------------------------------------------------------------------------------------------ nodes, services
def test_a_node(loaded):
    text = (
        "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {r: w}}\n"
        "spec: {podCIDR: 10.9.0.0/24, podCIDRs: [10.9.0.0/24, 'fd00:9::/64']}\n"
        "status: {addresses: [{type: InternalIP, address: 10.1.0.1}, {type: Hostname, address: n1},"
        " {type: ExternalIP, address: 203.0.113.1}]}\n"
    )
    (node,) = loaded(text).cluster.nodes
    assert node.ips == (ip_address("10.1.0.1"), ip_address("203.0.113.1"))
    assert node.pod_addresses == AddressSet.of("10.9.0.0/24", "fd00:9::/64")


def service(spec: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: a}}\nspec: {spec}\n"


def read_service(loaded, spec: str) -> Service:
    (found,) = loaded(service(spec)).cluster.services
    return found


def test_services(loaded):
    found = read_service(
        loaded,
        "{type: LoadBalancer, externalTrafficPolicy: Local, selector: {a: b},"
        " ports: [{port: 80, targetPort: web, nodePort: 30080}, {name: d, port: 53, protocol: UDP}]}",
    )
    assert (str(found.selector), found.reached_from_outside, found.preserves_client) == ("a=b", True, True)
    assert found.ports == (
        ServicePort(80, "web", Protocol.TCP, 30080),
        ServicePort(53, 53, Protocol.UDP, None, "d"),
    )
    headless = read_service(loaded, "{clusterIP: None, selector: {a: b}, ports: [{port: 80, targetPort: 8080}]}")
    assert (headless.is_headless, headless.ports[0].target) == (True, 80)
    assert read_service(loaded, "{ports: [{port: 80}]}").selector is None
    assert read_service(loaded, "{type: ExternalName, externalName: x.y, selector: {a: b}}").selector is None
    assert read_service(loaded, "{externalIPs: [203.0.113.1], selector: {a: b}}").reached_from_outside


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("{ports: [{port: 0}]}", "between 1 and 65535"),
        ("{ports: [{targetPort: 1}]}", "port` is missing"),
        ("{ports: [{port: 1, targetPort: '80'}]}", "no port name"),
        ("{type: Loadbalancer}", "must be `ClusterIP`"),
        ("{selector: {a: 1}}", "must be text"),
    ],
)
def test_what_is_read_of_a_service_is_checked(problems, spec, says):
    assert any(says in problem.message for problem in problems(service(spec)))
