"""`netproof explain --batch` from end to end: answers line by line, and every bad line told at once."""

import json

import pytest
from published_schemas import follow
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.errors import InputError
from analyzer.inputs.explaining import UNREAD
from analyzer.inputs.requests import KEYS, request_faults, request_of

CLUSTER = """
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: a, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: c, image: i}]}
status: {podIP: 10.1.0.2}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
status: {addresses: [{type: InternalIP, address: 192.168.0.2}]}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: a}
spec:
  clusterIP: 10.96.0.7
  selector: {app: db}
  ports: [{name: sql, port: 80, targetPort: 5432}, {name: admin, port: 5432, targetPort: 9000}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: a}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""


@pytest.fixture(autouse=True)
def cluster(tmp_path, monkeypatch):
    (tmp_path / "all.yaml").write_text(CLUSTER)
    monkeypatch.chdir(tmp_path)


def run(lines, *words):
    with open("batch.jsonl", "w", encoding="utf-8") as file:
        file.writelines(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    return CliRunner().invoke(app, ["explain", "all.yaml", "--batch", "batch.jsonl", *words])


def verdicts(*questions, profile="calico"):
    asked = [{"id": str(i), "from": f, "to": t, "on": on} for i, (f, t, on) in enumerate(questions)]
    found = run(asked, "--format", "json", "--profile", profile)
    assert found.exit_code == 0, found.output
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    for line in lines:
        follow(line, "explain-batch-2")
    assert [line["id"] for line in lines] == [question["id"] for question in asked]
    return [line["verdict"] for line in lines]


@pytest.mark.parametrize(
    ("source", "destination", "on", "expected"),
    [
        ("a/web", "a/db", "tcp/5432", "allowed"),
        ("a/web", "a/db", "tcp/80", "denied"),
        ("a/web", "a/db", "icmp/8", "denied"),
        ("a/db", "a/web", "icmpv6/128", "allowed"),
        ("203.0.113.9", "a/db", "tcp/5432", "denied"),
        ("a/db", "203.0.113.9", "udp/53", "allowed"),
        ("10.1.0.1", "a/db", "tcp/5432", "allowed"),  # the address of a pod is the pod
        ("node:n2", "a/db", "tcp/80", "denied"),
        ("a/web", "10.96.0.7", "tcp/80", "allowed"),  # a Service's port is the one it leads to
        ("a/web", "10.96.0.7", "tcp/5432", "denied"),
        ("a/web", "service a/store", "tcp/80", "allowed"),
        ("a/web", "10.96.0.7", "tcp/81", "denied"),  # which it has not
        ("a/web", "10.96.0.7", "udp/80", "denied"),
        ("192.168.0.2", "a/db", "tcp/80", "denied"),
        ("node:n1", "a/db", "tcp/80", "allowed"),  # its own node
        ("a/db", "a/db", "tcp/80", "allowed"),  # itself
        ("node:n1", "203.0.113.9", "sctp/7", "allowed"),  # no pod has a part in it
        ("entity:init", "a/web", "tcp/1", "unknown"),
    ],
)
def test_each_kind_of_end_and_of_port(source, destination, on, expected):
    assert verdicts((source, destination, on)) == [expected]


def test_what_is_open_is_unknown():
    assert verdicts(("a/web", "a/db", "icmp/8"), profile="generic") == ["unknown"]


def test_single_questions_have_the_same_verdict():
    for words, expected in ((("a/web", "a/db"), "allowed"), (("a/db", "a/db"), None), (("a/web", "a/web"), None)):
        found = CliRunner().invoke(
            app, ["explain", "all.yaml", "--from", words[0], "--to", words[1], "--on", "tcp/5432", "--format", "json"]
        )
        assert (json.loads(found.stdout)["verdict"] if expected else found.exit_code) == (expected or 2)


def test_text_says_why():
    found = run([{"id": 7, "from": "a/web", "to": "a/db", "on": "tcp/80"}])
    assert "7: a/web[Pod] → a/db[Pod] on tcp/80: denied" in found.stdout
    assert "NetworkPolicy a/db isolates it" in found.stdout


def test_notices_stand_in_a_line_of_their_own():
    with open("all.yaml", "a", encoding="utf-8") as file:
        file.write(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: {kubernetes.io/metadata.name: c}}\n"
        )
    found = run([{"id": "x", "from": "a/web", "to": "a/db", "on": "tcp/80"}], "--format", "json")
    *_, last = map(json.loads, found.stdout.splitlines())
    follow(last, "explain-batch-2")
    assert "all.yaml" in last["notices"][0]


GOOD = {"id": "g", "from": "a/web", "to": "a/db", "on": "tcp/80"}


def test_every_bad_line_is_told_at_once():
    bad = [
        "{\n",
        "[]\n",
        {**GOOD, "port": 80},
        {"id": "x", "from": "a/web"},
        {**GOOD, "id": True},
        {**GOOD, "id": "p", "on": "tcp:80"},
        {**GOOD, "id": "i", "on": "icmp/256"},
        {**GOOD, "id": "r", "request": {"metod": "GET"}},
        GOOD,
        GOOD,
    ]
    found = run(bad)
    assert found.exit_code == 2
    for line in (1, 2, 3, 4, 5, 6, 7, 8, 10):
        assert f"batch.jsonl:{line}:" in found.output, line
    assert "batch.jsonl:9:" not in found.output
    assert "id `g` is that of line 9" in found.output


def test_unknown_ends_are_told_with_their_lines():
    found = run(
        [{**GOOD, "from": "a/wbe"}, {**GOOD, "id": "h", "to": "node:n3"}, {**GOOD, "id": "e", "to": "entity:x"}]
    )
    assert found.exit_code == 2
    assert "batch.jsonl:1: `a/wbe` after `from` is no workload" in found.output
    assert "batch.jsonl:2: `node:n3` after `to` is no node" in found.output
    assert "batch.jsonl:3: `entity:x` is no entity" in found.output


@pytest.mark.parametrize("words", [["--from", "a/web"], ["--on", "tcp/80"]])
def test_a_batch_names_its_own_ends(words):
    assert run([GOOD], *words).exit_code == 2


def test_without_a_batch_both_ends_are_needed():
    found = CliRunner().invoke(app, ["explain", "all.yaml", "--from", "a/web"])
    assert found.exit_code == 2
    assert "--to missing" in found.output


def test_no_file_and_an_empty_one():
    assert CliRunner().invoke(app, ["explain", "all.yaml", "--batch", "none.jsonl"]).exit_code == 2
    assert "asks nothing" in run(["\n"]).output


# ------------------------------------------------------------------------------------------------ requests
VALUES = {
    "method": "GET",
    "path": "/a/../b?q",
    "host": "h",
    "identity": "cluster.local/ns/a/sa/b",
    "sni": "s",
    "dns": "a.example",
    "http": 2,
    "tls": "mtls",
    "raw": "tcp",
    "headers": [["k", "v"], ["k", "w"]],
    "token": {"issuer": "https://i", "subject": "s", "claims": {"a": ["b"], "n": 1}},
    "remote_ip": "2001:db8::1",
}


def test_every_key_of_a_request_takes_its_values_and_no_others():
    assert set(VALUES) == set(KEYS)
    for key, value in VALUES.items():
        assert request_faults({key: value}) == []
        for other in (None, 3, [["k"]], {"x": 1}, True, "other" if key in ("http", "tls", "raw", "token") else 1.5):
            assert request_faults({key: other}), (key, other)


@pytest.mark.parametrize("token", ["forged", "expired", "none"])
def test_tokens_that_are_no_token(token):
    assert request_faults({"token": token}) == []


@pytest.mark.parametrize(
    "request_",
    [
        {"raw": "tcp", "path": "/"},
        {"tls": "plaintext", "identity": "i"},
        {"token": {"subject": "s"}},
        {"dns": "a.example", "method": "GET"},
        {"dns": "a.example", "tls": "mtls"},
        "GET /",
    ],
)
def test_what_contradicts_itself(request_):
    assert request_faults(request_)


def test_a_request_changes_nothing_where_nothing_looks_at_it():
    asked = {**GOOD, "on": "tcp/5432", "request": {"method": "GET", "path": "/", "http": 1, "tls": "plaintext"}}
    found = run([asked], "--format", "json")
    assert json.loads(found.stdout.splitlines()[0])["verdict"] == "allowed"


# ------------------------------------------------------------------------------------------------ one question
OPTIONS = {
    "--request": ("GET /a/../b?q", {"method": "GET", "path": "/a/../b?q"}),
    "--host": ("h", {"host": "h"}),
    "--identity": ("cluster.local/ns/a/sa/b", {"identity": "cluster.local/ns/a/sa/b"}),
    "--sni": ("s", {"sni": "s"}),
    "--http": ("2", {"http": 2}),
    "--tls": ("mtls", {"tls": "mtls"}),
    "--header": (["k: v", "k:w:x", "e:"], {"headers": [["k", "v"], ["k", "w:x"], ["e", ""]]}),
    "--remote-ip": ("2001:db8::1", {"remote_ip": "2001:db8::1"}),
}
TOKENS = {
    "https://i.example/s": {"issuer": "https://i.example", "subject": "s"},
    "https://i.example": {"issuer": "https://i.example"},
    "https://i.example/realms/r/": {"issuer": "https://i.example/realms/r"},
    "i@example.com/s": {"issuer": "i@example.com", "subject": "s"},
    "i@example.com": {"issuer": "i@example.com"},
    "forged": "forged",
    "expired": "expired",
    "none": "none",
}


def test_the_options_of_one_question_spell_the_keys_of_a_batch():
    for option, (value, keys) in OPTIONS.items():
        assert request_of({option: value}) == keys
        assert request_faults(keys) == []
    assert request_of({"--dns": "a.example"}) == {"dns": "a.example"}  # which is no HTTP, and has nothing beside it
    together = request_of({option: value for option, (value, _) in OPTIONS.items()})
    assert together == {key: value for _, keys in OPTIONS.values() for key, value in keys.items()}
    assert set(together) | {"token", "raw", "dns"} == set(KEYS)
    assert request_of(dict.fromkeys(OPTIONS)) == {}


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_as_the_command_line_spells_them(token):
    assert request_of({"--token": token}) == {"token": TOKENS[token]}
    assert request_faults({"token": TOKENS[token]}) == []


def test_claims_are_json_or_text():
    claims = ["aud=ml", "n=1", 'groups=["a","b"]', 'id="1"', "eq=a=b", "no="]
    found = request_of({"--token": "i/s", "--claim": claims})["token"]["claims"]
    assert found == {"aud": "ml", "n": 1, "groups": ["a", "b"], "id": "1", "eq": "a=b", "no": ""}


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"--request": "GET"}, "METHOD PATH"),
        ({"--request": " "}, "METHOD PATH"),
        ({"--header": ["k"]}, "NAME: VALUE"),
        ({"--header": [": v"]}, "NAME: VALUE"),
        ({"--http": "3"}, "--http takes 1 or 2"),
        ({"--tls": "simple"}, "--tls takes mtls or plaintext"),
        ({"--tls": "plaintext", "--identity": "i"}, "--identity is shown in mtls only, and --tls is plaintext"),
        ({"--remote-ip": "here"}, "--remote-ip is no address"),
        ({"--claim": ["a=b"]}, "--claim without a valid token"),
        ({"--token": "forged", "--claim": ["a=b"]}, "--claim without a valid token"),
        ({"--token-place": "elsewhere"}, "--token-place without a valid token"),
        ({"--token": "i/s", "--token-place": "x"}, "--token-place is none of bearer, elsewhere"),
        ({"--token": ""}, "names no issuer"),
        ({"--token": "i/s", "--claim": ["a"]}, "NAME=VALUE"),
        ({"--token": "i/s", "--claim": ["a=b", "a=c"]}, "given twice"),
    ],
)
def test_what_is_wrong_with_an_option_is_said_of_the_option(options, part):
    with pytest.raises(InputError) as caught:
        request_of(options)
    assert part in str(caught.value)


def test_one_question_with_a_request_says_that_nothing_looks_at_it():
    words = ["explain", "all.yaml", "--from", "a/web", "--to", "a/db", "--on", "tcp/5432", "--format", "json"]
    plain = json.loads(CliRunner().invoke(app, words).stdout)
    asked = [w for option, (value, _) in OPTIONS.items() for v in ([value] if isinstance(value, str) else value)
             for w in (option, v)]  # fmt: skip
    found = CliRunner().invoke(app, [*words, *asked, "--token", "i/s", "--claim", "a=b"])
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert told.pop("notices") == [*plain.pop("notices"), UNREAD]
    assert told == plain
    refused = CliRunner().invoke(app, ["explain", "all.yaml", "--batch", "batch.jsonl", "--host", "h", "--token", "i"])
    assert refused.exit_code == 2
    assert "--host and --token beside --batch" in refused.output
