"""What people bring along from other tools: kubectl, iptables and access lists, Calico, Cilium, lists of flows."""

from __future__ import annotations

import re
import shlex
from ipaddress import ip_network

from analyzer.language.teaching.drafts import Groups, Where
from analyzer.language.teaching.patterns import idiom

_CLAIM = "a claim reads `no S can reach D`, `every S can reach D`, `only S can reach D`, …"
_LABELS = "labels stand in brackets: `pods(app=web)`, `namespaces(team=a)`"
_ENTITIES = {
    "world": "external",
    "all": "anything",
    "cluster": "pods",
    "host": "nodes",
    "remote-node": "nodes",
    "kube-apiserver": "apiserver",
}
_ENTITY = "|".join(sorted(_ENTITIES, key=len, reverse=True))
_KINDS_WRITTEN = r"Pod|Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|ReplicationController"
_DENIES = re.compile(r"drop|reject|deny|denied|block", re.IGNORECASE)


def _claim(denied: bool, src: str, dst: str, ports: str = "") -> str:
    word = "no" if denied else "every" if ports else "some"
    return f"{word} {src} can reach {dst}{f' on {ports}' if ports else ''}"


def _far(text: str, namespace: str = "default") -> tuple[str, str]:
    """The set and the port of what a client is told to call: a URL, `db.shop:5432`, `10.0.0.1:80`."""
    found = re.match(r"(?:(?P<scheme>\w+)://)?(?P<host>\[[^\]]*\]|[^:/]+)(?::(?P<port>\d+))?", text.strip("'\""))
    if found is None:
        return "", ""
    host, scheme = found["host"].strip("[]"), found["scheme"]
    port = found["port"] or {"http": "80", "https": "443"}.get(scheme or "", "")
    if (workload := re.fullmatch(r"([a-z0-9-]+/[a-z0-9-]+)(?::(\d+))?", text)) is not None:
        return f"workload {workload[1]}", workload[2] or ""
    service = re.fullmatch(r"([a-z0-9-]+)(?:\.([a-z0-9-]+))?(?:\.svc(?:\.cluster\.local)?)?", host)
    if host == "169.254.169.254":
        return "metadata-service", port
    if re.fullmatch(r"[0-9.]+|[0-9a-f:]+:[0-9a-f:]*", host):
        return f"ips {host}", port
    if service is not None and (service[2] not in ("com", "org", "net", "io", "dev", "de", "eu", "ai")):
        return f"service {service[2] or namespace}/{service[1]}", port
    return f"domains {host}", port


def _called(groups: Groups) -> str:
    """`kubectl exec -n NS POD -- curl URL`, or the client alone."""
    words = groups["exec"].split() if groups["exec"] else []
    namespace, pod = "default", ""
    for place, word in enumerate(words):
        if word in ("-n", "--namespace") and place + 1 < len(words):
            namespace = words[place + 1]
        elif word.startswith(("--namespace=", "-n=")):
            namespace = word.partition("=")[2]
        elif not word.startswith("-") and (place == 0 or words[place - 1] not in ("-n", "--namespace", "-c")):
            pod = word
    kind, _, name = pod.rpartition("/")
    if kind and not re.fullmatch(r"(?:deploy|deployment|sts|statefulset|ds|daemonset|pod|po|job)s?", kind):
        namespace = kind
    source = f"workload {namespace}/{name}" if pod else groups.get("near") or "pods"
    called = [word for word in groups["args"].split() if not word.startswith("-")]
    far, port = _far(called[0], namespace) if called else ("", "")
    if len(called) > 1 and called[1].isdigit():
        port = called[1]
    if not far:
        return groups["at"]
    if groups["client"].lower().startswith("ping"):
        return _claim(False, source, far, "other")
    return _claim(False, source, far, f"tcp/{port}" if port else "")


def _table(groups: Groups) -> str:
    """A rule of iptables."""
    try:
        words = shlex.split(groups["rule"])
    except ValueError:
        return groups["at"]
    given = {word.lstrip("-"): words[place + 1] for place, word in enumerate(words[:-1]) if word.startswith("-")}
    src, dst = given.get("s", given.get("source")), given.get("d", given.get("destination"))
    chain = given.get("A", given.get("I", "")).upper()
    ports = given.get("dport", given.get("dports", ""))
    protocol = given.get("p", "tcp").lower()
    on = ", ".join(f"{protocol}/{port.replace(':', '-')}" for port in ports.split(",")) if ports else ""
    near = "anything" if chain != "OUTPUT" else "pods"
    end = "pods" if chain == "INPUT" else "anything"
    if not on and "p" in given and protocol != "all":
        on = protocol if protocol in ("tcp", "udp", "sctp") else "other"
    return _claim(_DENIES.search(given.get("j", "DROP")) is not None, _network(src, near), _network(dst, end), on)


