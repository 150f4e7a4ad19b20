"""What an answer takes for granted, in words that an auditor can hold us to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.analysis.checking.premises import breaches_of
from analyzer.analysis.checking.untold_addresses import service_addresses
from analyzer.encoding import pod_ranges
from analyzer.encoding.walk import claim_sets, requests_in
from analyzer.judging import Setting
from analyzer.judging.bound import has_ipv6_pods
from analyzer.model.cilium import CiliumPeer, Endpoints, Entity
from analyzer.model.cilium_places import api_server_addresses
from analyzer.model.claims import Pack, Universe
from analyzer.model.cluster import Cluster
from analyzer.model.ends import METADATA_ADDRESSES
from analyzer.model.enforcing import as_enforced
from analyzer.model.knobs import LabelsAsWritten, MeshEgress
from analyzer.model.mesh import has_mesh
from analyzer.model.profile import PROFILES, Profile
from analyzer.model.source import Notice, Why
from analyzer.verdicts import StatedAssumption

_ENFORCE = "pod-security.kubernetes.io/enforce"


def stated_assumptions(cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> tuple[StatedAssumption, ...]:
    """Every assumption in force, built-in ones first, then the packs' own."""
    found = [_profile(setting.profile), _addresses(cluster, setting), *_metadata_service(cluster, packs, setting)]
    found += _host_network(cluster, setting.universe)
    found.append(_complete(cluster))
    found += _unread(cluster)
    found += _nodes(cluster, setting.profile)
    found += _cni(cluster, setting.profile)
    found += _kube_proxy_alone(cluster, setting.profile)
    found += _api_server(cluster, setting.profile)
    found += _requests(cluster, packs, setting)
    found += _cluster_domain(as_enforced(cluster, setting.profile))
    found.append(_own_node(cluster, setting.profile))
    found.append(
        StatedAssumption(
            "protocols",
            "TCP, UDP and SCTP are judged; ICMP and other protocols without ports are not",
            override="say `on icmp`, `on other` or `on any` in the query",
        )
    )
    found.append(_labels(setting.profile))
    found.append(StatedAssumption("service-ports", "ports are those of the pod, after a Service has translated them"))
    found += service_addresses(cluster, packs, setting)
    found += _from_packs(packs)
    return tuple(found)


def _unread(cluster: Cluster) -> Iterable[StatedAssumption]:
    """What of a live cluster was not asked for: nothing is assumed of it."""
    for thing in cluster.unmodelled:
        if thing.elsewhere_than:
            text = (
                f"only namespace {thing.elsewhere_than} was read; the others may hold any pods, policies and Services, "
                "and answers that these could change are unknown"
            )
            yield StatedAssumption("namespaces-read", text, override="leave out --namespace")
        elif thing.may_be and thing.source.file == "the cluster":
            text = f"no {thing.kind} was read; there may be any, and answers that one could change are unknown"
            yield StatedAssumption("kinds-read", text, override="leave out --without")


def _complete(cluster: Cluster) -> StatedAssumption:
    text = "the policies given are all the policies there are; a namespace not created yet has none of its own"
    charts = [entry.source.file for entry in cluster.left_out if entry.why is Why.CHART]
    if charts:
        names = ", ".join(charts[:6]) + (" …" if len(charts) > 6 else "")
        text += f"; what the Helm charts make that are not rendered is not in ({names})"
    kinds = [entry.source.file for entry in cluster.left_out if entry.why is Why.KIND]
    if kinds:
        names = ", ".join(kinds[:6]) + (" …" if len(kinds) > 6 else "")
        text += f"; kinds that netproof does not know change nothing ({names})"
    return StatedAssumption("policies-complete", text)


def _profile(profile: Profile) -> StatedAssumption:
    usual = PROFILES[profile.name].knobs() if profile.name in PROFILES else {}
    changed = [f"{k}={v}" for k, v in profile.knobs().items() if usual.get(k) != v]
    text = f"policies are enforced as profile {profile.name} does" + (f", with {', '.join(changed)}" if changed else "")
    if not profile.enforces:
        text = f"profile {profile.name} enforces no policy at all"
    details = ", ".join(f"{k}={v}" for k, v in profile.telling_knobs().items())
    return StatedAssumption("profile", f"{text} ({details})", kind="profile", override="--profile, --knob")


