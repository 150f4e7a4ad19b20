"""What each word of the language means, in a sentence."""

from __future__ import annotations

STATEMENTS = {
    "pack": '`pack NAME "TITLE"` names the file.',
    "param": '`param NAME = "VALUE"` is a value that `--set NAME=VALUE` can replace; used as `$NAME`.',
    "let": "`let NAME = SET` names a set.",
    "assume": '`assume NAME "TITLE": every SET has CONDITION` takes as given that each pod in the set satisfies the condition.',
    "assert": '`assert NAME "TITLE": CLAIM` asks whether the claim holds.',
}
ANNOTATIONS = {
    "@severity": "`low`, `medium` (if nothing is said), `high` or `critical`.",
    "@control": "A control that the query is evidence for; may be given several times.",
    "@description": "Why the claim matters.",
    "@remediation": "What to do when it fails.",
    "@shows": "Before `pack`: what proofs of its queries are evidence of.",
    "@does-not-show": "Before `pack`: what they are no evidence of.",
    "@empty": "`@empty(allowed)` before `param`: the parameter may be set to nothing.",
}
QUANTIFIERS = {
    "no": "`no S can reach D`: no connection from S to D is permitted.",
    "every": "`every S can reach D`: each member of S may open a connection to each member of D, on all of the ports listed. "
    "`every S is isolated for ingress, egress`: policies select each pod of S for these directions.",
    "some": "`some S can reach D`: some connection from S to D is permitted.",
    "only": "`only S can reach D`: every permitted connection to D comes from S. "
    "`S can reach only D`: every permitted connection from S goes to D.",
    "policies": "`policies never tie`: no two admin policies of equal priority match one connection with different actions.",
}
SETS = {
    "pods": "All pods, those whose labels match, `pods(app=web)`, those of a namespace, `pods in namespace shop`.",
    "namespace": "All pods in the namespace of that name.",
    "namespaces": "All pods in namespaces whose labels match: `namespaces(team=a)`.",
    "workload": "The pods of the workloads of that name, of whatever kind: `workload NAMESPACE/NAME`.",
    "service": "What the Service leads to, on the Service's ports: `service NAMESPACE/NAME`.",
    "ips": "Addresses outside the cluster: `ips 10.0.0.0/8 except 10.1.0.0/16`.",
    "domains": "Addresses outside that one of these names stands for; nobody knows which.",
    "internet": "Every globally reachable unicast address.",
    "external": "All addresses outside the cluster.",
    "metadata-service": "169.254.169.254, and fd00:ec2::254 where there are IPv6 pods.",
    "apiserver": "The API server.",
    "nodes": "The nodes.",
    "dns": "The servers that pods ask for names.",
    "anything": "All pods, nodes and addresses outside the cluster.",
}
MODIFIERS = {
    "on": "Speaks of these ports only: `on tcp/80, udp/53`; without it of all.",
    "except": "`D except SET` takes a set away; `except S can reach D` excuses these connections.",
    "where": "Narrows the connections spoken of; after `only` it narrows what is permitted.",
    "within": "Which pods can exist: `any`, `namespaces` or `inventory`.",
}
UNIVERSES = {
    "any": "Every pod that could be created.",
    "namespaces": "Every pod that could be created in the namespaces given.",
    "inventory": "The pods of the workloads given.",
}
DIRECTIONS = {"ingress": "What comes in.", "egress": "What goes out."}
OTHERS = {
    "reach": "Opening a connection is permitted.",
    "newly": "By the new revision and not by the old one; for `netproof diff`.",
    "isolated": "Selected by some policy for a direction, so that only what rules name is permitted.",
    "has": "The label is there.",
    "like": "`*` in the pattern stands for any characters.",
    "src": "The end that opens the connection.",
    "dst": "The end that is connected to.",
    "request": "What the client asks for, as a proxy sees it.",
}
PROTOCOLS = {
    "tcp": "All TCP ports; `tcp/80`, `tcp/9000-9100`, `tcp/http` for some.",
    "udp": "All UDP ports.",
    "sctp": "All SCTP ports.",
    "icmp": "ICMP over IPv4 and IPv6; `icmp/8` for a type of IPv4, `icmp/3/4` for one code of it.",
    "icmpv4": "ICMP over IPv4.",
    "icmpv6": "ICMP over IPv6; `icmpv6/128` for a type of it.",
    "protocol": "An IP protocol without ports by its number: `protocol/47` is GRE.",
    "other": "All protocols without ports, such as ICMP.",
    "any": "All protocols.",
}
ALL = {**STATEMENTS, **ANNOTATIONS, **QUANTIFIERS, **SETS, **MODIFIERS, **DIRECTIONS, **OTHERS, **PROTOCOLS}  # fmt: skip
