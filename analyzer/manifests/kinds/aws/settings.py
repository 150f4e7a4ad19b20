"""How the VPC CNI is set up: the ConfigMap `amazon-vpc-cni`, the DaemonSet `aws-node`, the add-on (aws.md N1 to N5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.manifests.kinds.cidrs import parse_cidr
from analyzer.manifests.kinds.pod_template import Option, PodSource
from analyzer.manifests.text.documents import read_documents
from analyzer.manifests.text.nodes import Mapping as Placed
from analyzer.manifests.text.nodes import line_of
from analyzer.manifests.text.section import Log
from analyzer.model.aws import UNKNOWN, AwsSettings
from analyzer.model.labels import GO_TRUE
from analyzer.model.source import Source
from analyzer.records import dataclass

_CONTROLLER = "enable-network-policy-controller"
_CNI, _AGENT, _AGENT_FLAG = "aws-node", "aws-eks-nodeagent", "enable-network-policy"
_POD_ENI = "ENABLE_POD_ENI"
_CUSTOM = "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"
_HOMES = ("kube-system", "default")
"""Where the CNI's own DaemonSet is: a manifest that names no namespace is read as of `default`."""
_KNOB_OF_ENV = {
    "NETWORK_POLICY_ENFORCING_MODE": "network-policy-enforcing-mode",
    "POD_SECURITY_GROUP_ENFORCING_MODE": "pod-security-group-enforcing-mode",
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": "external-snat",
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "exclude-snat-cidrs",
}
ConfigMaps = Mapping[tuple[str, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Untold:
    """Why the value of a variable is not known."""

    why: str


def of_config_map(data: Placed, log: Log) -> AwsSettings | None:
    """The controller works where its key is `true`, in these letters, and nowhere else (N1); None of a ConfigMap that
    is in another namespace than the CNI's."""
    content, metadata = data.get("data"), data.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    if namespace not in (None, "kube-system"):
        return None
    value = content.get(_CONTROLLER) if isinstance(content, Mapping) else None
    what = "ConfigMap kube-system/amazon-vpc-cni"
    has_windows = isinstance(content, Mapping) and content.get("enable-windows-ipam") == "true"
    return AwsSettings(what, Source(log.file, line_of(data.place)), value == "true", has_windows=has_windows)


def of_daemon_sets(pods: Iterable[PodSource], config_maps: ConfigMaps) -> list[AwsSettings]:
    """What the containers of `aws-node` are told: the agent enforces where its flag says so (N2).

    `config_maps`: the values of those that the input holds, from which variables may be taken.
    """
    found = []
    for pod in pods:
        if pod.kind == "DaemonSet" and pod.name == "aws-node" and pod.namespace in _HOMES:
            containers = {option.container for option in pod.options}
            flag = [it for it in pod.options if it.container == _AGENT and it.name == f"--{_AGENT_FLAG}"]
            agent: bool | None = _AGENT in containers and bool(flag) and flag[-1].value in ("", *GO_TRUE)
            if flag and "$(" in flag[-1].value:
                agent = None
            what = f"DaemonSet {pod.namespace}/{pod.name}"
            own = _CNI if _CNI in containers else ""
            options = [option for option in pod.options if own in ("", option.container)]
            found.append(_told(_variables(options, pod.namespace, config_maps), what, pod.source, agent, is_whole=True))
    return found


def _variables(options: Iterable[Option], namespace: str, config_maps: ConfigMaps) -> dict[str, str | Untold]:
    """The value of each variable that counts; or why it is not known."""
    found: dict[str, str | Untold] = {}
    for option in options:
        data = config_maps.get((namespace, option.config_map))
        missing = Untold(f"from ConfigMap {namespace}/{option.config_map}, which is not among the objects")
        if option.name:
            if option.other:
                found[option.name] = Untold(f"from {option.other}")
            elif not option.config_map:
                is_made_of_others = "$(" in option.value
                found[option.name] = Untold(f"from `{option.value}`") if is_made_of_others else option.value
            elif data is None:
                found[option.name] = missing
            elif option.key in data or option.is_optional:
                found[option.name] = data.get(option.key, "")
            else:
                where = f"{namespace}/{option.config_map}"
                found[option.name] = Untold(f"from key {option.key} of ConfigMap {where}, which does not have it")
        elif option.other or (option.config_map and data is None):
            why = Untold(f"perhaps from {option.other}") if option.other else missing
            found |= {name: why for name in _COUNTING if name.startswith(option.key)}
        elif data is not None:
            found |= {f"{option.key}{key}": value for key, value in data.items()}
    return found


def of_addon(values: object, what: str, source: Source) -> AwsSettings:
    """The add-on's configuration, a text of JSON or YAML, or nothing; what it does not say is off (N3)."""
    said = _values(values) if isinstance(values, str) and values.strip() else {}
    if said is None:
        why = Untold("from a configuration that cannot be read")
        return _told(dict.fromkeys(_COUNTING, why), what, source, None, is_whole=False)
    env = said.get("env")
    written_on = said.get("enableNetworkPolicy", "false")
    is_on = written_on is True or written_on == "true"  # quoted as it is written (N3)
    agent = said.get("nodeAgent")
    if isinstance(agent, Mapping) and str(agent.get("enabled", "true")).lower() == "false":
        is_on = False
    written = env if isinstance(env, Mapping) else {}
    variables = {str(name): _written(value) for name, value in written.items()}
    return _told(variables, what, source, is_on, is_whole=False)


def _values(text: str) -> Mapping[str, object] | None:
    """The values of a chart, JSON or YAML; None if they are neither."""
    trees = list(read_documents(text.encode()))
    if len(trees) != 1 or trees[0].is_broken or not isinstance(trees[0].value, Mapping):
        return None
    return trees[0].value


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, str | int) else ""


def _told(
    said: Mapping[str, str | Untold], what: str, source: Source, is_on: bool | None, *, is_whole: bool
) -> AwsSettings:
    """The settings that the variables are, each as the CNI reads it; what is not known of one is open.  `is_whole`:
    there are no others, so that one that is not set is off."""
    knobs, untold = [], []
    for name, knob in _KNOB_OF_ENV.items():
        value = said.get(name, "")
        if isinstance(value, Untold):
            knobs.append((knob, UNKNOWN))
            untold.append((knob, f"{name} of {what} is taken {value.why}"))
        elif value.strip():
            knobs.append((knob, _READ[name](value.strip())))
    without = _without_pod_eni(said.get(_POD_ENI, ""), what)
    has_pod_eni = None if _POD_ENI not in said and not is_whole else not without
    custom = said.get(_CUSTOM, "" if is_whole else None)
    return AwsSettings(
        what,
        source,
        is_on,
        tuple(knobs),
        untold=tuple(untold),
        has_pod_eni=has_pod_eni,
        without_pod_eni=without,
        custom_network=custom.strip() in GO_TRUE if isinstance(custom, str) else None,
    )


def _without_pod_eni(eni: str | Untold, what: str) -> str:
    """Why pods get no interface of their own: it is off unless it is switched on (S1)."""
    if isinstance(eni, Untold):
        return f"{_POD_ENI} of {what} is taken {eni.why}"
    if eni.strip() in GO_TRUE:
        return ""
    said = f"is `{eni.strip()}`" if eni.strip() else "is not set"
    return f"{_POD_ENI} of {what} {said}, so that pods to come get no interface of their own"


def _lower(value: str) -> str:
    return value.lower()


def _boolean(value: str) -> str:
    """As Go's ParseBool reads it; what it does not know is the default."""
    return "true" if value in GO_TRUE else "false"


def _ranges(value: str) -> str:
    """Those that are ranges of IPv4: the CNI passes over the others."""
    found = []
    for text in value.split(","):
        try:
            network = parse_cidr(text.strip()).network
        except ValueError:
            continue
        if network.version == 4:
            found.append(str(network))
    return ",".join(found)


_READ = {
    "NETWORK_POLICY_ENFORCING_MODE": _lower,
    "POD_SECURITY_GROUP_ENFORCING_MODE": _lower,
    "AWS_VPC_K8S_CNI_EXTERNALSNAT": _boolean,
    "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": _ranges,
}
_COUNTING = (*_KNOB_OF_ENV, _POD_ENI, _CUSTOM)