def _addresses(cluster: Cluster, setting: Setting) -> StatedAssumption:
    addresses = pod_ranges(cluster, setting.pod_addresses) | cluster.known_pod_addresses
    if setting.pod_addresses is not None:
        origin = "as given"
    elif cluster.stray_addresses:
        origin = "the usual private ranges, as known pods lie outside the nodes' podCIDRs"
    elif cluster.pod_cidrs:
        given = {"the nodes' podCIDRs": any(node.pod_addresses for node in cluster.nodes)}
        given["Calico's IPPools"] = bool(cluster.calico.pools)
        origin = " and ".join(what for what, is_there in given.items() if is_there)
    else:
        origin = "the usual private ranges"
    networks = addresses.networks()
    shown = ", ".join(map(str, networks[:8])) + (f" and {len(networks) - 8} more" if len(networks) > 8 else "")
    others = (("node", cluster.nodes), ("Service", cluster.service_addresses))
    but = " nor ".join(f"{what}'s" for what, there in others if there)
    but = f", and are no {but}" if but else ""
    text = f"pod addresses lie in {shown} ({origin}){but}"
    return StatedAssumption("pod-addresses", text, override="--pod-cidr")


def _nodes(cluster: Cluster, profile: Profile) -> Iterable[StatedAssumption]:
    if cluster.nodes and profile.nodes_complete:
        text = "the Node objects given are all the nodes there are: no other node is at any address"
        yield StatedAssumption("nodes-complete", text, override="--knob nodes-complete=false")


def _own_node(cluster: Cluster, profile: Profile) -> StatedAssumption:
    """To Amazon's agent the node is open both ways (aws.md K2)."""
    text = "a pod's own node, and what uses its network, always reaches the pod and is not judged"
    if profile.reads_groups and cluster.aws.group_policies:
        text = "what a pod's own node, and what uses its network, sends to the pod is not judged: it always arrives"
        text += ", but for pods with security groups of their own in strict mode, where these decide"
    if profile.reads_aws and not profile.own_node_egress:
        text += "; the VPC CNI lets a pod reach its own node, too, which is not judged either"
        return StatedAssumption("own-node", text, override="--knob own-node-egress=true")
    return StatedAssumption("own-node", text)


def _cni(cluster: Cluster, profile: Profile) -> Iterable[StatedAssumption]:
    """Whether Amazon's VPC CNI enforces policies, as far as nothing says it, and what groups nodes have (aws.md N5,
    S4)."""
    aws = cluster.aws
    if profile.name == "aws-vpc-cni" and profile.enforces:
        seen = [one.what for one in aws.settings if one.network_policy is not None]
        addon = any("add-on" in what for what in seen)
        unseen = [part for part in _SWITCHES if not any(what.startswith(part) for what in seen)]
        if unseen and not addon:
            told = "nothing in the input says so" if not seen else f"{' and '.join(seen)} says so"
            text = f"the VPC CNI enforces policies: {told}, and no {' and no '.join(unseen)} is among the objects"
            give = "give `kubectl -n kube-system get configmap/amazon-vpc-cni daemonset/aws-node -o yaml`"
            yield StatedAssumption("network-policy-on", text, override=f"{give}; --knob enable-network-policy=false")
    yield from _agent(cluster, profile)
    if not profile.reads_groups or not (aws.group_policies or aws.interfaces):
        return
    partly = [group.id for group in aws.groups if group.is_by_rule]
    if partly:
        names = ", ".join(partly[:6]) + (" …" if len(partly) > 6 else "")
        text = f"the rules told one by one are all that security groups have of which nothing else tells ({names})"
        give = "give the output of `aws ec2 describe-security-groups`"
        yield StatedAssumption("group-rules-complete", text, override=give)
    from analyzer.model.aws_nodes import nodes_are_judged, nodes_are_told

    if not nodes_are_told(cluster):
        whose = "pods without groups of their own" if nodes_are_judged(cluster) else _WITH_NODES_GROUPS
        text = f"the security groups of nodes let through what {whose} send and are sent"
        give = "give Nodes, and the output of `aws ec2 describe-network-interfaces`"
        yield StatedAssumption("node-groups", text, override=give)
    if aws.group_policies and not any(one.has_pod_eni is not None or one.without_pod_eni for one in aws.settings):
        text = "pods get the groups that SecurityGroupPolicies give: nothing says that aws-node has ENABLE_POD_ENI"
        give = "give `kubectl -n kube-system get daemonset/aws-node -o yaml`"
        yield StatedAssumption("pod-eni", text, override=give)


_WITH_NODES_GROUPS = "nodes, pods on their network and pods without groups of their own"


