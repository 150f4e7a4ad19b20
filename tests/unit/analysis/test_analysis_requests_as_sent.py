"""Whether a request that names no TLS mode comes with mutual TLS: what the client's own proxy does by itself."""

from itertools import product

import pytest

import analyzer as netproof

PODS = """
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {labels}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop, labels: {{app: web, sidecar.istio.io/inject: "{client}"}}}}
spec: {{serviceAccountName: web, containers: [{{name: c, image: i}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: db, namespace: shop, labels: {{app: db, sidecar.istio.io/inject: "{server}"}}}}
spec: {{containers: [{{name: c, image: i}}]}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: mode, namespace: shop}}
spec: {{mtls: {{mode: {mode}}}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: web-alone, namespace: shop}}
spec: {{selector: {{matchLabels: {{app: db}}}}, rules: [{{from: [{{source: {{principals: ["*/sa/web"]}}}}]}}]}}
"""


INJECTED = "{istio-injection: enabled}"


def explained(tmp_path, source="shop/web", labels=INJECTED, client=True, server=True, mode="STRICT"):
    of = {"labels": labels, "client": str(client).lower(), "server": str(server).lower(), "mode": mode}
    (tmp_path / "pods.yaml").write_text(PODS.format(**of))
    return netproof.explain(tmp_path, source, "shop/db", on="tcp/80", request="GET /", host="db", profile="generic")


@pytest.mark.parametrize(("client", "mode"), list(product((True, False), ("STRICT", "PERMISSIVE", "DISABLE"))))
def test_two_proxies_speak_mutual_tls_unless_it_is_switched_off(tmp_path, client, mode):
    found = explained(tmp_path, client=client, mode=mode)
    is_mutual = client and mode != "DISABLE"
    assert f"asked for: GET / to db {'with mutual TLS' if is_mutual else 'in plaintext'}" in str(found)
    assert (found.outcome.value == "allowed") is is_mutual  # which alone shows the identity that is asked for


def test_ztunnels_do_too(tmp_path):
    labels = "{istio.io/dataplane-mode: ambient}"
    assert "GET / to db with mutual TLS" in str(explained(tmp_path, labels=labels, client=False, server=False))


def test_addresses_do_not(tmp_path):
    assert "GET / to db in plaintext" in str(explained(tmp_path, source="8.8.8.8"))


def test_no_proxy_is_asked_where_the_server_has_none(tmp_path):
    found = explained(tmp_path, server=False)
    assert "asked for" not in str(found)
    assert found.outcome.value == "allowed"


def test_a_request_that_names_no_host_is_told_to(tmp_path):
    explained(tmp_path)
    found = netproof.explain(tmp_path, "shop/web", "shop/db", on="tcp/80", request="GET /", profile="generic")
    assert found.outcome.value == "denied"
    assert "--host NAME" in str(found)


@pytest.mark.parametrize("account", ["web", "other"])
def test_without_a_request_a_denial_is_told_of_what_the_client_would_send(tmp_path, account):
    (tmp_path / "pods.yaml").write_text(
        PODS.format(labels=INJECTED, client="true", server="true", mode="STRICT").replace(
            "serviceAccountName: web", f"serviceAccountName: {account}"
        )
    )
    found = str(netproof.explain(tmp_path, "shop/web", "shop/db", on="tcp/5432", profile="generic"))
    denied = (
        "no request gets through; GET / to any.host with mutual TLS: AuthorizationPolicy shop/web-alone isolates it"
    )
    assert (denied in " ".join(found.split())) is (account == "other")