def _network(written: str | None, otherwise: str) -> str:
    if written is None or written.lower() in ("any", "0.0.0.0/0"):
        return otherwise
    if written == "169.254.169.254":
        return "metadata-service"
    try:
        return f"ips {ip_network(written)}"
    except ValueError:
        return otherwise


def _list_entry(groups: Groups) -> str:
    """`deny tcp any host 10.0.0.1 eq 22`"""
    src, dst = (_network(re.sub(r"^host\s+", "", groups[name]), "anything") for name in ("src", "dst"))
    protocol = groups["protocol"].lower()
    on = f"{protocol}/{groups['low']}{'-' + groups['high'] if groups['high'] else ''}" if groups["low"] else ""
    if not on and protocol in ("tcp", "udp", "icmp"):
        on = protocol
    return _claim(groups["word"].lower() in ("deny", "drop", "block", "reject"), src, dst, on)


def _given(groups: Groups) -> str:
    """`--source S --destination D --port P`, `src=S dst=D port=P proto=tcp`"""
    found = re.findall(r"-*\b(src|source|from|dst|dest|destination|to|d?port|proto|protocol)[ =:]+(\S+)", groups["at"])
    said = {name[:2] if name[:1] != "d" or name == "dport" else "to": value for name, value in found}
    src, dst = (
        _end(said.get(name, fallback)) for name, fallback in (("so", said.get("sr", said.get("fr", ""))), ("to", ""))
    )
    port = said.get("po", said.get("dp", ""))
    return _claim(False, src, dst, f"{said.get('pr', 'tcp').lower()}/{port}" if port else "")


def _end(written: str) -> str:
    text = written.strip(",;")
    if re.fullmatch(r"[\w-]+/[\w.-]+", text):
        return f"workload {text}"
    return _network(text, text or "pods")


def _selected(groups: Groups) -> str:
    """`pods -l app=web -n shop`"""
    labels = re.findall(r"(?:-l|--selector)[ =]+\"?([^\s\"]+)\"?", groups["at"])
    namespaces = re.findall(r"(?:-n|--namespace)[ =]+([a-z0-9-]+)", groups["at"])
    chosen = f"({','.join(labels)})" if labels else ""
    return f"pods{chosen}{f' in namespace {namespaces[0]}' if namespaces else ''}"


def _both_ways(groups: Groups) -> str:
    word = "no" if groups["no"] else "every" if groups["tail"] else "some"
    return (
        f"{word} {groups['one']} can reach {groups['other']}{groups['tail']} and "
        f"{word} {groups['other']} can reach {groups['one']}{groups['tail']}"
    )


_CLIENT = r"(?P<client>curl|wget|nc|ncat|netcat|telnet|ping|http|nslookup)"