def _agent(cluster: Cluster, profile: Profile) -> Iterable[StatedAssumption]:
    """Where nothing shows pods at which the agent enforces nothing, or a knob says that there are none (aws.md N8,
    N9)."""
    if not profile.reads_aws:
        return
    from analyzer.model.without_agent import shows_fargate, shows_windows

    name, give = "agent-everywhere", "give `kubectl get nodes,pods -A -o yaml`"
    if profile.agent_everywhere:
        yield StatedAssumption(name, "the VPC CNI's agent enforces policies at every pod", override="--knob")
        return
    others = {"Windows": shows_windows(cluster), "Fargate": shows_fargate(cluster)}
    if unseen := [what for what, shown in others.items() if not shown]:
        text = f"no pod runs on {' or '.join(unseen)}, where the VPC CNI enforces no policy: nothing shows such nodes"
        yield StatedAssumption(name, text, override=f"{give}; --knob agent-everywhere")
    if any(workload.kind == "Pod" and not workload.host_network for workload in cluster.workloads):
        text = "policies are enforced at pods without a controller, as the agent's source does: Amazon's pages say no"
        yield StatedAssumption("standalone-pods", text, override="have controllers make them")


_SWITCHES = ("ConfigMap kube-system/amazon-vpc-cni", "DaemonSet kube-system/aws-node")


def _kube_proxy_alone(cluster: Cluster, profile: Profile) -> Iterable[StatedAssumption]:
    """Said where the system's DaemonSets are there and no engine that netproof knows (aws.md N7)."""
    there = [w for w in cluster.workloads if w.kind == "DaemonSet" and w.name == "kube-proxy"]
    if there and profile.enforces and not any(sign.is_installed for sign in cluster.signs):
        text = (
            f"something enforces policies: DaemonSet {there[0].namespace}/kube-proxy ({there[0].source}) does not, and "
            "no policy engine that netproof knows is among the objects"
        )
        yield StatedAssumption("engine-there", text, override="--profile none")


def _api_server(cluster: Cluster, profile: Profile) -> Iterable[StatedAssumption]:
    """Said where policies of Cilium mean the API server, or all of the cluster, to which one outside would belong."""
    if not profile.reads_cilium:
        return

    if api_server_addresses(profile, cluster):
        return
    names = [name for name in _OF_API_SERVER if any(_means(peer, name) for peer in cluster.cilium.peers)]
    if names:
        listed = " and ".join(f"entity `{name}`" for name in names)
        means = "means it wherever it is" if len(names) == 1 else "mean it wherever it is"
        text = f"the API server is on a node: nothing says where it answers, and {listed} {means}"
        yield StatedAssumption("api-server", text, override="--knob kube-apiserver=ADDRESS")


_OF_API_SERVER = ("cluster", "cluster-mesh", "kube-apiserver")


def _means(peer: CiliumPeer, entity: str) -> bool:
    if isinstance(peer, Endpoints):
        return any(asked.key.rpartition(":")[2] == entity for asked in peer.selector.requirements)
    return peer == Entity(entity)


def _labels(profile: Profile) -> StatedAssumption:
    given = "give the objects as the cluster holds them: `kubectl get -o yaml`, or `kubectl netproof`"
    match profile.labels_as_written:
        case LabelsAsWritten.TRUE:
            text = (
                "pods and namespaces have the labels that are written and those that Kubernetes itself adds; admission "
                "and operators add none"
            )
            given += "; --knob labels-as-written=more"
        case LabelsAsWritten.MORE:
            text = (
                "pods have the labels that are written, and may have any others; namespaces have those that are written"
            )
            given = "--knob labels-as-written=false"
        case LabelsAsWritten.FALSE:
            text = "pods may have any labels, whatever is written; namespaces have those that are written"
    return StatedAssumption("labels-as-written", text, override=given)


