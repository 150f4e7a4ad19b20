"""The objects of a cluster that runs, as they come and go."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.manifests.changing import Rules
from analyzer.manifests.live import Key, LiveCluster, LiveObjects, key_of

Thing = dict[str, Any]


def named(api: str, kind: str, name: str, namespace: str = "", **parts: Any) -> Thing:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **parts}


def policy(namespace: str, name: str, spec: Any) -> Thing:
    return named("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec=spec)


TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
WORKLOAD = {"selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
STANDING = [
    named("v1", "Namespace", "red"),
    named("v1", "Namespace", "blue"),
    named("apps/v1", "Deployment", "web", "red", spec=WORKLOAD),
    policy("red", "deny", {"podSelector": {}}),
    policy("blue", "deny", {"podSelector": {}}),
    policy("blue", "old", {"podSelector": {}, "ingress": [{}]}),
]
SPECS: list[Any] = [
    {"podSelector": {}},
    {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]},
    {"podSelector": {"matchLabels": {"app": "web"}}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
    {"podSelector": {}, "ingress": [{"ports": [{"port": 80, "endPort": 70}]}]},  # which is refused
    {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.1/8"}}]}]},  # which is worth a notice
    {"podSelector": {}, "ingres": [{}]},
    None,
]
CHANGES = st.builds(
    policy,
    st.sampled_from(["red", "blue", "nowhere"]),
    st.sampled_from(["deny", "old", "new"]),
    st.sampled_from(SPECS),
) | st.sampled_from([named("v1", "Namespace", "green"), named("apps/v1", "Deployment", "db", "blue", spec=WORKLOAD)])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_proposed_cluster_is_the_one_that_the_change_makes(data: st.DataObject) -> None:
    live = LiveObjects(Rules(keep_going=True))
    live.change([*STANDING, *data.draw(st.lists(CHANGES, max_size=2))])
    before = live.load()
    put = data.draw(st.lists(CHANGES, max_size=3))
    there = [*live.names(), Key("NetworkPolicy", "networking.k8s.io", "red", "none")]
    removed = data.draw(st.lists(st.sampled_from(there), max_size=2))
    proposed = live.proposed(put, [key for key in removed if key not in map(key_of, put)])
    assert live.load() is before
    live.change(put, [key for key in removed if key not in map(key_of, put)])
    assert proposed == live.load()


# ------------------------------------------------------------------------------------------------ one after the other
HOMES = ("red", "blue", "nowhere")


def shape(labels: dict[str, str], **spec: Any) -> Thing:
    containers = [{"name": "c", "image": "i", "ports": [{"containerPort": 80, "name": "http"}]}]
    return {"metadata": {"labels": labels}, "spec": {"containers": containers, **spec}}


@st.composite
def things(draw: st.DrawFn) -> Thing:
    """An object of any kind that clusters hold, most of them where another may stand already; some say which engine
    enforces, or which mesh there is."""
    home, name = draw(st.sampled_from(HOMES)), draw(st.sampled_from(["web", "db", "istiod", "calico-node"]))
    labels = draw(st.dictionaries(st.sampled_from(["app", "tenant"]), st.sampled_from(["web", "db"]), max_size=2))
    address = draw(st.sampled_from(["10.0.0.1", "10.0.0.2", "10.9.0.1"]))
    spec = {"selector": {"matchLabels": labels}, "template": shape(labels)}
    match draw(st.integers(0, 12)):
        case 0 | 1:
            thing = named("v1", "Namespace", home)
            thing["metadata"]["labels"] = labels
        case 2:
            thing = named("apps/v1", draw(st.sampled_from(["Deployment", "DaemonSet"])), name, home, spec=spec)
        case 3:
            thing = named(
                "apps/v1", "ReplicaSet", f"{name}-1", home, spec={**spec, "replicas": draw(st.integers(0, 1))}
            )
            thing["metadata"]["ownerReferences"] = [owner("Deployment", name)]
        case 4 | 5 | 6:
            thing = named("v1", "Pod", f"{name}-1-{draw(st.integers(0, 1))}", home, **shape(labels, nodeName="n1"))
            thing["metadata"] |= {"name": f"{name}-1-{draw(st.integers(0, 1))}", "namespace": home, "labels": labels}
            phase = draw(st.sampled_from(["Running", "Succeeded"]))
            thing["status"] = {"phase": phase, "podIP": address, "podIPs": [{"ip": address}]}
            if draw(st.booleans()):
                thing["metadata"]["ownerReferences"] = [
                    draw(st.sampled_from([owner("ReplicaSet", f"{name}-1"), KAFKA]))
                ]
            if draw(st.integers(0, 3)) == 0:
                thing["spec"] |= {"hostNetwork": True}
        case 7:
            ports = [{"port": 80, "targetPort": draw(st.sampled_from([80, "http"]))}]
            thing = named("v1", "Service", name, home, spec={"selector": labels, "clusterIP": address, "ports": ports})
        case 8:
            thing = policy(home, name, draw(st.sampled_from(SPECS)))
        case 9:
            pods = {"podCIDR": "10.0.0.0/16", "podCIDRs": ["10.0.0.0/16"]} if draw(st.booleans()) else {}
            thing = named("v1", "Node", draw(st.sampled_from(["n1", "n2"])), spec=pods)
            thing["metadata"]["labels"] = {"topology.kubernetes.io/zone": draw(st.sampled_from(["a", "b"]))}
        case 10:
            thing = named("kafka.strimzi.io/v1beta2", "Kafka", "kafka", home, spec={})
        case 11:
            thing = draw(st.sampled_from(SPEAKING))
        case _:
            thing = draw(st.sampled_from(OTHERS))
    return thing


def owner(kind: str, name: str, api: str = "apps/v1") -> Thing:
    return {"apiVersion": api, "kind": kind, "name": name, "controller": True}


KAFKA = owner("Kafka", "kafka", "kafka.strimzi.io/v1beta2")
NODE = named("v1", "Node", "n1", spec={"podCIDR": "10.0.0.0/16", "podCIDRs": ["10.0.0.0/16"]})
OF_ENGINES = {"selector": {"matchLabels": {}}, "template": shape({"istio.io/rev": "new"})}
MODE, GATEWAY_NAME = "istio.io/dataplane-mode", "gateway.networking.k8s.io/gateway-name"
SPEAKING = [
    named("apps/v1", "DaemonSet", "calico-node", "red", spec=OF_ENGINES),
    named("apps/v1", "DaemonSet", "cilium", "red", spec=OF_ENGINES),
    named("apps/v1", "Deployment", "istiod", "red", spec=OF_ENGINES),
    named("apps/v1", "Deployment", "asks", "red", spec=OF_ENGINES | {"template": shape({MODE: "ambient"})}),
    named("apps/v1", "Deployment", "gw-istio", "red", spec=OF_ENGINES | {"template": shape({GATEWAY_NAME: "gw"})}),
    named("v1", "Namespace", "red") | {"metadata": {"name": "red", "labels": {MODE: "ambient"}}},
    named("gateway.networking.k8s.io/v1", "Gateway", "gw", "red", spec={"gatewayClassName": "istio"}),
]
OTHERS = [
    named("v1", "ConfigMap", "cm", "blue", data={}),
    named("crd.projectcalico.org/v1", "IPPool", "p", spec={"cidr": "10.9.0.0/16"}),
    named("security.istio.io/v1", "AuthorizationPolicy", "a", "red", spec={}),
    named("networking.k8s.io/v1", "Ingress", "i", "red", spec={}),
    named("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "x", spec={"priority": 1}),
    named("apps/v1", "Deployment", "Bad_Name", "red", spec={"template": 3}),
]


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_what_follows_from_changes_is_what_their_objects_make(data: st.DataObject) -> None:
    """Whether a change is followed by itself or all put together anew, proposed or done, one after the other."""
    live = LiveObjects(Rules(keep_going=True))
    standing = [*STANDING, *([NODE] if data.draw(st.booleans()) else ())]
    live.change([*standing, *data.draw(st.lists(things(), max_size=5))])
    for _ in range(data.draw(st.integers(1, 4))):
        live.load()
        for _ in range(data.draw(st.integers(0, 2))):
            put, removed = change(data, live)
            live.change(put, removed)
        put, removed = change(data, live)
        proposed = live.proposed(put, removed)
        assert live.load() == fresh(live)
        live.change(put, removed)
        assert proposed == fresh(live)


def change(data: st.DataObject, live: LiveObjects) -> tuple[list[Thing], list[Key]]:
    put = data.draw(st.lists(things(), max_size=2))
    there = live.names()
    removed = data.draw(st.lists(st.sampled_from(there), max_size=1)) if there else []
    return put, [key for key in removed if key not in map(key_of, put)]


def fresh(live: LiveObjects) -> LiveCluster:
    """What these objects make where nothing was there before."""
    other = LiveObjects(Rules(keep_going=True))
    other.change_texts(live.texts())
    return other.load()
