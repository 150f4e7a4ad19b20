"""Which requests the mesh lets in, in the map and in exposure, as text and as JSON."""

import json

import pytest
from typer.testing import CliRunner

from analyzer.cli.app import app

CLUSTER = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: bare}}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {containers: [{name: c}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: old, namespace: bare}, spec: {containers: [{name: c}]}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec: {rules: [RULES]}
"""
OPERATION = "to: [{operation: {ports: ['80'], methods: [GET], paths: [/a, '/b/*']}}]"
SAID = [
    (f"{{{OPERATION}}}", ["TCP 80: method GET; path /a or /b/*"]),
    (
        f"{{{OPERATION}, from: [{{source: {{namespaces: [x]}}}}, {{source: {{namespaces: [z]}}}}]}}",
        ["TCP 80: identity */ns/x/* or */ns/z/*; method GET; path /a or /b/*"],
    ),
    (
        "{to: [{operation: {ports: ['80'], notMethods: [GET]}}], from: [{source: {ipBlocks: [10.0.0.0/8]}}]}",
        ["TCP 80: from 10.0.0.0/8; HTTP; not method GET"],
    ),
    (
        "{when: [{key: 'request.headers[x]', values: [a]}, {key: 'destination.port', values: ['80']}]}",
        ["TCP 80: headers[x] a"],
    ),
    ("{to: [{operation: {ports: ['80']}}]}", ["TCP 80: HTTP"]),
]


def run(tmp_path, rules, *options):
    (tmp_path / "m.yaml").write_text(CLUSTER.replace("RULES", rules))
    found = CliRunner().invoke(app, ["map", str(tmp_path / "m.yaml"), *options])
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.mark.parametrize(("rules", "lines"), SAID)
@pytest.mark.parametrize("options", [(), ("--exposure",)])
def test_each_class_of_requests_is_one_line(tmp_path, rules, lines, options):
    text = " ".join(run(tmp_path, rules, *options).split())
    assert [line for line in lines if line not in text] == []
    assert "no request" in text  # on all other ports


def test_json_lists_the_conditions_of_each_class(tmp_path):
    for options in ((), ("--exposure",)):
        found = json.loads(run(tmp_path, f"{{{OPERATION}}}", *options, "--format", "json"))["requests"]
        assert {it["workload"] for it in found} == {"shop/api[Pod]"}
        (one,) = (it for it in found if it["ports"] == [[80, 80]])
        assert one["complete"]
        assert one["classes"] == [
            {
                "certain": True,
                "conditions": [
                    {"attribute": "request.method", "met": True, "values": ["GET"]},
                    {"attribute": "request.path", "met": True, "values": ["/a", "/b/*"]},
                ],
            }
        ]


def test_the_page_says_it_too(tmp_path):
    assert "requests that proxies of the mesh let in: TCP 80: method GET" in run(
        tmp_path, f"{{{OPERATION}}}", "--format", "html"
    )


def test_exposure_as_markdown_lists_the_classes(tmp_path):
    text = run(tmp_path, f"{{{OPERATION}}}", "--exposure", "--format", "markdown")
    assert "| shop/api[Pod] | TCP 80: method GET; path /a or /b/*" in text.replace("\\", "")
