"""What isolated workloads are kept from and need: told where no rule can mean it, and of nothing that may be meant."""

from itertools import product

import pytest

from analyzer.analysis.checking.check import check
from analyzer.analysis.notices.cut_off import cut_off
from analyzer.judging import Setting
from analyzer.language import parse_query
from analyzer.manifests import load
from analyzer.model.claims import Pack, Universe
from analyzer.model.profile import PROFILES
from analyzer.model.source import Topic

SETTING = Setting(Universe.ANY, PROFILES["generic"])
CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, labels: {team: platform}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: c, image: i, ports: [{name: hook, containerPort: 9443}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: hook, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 443, targetPort: hook}]}
"""
ROLE = """---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
"""
IDENTITY = """---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop, annotations: {iam.gke.io/gcp-service-account: w@p.iam.gserviceaccount.com}}
"""
WEBHOOK = """---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
webhooks:
- name: a.shop.example
  clientConfig: {service: {name: hook, namespace: shop, path: /}}
  sideEffects: None
  admissionReviewVersions: [v1]
"""
API_SERVICE = """---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.shop.example}
spec:
  group: shop.example
  version: v1
  service: {name: hook, namespace: shop}
"""
CONVERSION = """---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.shop.example}
spec: {conversion: {strategy: Webhook, webhook: {clientConfig: {service: {name: hook, namespace: shop}}}}}
"""


def policy(spec, name="web"):
    return f"""---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: shop}}
