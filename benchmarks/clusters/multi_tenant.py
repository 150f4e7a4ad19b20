"""Many tenants on one cluster: two namespaces each, closed both ways, and baseline rules for namespaces to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from benchmarks.clusters.objects import (
    CLUSTER_WIDE,
    DNS,
    METADATA_SERVICE,
    PRIVATE,
    Leak,
    Object,
    deployment,
    having,
    named,
    namespace,
    policy,
    service,
    settings,
    tcp,
    those,
    where,
)

TENANTS_APART = (
    "no pods in namespaces(tenant) can reach pods in namespaces(tenant) "
    "where src.namespace.labels[tenant] != dst.namespace.labels[tenant]"
)
APPS = ("front", "api", "db", "worker", "cache", "mail", "search", "queue")
LEAKS = ("or-instead-of-and", "absent-label", "internet", "metadata-service", "other-tenant", "wide-range")
OTHER_END = "any-tenant"  # what the other tenant has to get wrong as well
_NEEDS = {  # how many policies the namespace must have for the mistake to be made in its last one
    "or-instead-of-and": 3,
    "absent-label": 4,
    "internet": 5,
    "metadata-service": 5,
    "other-tenant": 4,
    OTHER_END: 4,
    "wide-range": 6,
}


@dataclass(frozen=True)
class Home:
    """A namespace of a tenant, what it is to hold, and the mistake made in it."""

    number: int
    workloads: int
    policies: int
    leak: str = ""

    @property
    def tenant(self) -> str:
        return f"t{self.number // 2}"

    @property
    def next_tenant(self) -> str:
        return f"t{self.number // 2 + 1}"

    @property
    def env(self) -> str:
        return ("prod", "dev")[self.number % 2]

    @property
    def name(self) -> str:
        return f"{self.tenant}-{self.env}"

    def may_leak(self, kind: str) -> bool:
        return self.policies >= _NEEDS[kind]


def cluster_wide(count: int) -> list[Object]:
    """Up to two policies: what a namespace to come starts with, and what nobody may take away."""
    tenants = {"namespaces": those(where("tenant", "Exists"))}
    baseline = {
        "apiVersion": CLUSTER_WIDE,
        "kind": "BaselineAdminNetworkPolicy",
        "metadata": {"name": "default"},
        "spec": {
            "subject": tenants,
            "ingress": [{"name": "deny", "action": "Deny", "from": [{"namespaces": {}}]}],
            "egress": [{"name": "deny", "action": "Deny", "to": [{"namespaces": {}}]}],
        },
    }
    admin = {
        "apiVersion": CLUSTER_WIDE,
        "kind": "AdminNetworkPolicy",
        "metadata": {"name": "metrics"},
        "spec": {
            "priority": 10,
            "subject": tenants,
            "ingress": [
                {
                    "name": "metrics",
                    "action": "Allow",
                    "from": [{"namespaces": named("monitoring")}],
                    "ports": [{"portNumber": {"protocol": "TCP", "port": 9100}}],
                }
            ],
        },
    }
    return [baseline, admin][:count]


def objects(home: Home) -> Iterator[Object]:
    yield namespace(home.name, tenant=home.tenant, env=home.env)
    yield from settings(home.name)
    for i in range(home.workloads):
        app = APPS[i % len(APPS)]
        name = app if i < len(APPS) else f"{app}-{i // len(APPS)}"
        labels = {"app": app, "tier": "data" if app in ("db", "cache") else "app", "release": f"r{i % 5}"}
        if app == "db":
            labels["data"] = "pii"
        if app in ("mail", "search"):
            labels["egress"] = "internet"
        if i % 3 == 0:
            labels["metrics"] = "on"
        ports = {"http": 8080 + i % 3, "metrics": 9090}
        yield deployment(home.name, name, labels, ports)
        if app == "front":
            yield service(home.name, name, app, 80, "http")
    yield from islice(_policies(home), home.policies)


def _policies(home: Home) -> Iterator[Object]:
    """A namespace's policies, the needful first; there is no end of partners."""
    own, leak = {"namespaceSelector": having(tenant=home.tenant)}, home.leak
    yield policy(home.name, "default-deny", {}, [], [])
    yield policy(home.name, "own-tenant", {}, [{"from": [own]}], [{"to": [own]}, DNS])
    gate = {"namespaceSelector": named("ingress-nginx"), "podSelector": having(app="ingress")}
    gates = [{"namespaceSelector": {}}, {"podSelector": gate["podSelector"]}] if leak == "or-instead-of-and" else [gate]
    yield policy(home.name, "front", having(app="front"), [{"from": gates, "ports": [tcp("http")]}])
    yield policy(home.name, "data", having(tier="data"), [_data_rule(home)], [_data_egress(home)])
    yield policy(home.name, "internet", *_internet(home))
    scraped = those(where("metrics", "Exists"), where("legacy", "DoesNotExist"))
    ports = [tcp(9090, 9999 if leak == "wide-range" else 9099)]
    yield policy(
        home.name, "metrics", scraped, [{"from": [{"namespaceSelector": named("monitoring")}], "ports": ports}]
    )
    for n, app in enumerate(cycle(APPS)):
        yield policy(home.name, f"partner-{n}", *_partner(home, n, app))