OF_TOOLS = (
    # ---------------------------------------------------------------------------------------- commands
    idiom(rf"^\s*(?:\$\s+)?(?P<at>kubectl\s+exec\s+(?P<exec>(?:(?!\s--\s).)+?)\s+--\s+{_CLIENT}\s+(?P<args>\S.*))$", _called, _CLAIM, Where.ALL),
    idiom(rf"^\s*(?:\$\s+)?(?P<at>(?P<exec>){_CLIENT}\s+(?P<args>(?:-\S+\s+)*(?!from\b)[\w:/.\[\]'\"-]+(?:\s+\d+)?)(?:\s+from\s+(?P<near>(?:(?!\bto\b).)+?))?)\s*$", _called, _CLAIM, Where.ALL),
    idiom(r"^\s*(?:#\s+)?(?:sudo\s+)?(?P<at>(?:ip6?tables\s+)?(?P<rule>-(?:A|I|-append|-insert)\s+(?:INPUT|OUTPUT|FORWARD)\b.*))$", _table, _CLAIM, Where.ALL),
    idiom(r"^\s*(?:access-list\s+\S+\s+)?(?P<at>(?P<word>deny|permit|allow|block|drop)\s+(?P<protocol>tcp|udp|ip|icmp)\s+(?P<src>any|host\s+<CIDR>|<CIDR>)\s+(?P<dst>any|host\s+<CIDR>|<CIDR>)(?:\s+(?:eq|range)\s+(?P<low>\d+)(?:\s+(?P<high>\d+))?)?)\s*$", _list_entry, _CLAIM),
    idiom(r"^\s*(?P<at>(?:--?)?(?:src|source|from)[ =:]+\S+\s+(?:--?|,\s*)?(?:dst|dest|destination|to)[=:]\S+(?:\s+.*)?|--(?:src|source|from)[ =]\S+\s+--(?:dst|dest|destination|to)[ =]\S+(?:\s+--?\S+[ =]\S+)*)\s*$", _given, _CLAIM),
    idiom(r"<B>(?P<at>(?:pods?|po)(?:\s+(?:-l|--selector|-n|--namespace)[ =]+\"?[\w./=,-]+\"?)+)(?=\s|$)", _selected, _LABELS),
    idiom(r"<B>(?P<at>(?:pods?|po)\s+(?:-A|--all-namespaces))(?=\s|$)", "pods", "`pods` are the pods of every namespace"),
    idiom(r"^\s*(?P<at>(?:kubectl|calicoctl|istioctl|cilium|hubble|oc|helm|netproof)\s+(?!exec\b)[a-z].*)$", "{at} (", "this is a command, and no claim"),
    # ---------------------------------------------------------------------------------------- manifests
    idiom(r"<B>(?P<at>podSelector)(?=\s*[({])", "pods", "`pods` are the pods"),
    idiom(r"(?P<pre>\bin\s+)(?P<at>namespaceSelector)(?:\s*[:=])?\s*(?=[({])", "{pre}namespaces", _LABELS),
    idiom(r"(?P<pre>\bin\s+)(?P<at>namespaceSelector)(?:\s*[:=])?\s+(?P<labels><KEY>\s*=\s*[\w.-]+)(?=\s|$)", "{pre}namespaces({labels})", _LABELS),
    idiom(r"<B>(?P<at>namespaceSelector)(?:\s*[:=])?\s*(?=[({])", "pods in namespaces", _LABELS),
    idiom(r"(?<![\w./-])(?P<name>(?!(?:tcp|udp|sctp|any)/)[a-z0-9][a-z0-9-]*)(?P<at>/\*)(?=\s|$)", "namespace {name}", "a namespace is named as `namespace NAME`"),
    idiom(r"(?<![\w./-])(?P<at>ns/)(?=[a-z0-9-]+(?:\s|$))", "namespace ", "a namespace is named as `namespace NAME`"),
    # ---------------------------------------------------------------------------------------- lists of flows
    idiom(rf"(?P<pre>(?<![\w./-])[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9.-]*)(?P<at>\[(?:{_KINDS_WRITTEN})\])", "{pre}", "a workload is named without its kind", Where.ALL),
    idiom(r"(?P<arrow>(?:=+|-+)>[^:]*\S)\s+(?P<at>:)\s+(?=(?:tcp|udp|sctp|all)\b)", "{arrow} on ", "ports stand behind `on`"),
    idiom(r"^\s*(?P<no>no\s+)?(?P<one>(?:(?![<>]).)+?)\s*(?P<at><-+>|<=+>|↔|⇔)\s*(?P<other>(?:(?!\son\s).)+?)(?P<tail>(?:\son\s.+)?)$", _both_ways, "a claim goes one way: both ways are two"),
    idiom(r"^\s*(?P<at>(?:!|not\s*)\s*\()\s*(?P<one>[^()]+?)\s*-+>\s*(?P<other>[^()]+?)\s*\)\s*$", "no {one} can reach {other}", "that nothing can is `no S can reach D`", Where.ALL),
    # ---------------------------------------------------------------------------------------- Cilium
    idiom(rf"<B>(?P<at>(?:(?:to|from)?entit(?:y|ies)|reserved)\s*[:=(]?\s*(?P<name>{_ENTITY})\)?)(?![\w-])", lambda groups: _ENTITIES[groups["name"].lower()], "what Cilium calls an entity is `external`, `nodes`, `apiserver`, `pods` or `anything`", Where.ALL),
    idiom(r"<B>(?P<at>remote-nodes?)<E>", "nodes", "`nodes` are the nodes"),
    idiom(r"<B>(?P<at>(?:to|from)(?:FQDNs?|CIDRs?|CIDRSet|Endpoints)\s*:?\s+)(?=\S)", "", _CLAIM),
    idiom(r"(?<![\w./-])(?P<at>(?:k8s|any):)(?=<KEY>\s*(?:=|!=))", "", "labels are written without the source that Cilium puts before them", Where.ALL),
    # ---------------------------------------------------------------------------------------- Calico
    idiom(r"(?P<pre>pods|namespaces)(?P<at>\(\s*all\(\)\s*\))", "{pre}()", _LABELS, Where.ALL),
    idiom(r"(?<![\w(])(?P<at>all\(\))", "pods", "`pods` are the pods of every namespace", Where.ALL),
    idiom(r"(?P<pre>\(\s*|,\s*|&&?\s*)(?P<at>(?P<no>!?)\s*has\((?P<key><KEY>)\))", "{pre}{no}{key}", "that a label is there is `key`, that it is not `!key`", Where.ALL),
    idiom(r"(?P<pre>^\s*|\b(?:reach|no|only|some|every)\s+)(?P<at>(?P<key><KEY>)\s*==\s*['\"](?P<value>[\w.-]+)['\"])(?=\s|$)", "{pre}pods({key}={value})", _LABELS, Where.ALL),
)  # fmt: skip