spec: {{podSelector: {{matchLabels: {{app: web}}}}, {spec}}}
"""


def egress(*rules):
    return policy(f"policyTypes: [Egress], egress: [{', '.join(rules)}]")


def ingress(*rules):
    return policy(f"policyTypes: [Ingress], ingress: [{', '.join(rules)}]")


OWN = "{to: [{podSelector: {}}]}"
DNS_PORT = "ports: [{port: 53, protocol: UDP}]"
SYSTEM = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}"


def cluster_of(text):
    return load(["-"], stdin=(CLUSTER + text).encode).cluster


def told(text, profile="generic"):
    setting = Setting(Universe.ANY, PROFILES[profile])
    return [(notice.topic, notice.message) for notice in cut_off(cluster_of(text), setting)]


# ------------------------------------------------------------------------------------------------ DNS
CUT = (
    egress(OWN),
    egress("{to: [{podSelector: {}}], ports: [{port: 5432}]}"),
    egress("{to: [{namespaceSelector: {matchLabels: {team: shop}}}]}"),
    egress(f"{{to: [{{{SYSTEM}}}], ports: [{{port: 443}}]}}"),
    egress(OWN) + policy("policyTypes: [Ingress, Egress]", "deny"),
)
NOT_CUT = (
    "",
    egress(),  # nothing gets out at all: no names are needed
    egress("{}"),
    egress(f"{{{DNS_PORT}}}"),
    egress(OWN, f"{{to: [{{{SYSTEM}}}], {DNS_PORT}}}"),
    egress(OWN, f"{{to: [{{{SYSTEM}, podSelector: {{matchLabels: {{k8s-app: whatever}}}}}}]}}"),
    egress(OWN, "{to: [{namespaceSelector: {matchLabels: {team: platform}}}]}"),
    egress(OWN, f"{{to: [{{namespaceSelector: {{matchLabels: {{app: other}}}}}}], {DNS_PORT}}}"),  # DNS of their own
    egress(OWN, "{to: [{ipBlock: {cidr: 169.254.20.10/32}}]}"),  # the cache of the node
    egress(OWN, "{to: [{ipBlock: {cidr: 10.96.0.10/32}}]}"),
    egress(OWN) + egress("{to: [{namespaceSelector: {}}]}").replace("name: web", "name: more", 1),
    ingress(),
)


@pytest.mark.parametrize("text", CUT)
def test_dns_that_is_cut_is_told_once(text):
    ((topic, message),) = told(text)
    assert topic is Topic.NO_DNS
    assert "NetworkPolicy shop/" in message
    assert "shop/web[Deployment] reach DNS" in message
    query = parse_query("no pods(app=web) in namespace shop can reach namespace kube-system on udp/53")
    assert check(cluster_of(text), [Pack("q", "", (query,))], setting=SETTING).status.value == "proved"


@pytest.mark.parametrize("text", NOT_CUT)
def test_dns_that_may_be_reached_is_not_told(text):
    assert told(text) == []


def test_a_namespace_whose_labels_no_manifest_tells_may_be_the_one_of_dns():
    text = egress("{to: [{namespaceSelector: {matchLabels: {name: kube-system}}}]}")
    bare = CLUSTER.replace("metadata: {name: kube-system, labels: {team: platform}}", "metadata: {name: other}")
    assert cut_off(load(["-"], stdin=(bare + text).encode).cluster, SETTING) == ()
    assert [topic for topic, _ in told(text)] == [Topic.NO_DNS]


CALICO, CILIUM = "projectcalico.org/v3 NetworkPolicy", "cilium.io/v2 CiliumNetworkPolicy"
IN_SYSTEM = "{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system}}"


@pytest.mark.parametrize(
    ("kind", "spec", "is_cut"),
    [
        (CALICO, "{types: [Egress], egress: [{action: Allow, destination: {selector: app == 'db'}}]}", True),
        (CALICO, "{types: [Egress], egress: [{action: Allow}]}", False),
        (CILIUM, "{endpointSelector: {}, egress: [{toEndpoints: [{}]}]}", True),
        (CILIUM, "{endpointSelector: {}, egress: [{toEntities: [cluster]}]}", False),
        (CILIUM, f"{{endpointSelector: {{}}, egress: [{{toEndpoints: [{IN_SYSTEM}]}}]}}", False),
    ],
)
def test_policies_of_engines_are_read_alike(kind, spec, is_cut):
    version, name = kind.split()
    text = f"---\napiVersion: {version}\nkind: {name}\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n"
    assert [topic for topic, _ in told(text, "calico" if kind == CALICO else "cilium")] == [Topic.NO_DNS] * is_cut


# ------------------------------------------------------------------------------------------------ the API server
API_CUT = (egress(), egress("{to: [{namespaceSelector: {}}]}"), egress("{ports: [{port: 53, protocol: UDP}]}"))
API_OPEN = ("", egress("{}"), egress("{ports: [{port: 6443}]}"), egress("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}"))


@pytest.mark.parametrize("text", API_CUT)
def test_a_service_account_with_a_role_that_reaches_no_api_server(text):
    ((topic, message),) = told(text + ROLE)
    assert topic is Topic.NO_API_SERVER
    assert "ClusterRoleBinding web" in message


@pytest.mark.parametrize("text", [*API_OPEN, *API_CUT])
def test_what_may_reach_the_api_server_or_has_no_role_is_not_told(text):
    roles = ["", ROLE.replace("name: web, namespace", "name: other, namespace"), *([ROLE] * (text in API_OPEN))]
    for role in roles:
        assert Topic.NO_API_SERVER not in [topic for topic, _ in told(text + role)]


# ------------------------------------------------------------------------------------------------ metadata
def test_a_cloud_identity_needs_the_metadata_service():
    closed = egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}")
    assert Topic.NO_METADATA in [topic for topic, _ in told(closed + IDENTITY)]
    assert told(closed) == []
    for cidr, port in product(("169.254.169.254/32", "169.254.0.0/16", "0.0.0.0/0"), (80, 988)):
        rule = f"{{to: [{{ipBlock: {{cidr: {cidr}}}}}], ports: [{{port: {port}}}]}}"
        assert Topic.NO_METADATA not in [topic for topic, _ in told(egress(rule) + IDENTITY)]


# ------------------------------------------------------------------------------------------------ webhooks
@pytest.mark.parametrize("called", [WEBHOOK, WEBHOOK.replace("Validating", "Mutating"), API_SERVICE, CONVERSION])
def test_pods_that_the_api_server_calls(called):
    for text in (ingress(), ingress("{from: [{namespaceSelector: {}}]}"), ingress("{ports: [{port: 443}]}")):
        ((topic, message),) = told(text + called)
        assert topic is Topic.NO_WEBHOOK
        assert "the API server reach shop/web[Deployment] on TCP 9443" in message
    rules = ("{}", "{ports: [{port: 9443}]}", "{ports: [{port: hook}]}", "{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}")
    for text in ("", *map(ingress, rules)):
        assert told(text + called) == []


# ------------------------------------------------------------------------------------------------ the rest
@pytest.mark.parametrize("broken", ["subjects: [1, {kind: ServiceAccount}]", "subjects: {a: b}", "subjects: text"])
def test_what_cannot_be_read_tells_nothing(broken):
    text = (
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x, namespace: shop}\n"
        + broken
    )
    assert told(text + "\n") == []


def test_a_profile_that_enforces_nothing_cuts_nothing():
    assert cut_off(cluster_of(egress(OWN)), Setting(Universe.ANY, PROFILES["none"])) == ()