def _data_rule(home: Home) -> Object:
    tenant, env = where("tenant", "In", home.tenant), where("env", "NotIn", "test", "trial")
    expressions = [tenant, env]
    if home.leak == "absent-label":
        expressions = [env]
    elif home.leak == OTHER_END:
        expressions = [where("tenant", "Exists"), env]
    callers = those(where("tier", "In", "app", "data", "trial"), where("legacy", "DoesNotExist"))
    peer = {"namespaceSelector": those(*expressions), "podSelector": callers}
    return {"from": [peer], "ports": [tcp(5432), tcp(6379), tcp("http")]}


def _data_egress(home: Home) -> Object:
    tenants = (home.tenant, home.next_tenant) if home.leak == "other-tenant" else (home.tenant,)
    return {"to": [{"namespaceSelector": those(where("tenant", "In", *tenants))}]}


def _internet(home: Home) -> tuple[Object, None, Sequence[Object]]:
    pods = having(egress="internet")
    if home.leak != "internet":
        pods = pods | those(where("data", "DoesNotExist"))
    barred = PRIVATE if home.leak == "metadata-service" else (*PRIVATE, METADATA_SERVICE)
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(barred)}}
    return pods, None, [{"to": [block], "ports": [tcp(80), tcp(443)]}]


def _partner(home: Home, number: int, app: str) -> tuple[Object, None, Sequence[Object]]:
    third, fourth = (home.number * 7 + number) % 250, 64 * (number % 4)
    block = {"cidr": f"198.18.{third}.0/24", "except": [f"198.18.{third}.{fourth}/26"]}
    pods = having(app=app) | those(where("release", "NotIn", f"r{number % 5}"))
    return pods, None, [{"to": [{"ipBlock": block}], "ports": [tcp(443), tcp(8000 + number % 100, 8200)]}]


def leak(home: Home) -> Leak:
    """The mistake made in a namespace."""
    here = home.name
    match home.leak:
        case "or-instead-of-and":
            return Leak(home.leak, "namespace sandbox", f"pods(app=front) in namespace {here}", f"{here}/front")
        case "absent-label":
            return Leak(home.leak, "namespace sandbox", f"pods(tier=data) in namespace {here}", f"{here}/data")
        case "internet":
            return Leak(home.leak, f"pods(data=pii) in namespace {here}", "internet", f"{here}/internet")
        case "metadata-service":
            return Leak(home.leak, f"namespace {here}", "metadata-service", f"{here}/internet")
        case "other-tenant":
            whom = f"pods in namespaces(tenant={home.next_tenant})"
            return Leak(home.leak, f"pods in namespaces(tenant={home.tenant})", whom, f"{here}/data")
        case _:
            return Leak(home.leak, "namespace monitoring", f"namespace {here}", f"{here}/metrics", "tcp/9900")
