"""An assistant asks, with the SDK's own client."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from typer.testing import CliRunner

from analyzer.assistants.server import server_of
from analyzer.cli.app import app

SHOP = str(Path(__file__).resolve().parents[2] / "examples/gated-repo/k8s")
OPEN = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: shop}
spec: {podSelector: {}, ingress: [{}]}
"""


async def asked_of(client: Client, tool: str, arguments: dict[str, Any]) -> tuple[bool, str]:
    found = await client.call_tool(tool, arguments)
    return bool(found.is_error), "\n".join(part.text for part in found.content if part.type == "text")


def asked(tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether it is an error, and what is said."""

    async def ask() -> tuple[bool, str]:
        async with Client(server_of()) as client:
            return await asked_of(client, tool, arguments)

    return asyncio.run(ask())


def test_the_tools_are_the_questions_and_each_argument_is_told() -> None:
    async def listed() -> Any:
        async with Client(server_of()) as client:
            return (await client.list_tools()).tools

    tools = asyncio.run(listed())
    assert sorted(tool.name for tool in tools) == ["check", "diff", "explain", "map"]
    for tool in tools:
        assert tool.description
        assert all("description" in it for it in tool.input_schema["properties"].values()), tool.name


def test_an_answer_begins_with_how_far_it_holds() -> None:
    is_error, text = asked("check", manifests=[SHOP], claims=["no internet can reach namespace shop on tcp/5432"])
    assert not is_error
    caveats, _, report = text.partition("\n\n")
    assert caveats.startswith("How far this holds:")
    assert "every pod that could be created" in caveats
    assert "Proved holds under the assumptions" in caveats
    assert "assumes: " in caveats
    assert "proved" in report


@pytest.mark.parametrize(
    ("claim", "universe", "said"),
    [
        ("no namespace shop can reach pods(app=none) in namespace none", "inventory", "It is no proof of isolation"),
        ("no anything can reach namespace shop", "namespaces", "an example, not all there is"),
        ("no anything can reach namespace shop", "inventory", "not of pods created later"),
    ],
)
def test_what_a_verdict_does_not_mean_is_said(claim: str, universe: str, said: str) -> None:
    assert said in asked("check", manifests=[SHOP], claims=[claim], universe=universe)[1]


def test_explain_map_and_diff_answer(tmp_path: Path) -> None:
    is_error, text = asked("explain", manifests=[SHOP], source="8.8.8.8", destination="shop/orders", on=["tcp/8080"])
    assert (is_error, "denied" in text) == (False, True)
    is_error, text = asked("map", manifests=[SHOP], destinations=["shop/web"])
    assert (is_error, "ingress-nginx/controller" in text) == (False, True)
    (tmp_path / "open.yaml").write_text(OPEN)
    is_error, text = asked("diff", old=[SHOP], new=[SHOP, str(tmp_path)])
    assert (is_error, "more permissive" in text) == (False, True)
    assert text.startswith("How far this holds:")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("check", {"manifests": ["/nowhere"]}, "/nowhere"),
        ("check", {"manifests": [SHOP], "claims": ["no talk"]}, "no talk"),
        ("check", {"manifests": [SHOP], "universe": "all"}, "unknown universe"),
        ("explain", {"manifests": [SHOP], "source": "shop/nobody", "destination": "shop/web"}, "shop/nobody"),
        ("diff", {"old": [SHOP], "new": [SHOP], "profile": "odd"}, "unknown profile"),
    ],
)
def test_what_is_wrong_with_a_question_is_an_error_that_says_so(tool: str, arguments: Any, said: str) -> None:
    is_error, text = asked(tool, **arguments)
    assert is_error
    assert said in text


def test_the_command_answers_on_standard_output() -> None:
    program = ["-c", "from analyzer.cli.app import main; main()", "mcp"]
    parameters = StdioServerParameters(command=sys.executable, args=program)

    async def ask() -> tuple[bool, str]:
        async with Client(stdio_client(parameters)) as client:
            return await asked_of(
                client, "check", {"manifests": [SHOP], "claims": ["no internet can reach namespace shop"]}
            )

    assert "How far this holds" in asyncio.run(ask())[1]


def test_without_the_sdk_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "analyzer.assistants.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    found = CliRunner().invoke(app, ["mcp"])
    assert found.exit_code == 2
    assert "netproof[mcp]" in found.stderr
