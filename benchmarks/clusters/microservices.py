"""One product of many services: a namespace for each domain, closed from outside, each service open to its callers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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

LEAKS = ("every-namespace", "exists-instead-of-in", "open-to-the-world", "every-port", "metadata-service")
_CALLERS = 3
_FIRST = 2  # policies of a namespace that are no service's: nothing in, and what may go out


@dataclass(frozen=True)
class Domain:
    """A namespace, what it is to hold, and the mistake made in it."""

    number: int
    workloads: int
    policies: int
    leak: str = ""

    @property
    def name(self) -> str:
        return f"domain-{self.number}"

    def may_leak(self, kind: str) -> bool:
        """Whether there is a policy to make the mistake in, and a service that does not call the wronged one."""
        if kind == "metadata-service":
            return self.policies >= _FIRST
        return self.policies > _FIRST + 1 and self.workloads > _CALLERS + 2


def cluster_wide(count: int) -> list[Object]:
    """Up to one policy: nobody runs trials on the product."""
    denied = {
        "apiVersion": CLUSTER_WIDE,
        "kind": "AdminNetworkPolicy",
        "metadata": {"name": "no-trials"},
        "spec": {
            "priority": 20,
            "subject": {"namespaces": those(where("domain", "Exists"))},
            "egress": [{"name": "trials", "action": "Deny", "to": [{"namespaces": having(purpose="trials")}]}],
        },
    }
    return [denied][:count]


def objects(domain: Domain) -> Iterator[Object]:
    yield namespace(domain.name, domain=f"d{domain.number}", env=("prod", "dev")[domain.number % 2])
    yield from settings(domain.name)
    for i in range(domain.workloads):
        labels = {"app": f"svc-{i}", "tier": ("edge", "logic", "data")[i % 3], "release": f"r{i % 4}"}
        if i % 4 == 0:
            labels["metrics"] = "on"
        yield deployment(domain.name, f"svc-{i}", labels, {"http": 8080, "grpc": 9000 + i % 4, "metrics": 9100})
        yield service(domain.name, f"svc-{i}", f"svc-{i}", 80, "http")
    for number in range(domain.policies):
        yield _policy(domain, number)


def _policy(domain: Domain, number: int) -> Object:
    if number == 0:
        return policy(domain.name, "default-deny", {}, [])
    if number == 1:
        barred = PRIVATE if domain.leak == "metadata-service" else (*PRIVATE, METADATA_SERVICE)
        outside = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(barred)}}]}
        inside = {"to": [{"namespaceSelector": those(where("domain", "Exists"))}]}
        return policy(domain.name, "egress", {}, None, [DNS, inside, outside])
    nth = number - _FIRST
    index = nth % max(domain.workloads, 1)
    is_wronged = domain.leak != "metadata-service" and domain.leak != "" and nth == _wronged()
    rules = [_callers(domain, index, domain.leak if is_wronged else "", is_named=nth % 2 == 0)]
    if index % 4 == 0:
        scraper = {"namespaceSelector": named("monitoring"), "podSelector": having(app="prometheus")}
        rules.append({"from": [scraper], "ports": [tcp(9100, 9109)]})
    if index % 6 == 3:
        rules.append(_partner(domain, nth))
    if is_wronged and domain.leak == "open-to-the-world":
        rules.append({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [tcp("http")]})
    return policy(domain.name, f"svc-{index}-{nth}", having(app=f"svc-{index}"), rules)


def _wronged() -> int:
    """The service that leaks: no partner may reach it, and its port is a number."""
    return 1


def _callers(domain: Domain, index: int, leak: str, *, is_named: bool) -> Object:
    """The next few services of the domain may call, if they are no trial."""
    callers = [f"svc-{(index + step) % domain.workloads}" for step in range(1, _CALLERS + 1)]
    chosen = where("app", "Exists") if leak == "exists-instead-of-in" else where("app", "In", *callers)
    peer: Object = {"podSelector": those(chosen, where("stage", "NotIn", "trial"), where("suspended", "DoesNotExist"))}
    if leak == "every-namespace":
        peer = {"namespaceSelector": {}}
    ports = [{"protocol": "TCP"}] if leak == "every-port" else [tcp("http") if is_named else tcp(8080)]
    return {"from": [peer], "ports": [*ports, tcp(9000, 9003)]}


def _partner(domain: Domain, number: int) -> Object:
    third, fourth = (domain.number + 3 * number) % 250, 64 * (number % 4)
    block = {"cidr": f"198.18.{third}.0/24", "except": [f"198.18.{third}.{fourth}/26"]}
    return {"from": [{"ipBlock": block}], "ports": [tcp(8443)]}


def leak(domain: Domain) -> Leak:
    """The mistake made in a namespace."""
    here, name = domain.name, f"svc-{_wronged()}"
    whom, place = f"pods(app={name}) in namespace {here}", f"{here}/{name}-{_wronged()}"
    match domain.leak:
        case "metadata-service":
            return Leak(domain.leak, f"namespace {here}", "metadata-service", f"{here}/egress")
        case "every-namespace":
            return Leak(domain.leak, "namespace sandbox", whom, place)
        case "exists-instead-of-in":
            other = f"svc-{_wronged() + _CALLERS + 1}"
            return Leak(domain.leak, f"pods(app={other}) in namespace {here}", whom, place)
        case "open-to-the-world":
            return Leak(domain.leak, "internet", whom, place)
        case _:
            return Leak(domain.leak, f"namespace {here}", whom, place, "tcp/22")