def _requests(cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> Iterable[StatedAssumption]:
    """Said where a mesh is to be seen, or a question names what clients ask for."""
    is_meshed = has_mesh(cluster.mesh)
    if not is_meshed and not any(any(requests_in(query.claim.where)) for pack in packs for query in pack.queries):
        return
    text = (
        "a client chooses method, path, host, headers, its own TLS or none, and mutual TLS with its own identity; "
        "never the identity of another"
    )
    if setting.profile.foreign_identities:
        text += ", but for what lies outside the cluster and for nodes, which show any of the mesh's trust domains"
    yield StatedAssumption("requests", text, override="--knob foreign-identities")
    tokens = "some clients have a valid token of an issuer that a RequestAuthentication names, with any claims"
    if not setting.profile.tokens:
        tokens = "no client has a valid token"
    yield StatedAssumption("tokens", tokens, override="--assume no-tokens, --knob tokens")
    if not is_meshed:
        return
    if cluster.mesh.has_cni and not cluster.mesh.cni:
        names = " and ".join(sorted(cluster.mesh.passed_over))
        told = f"istio-cni takes over pods of every namespace of the mesh but {names}, for which it is not known"
        yield StatedAssumption("istio-cni", told, override="give its ConfigMap, istio-cni-config")
    paths = "paths are those that proxies see, normalized; what a server behind them makes of a path is not judged"
    yield StatedAssumption("normalized-paths", paths)
    if setting.profile.mesh_egress is MeshEgress.ENFORCED:
        bound = "what Sidecars and ServiceEntries say of what goes out binds pods, and is not modelled"
        yield StatedAssumption("mesh-egress", bound, override="--knob mesh-egress=open")
    elif any(it.kind in ("Sidecar", "ServiceEntry") for it in cluster.unmodelled):
        bound = "pods can go past what Sidecars and ServiceEntries say of what goes out"
        yield StatedAssumption("mesh-egress", bound, override="--knob mesh-egress=enforced")
    if setting.universe is not Universe.INVENTORY:
        kept = "pods created later keep the proxy of the mesh that their namespace asks for"
        if setting.profile.mesh_opt_out:
            kept = "pods created later may have labels that keep the mesh's proxies off them"
        yield StatedAssumption("proxies-kept", kept, override="--knob mesh-opt-out")


def _cluster_domain(cluster: Cluster) -> Iterable[StatedAssumption]:
    """Said where a wildcard could cover the names of the cluster's Services, were its domain another."""
    if any(name.startswith("*.") and cluster.domain_of_cluster(name) is None for name in cluster.domain_names):
        domains = " or ".join(("cluster.local", *(d for d in cluster.dns_domains if d != "cluster.local")))
        text = f"the domain of the cluster's Services is {domains}: wildcards for other domains mean nothing in it"
        yield StatedAssumption("cluster-domain", text, override="--knob cluster-domain=DOMAIN")


def _metadata_service(cluster: Cluster, packs: Sequence[Pack], setting: Setting) -> Iterable[StatedAssumption]:
    is_asked = any(METADATA_ADDRESSES in claim_sets(query.claim) for pack in packs for query in pack.queries)
    if is_asked and not has_ipv6_pods(cluster, setting.pod_addresses, setting.profile):
        yield StatedAssumption(
            "metadata-service",
            "metadata-service is its IPv4 address alone, for nothing says that pods have IPv6 addresses",
            override="--pod-cidr",
        )


def _host_network(cluster: Cluster, universe: Universe) -> Iterable[StatedAssumption]:
    if universe is Universe.INVENTORY:
        return
    name = "no-host-network"
    enforcing = [n for n in cluster.namespaces if n.labels.get(_ENFORCE) in ("baseline", "restricted")]
    if enforcing:
        names = ", ".join(n.name for n in enforcing[:6]) + (" …" if len(enforcing) > 6 else "")
        yield StatedAssumption(name, f"Pod Security keeps pods off the node's network in {names}", kind="fact")
    if universe is Universe.ANY or len(enforcing) < len(cluster.namespaces):
        where = " elsewhere" if enforcing else ""
        yield StatedAssumption(
            name,
            f"pods created later{where} do not use hostNetwork, nor a hostPort; declared ones are taken as they are",
            override="label the namespaces with Pod Security `baseline` or `restricted`",
        )


def breaches(cluster: Cluster, packs: Sequence[Pack]) -> tuple[Notice, ...]:
    """What the manifests say against an assumption, so that the user hears of it whatever was asked."""
    found = breaches_of(cluster, [assumption for pack in packs for assumption in pack.assumptions])
    return tuple(Notice(it.assumption.source, f"{it}; what needs it is unknown") for it in found)


def _from_packs(packs: Sequence[Pack]) -> Iterable[StatedAssumption]:
    seen: set[str] = set()
    for pack in packs:
        for assumption in pack.assumptions:
            if assumption.name not in seen:
                seen.add(assumption.name)
                text = f"{assumption.title or assumption.name} ({assumption.source})"
                yield StatedAssumption(assumption.name, text, override="leave the `assume` out of the pack")
