"""The language server, asked by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from typer.testing import CliRunner

from analyzer.cli.app import app
from analyzer.cli.editing import meanings
from analyzer.language.syntax import reserved_words

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {containers: [{name: c, image: x, ports: [{containerPort: 8080, name: http}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""

# what stands before the cursor, marked by |, and what is offered there, among others
COMPLETIONS = [
    ("assert q: no namespace |", {"shop"}),
    ("assert q: no pods in namespace sh|", {"shop"}),
    ("assert q: no pods(|", {"app", "tier"}),
    ("assert q: no pods(app=|", {"web"}),
    ("assert q: no pods(app=web,|", {"app", "tier"}),
    ("assert q: no pods(app in (|", {"web"}),
    ("assert q: no namespaces(|", {"team", "kubernetes.io/metadata.name"}),
    ("assert q: no namespaces(team=|", {"a"}),
    ("assert q: no workload |", {"shop/web"}),
    ("assert q: no pods can reach service |", {"shop/front"}),
    ("assert q: no pods can reach pods where src.labels[|", {"app"}),
    ("assert q: no pods can reach pods where src.namespace.labels[team] == |", {"a"}),
    ("assert q: no pods can reach pods on |", {"tcp/8080", "udp"}),
    ("assert q: no pods can reach internet within |", {"any", "namespaces", "inventory"}),
    ("let mine = pods\nassert q: no |", {"mine", "pods", "internet"}),
    ("param t = x\nassert q: no namespace $|", {"t"}),
    ("@|", {"severity", "control"}),
    ("|", {"assert", "let"}),
]


async def _asked(folder: Path, ask: Callable[[LanguageClient, str], Awaitable[Any]], text: str, name: str) -> Any:
    """What `ask` finds out from a server of its own, with a file of this name and text open."""
    (folder / "m.yaml").write_text(MANIFESTS, encoding="utf-8")
    client = LanguageClient("test", "1")
    client.told = asyncio.Queue()  # type: ignore[attr-defined]
    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: client.told.put_nowait(params))  # type: ignore[attr-defined]
    client.feature(types.WINDOW_LOG_MESSAGE)(lambda params: None)
    await client.start_io(sys.executable, "-c", "from analyzer.cli.app import main; main()", "lsp", str(folder))
    try:
        await client.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
        client.initialized(types.InitializedParams())
        uri = (folder / name).as_uri()
        item = types.TextDocumentItem(uri=uri, language_id="netproof", version=1, text=text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return await asyncio.wait_for(ask(client, uri), 60)
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()


def asked(folder: Path, ask: Callable[[LanguageClient, str], Awaitable[Any]], text: str, name: str = "q.npq") -> Any:
    return asyncio.run(_asked(folder, ask, text, name))


def _position(text: str) -> types.Position:
    before = text.partition("|")[0]
    return types.Position(line=before.count("\n"), character=len(before) - before.rfind("\n") - 1)


async def _offered(client: LanguageClient, uri: str, position: types.Position) -> set[str]:
    document = types.TextDocumentIdentifier(uri=uri)
    found = await client.text_document_completion_async(types.CompletionParams(document, position))
    assert isinstance(found, types.CompletionList)
    return {item.label for item in found.items}


def test_completion(tmp_path: Path) -> None:
    async def ask(client: LanguageClient, uri: str) -> None:
        for number, (marked, expected) in enumerate(COMPLETIONS, 2):
            await _written(client, uri, number, marked.replace("|", ""))
            assert expected <= await _offered(client, uri, _position(marked)), marked

    asked(tmp_path, ask, "")


async def _written(client: LanguageClient, uri: str, version: int, text: str) -> None:
    change = types.TextDocumentContentChangeWholeDocument(text=text)
    document = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))


def test_packs_are_completed_in_the_configuration(tmp_path: Path) -> None:
    text = 'pack = ["'

    async def ask(client: LanguageClient, uri: str) -> set[str]:
        return await _offered(client, uri, types.Position(line=0, character=len(text)))

    assert {"baseline", "tenant-isolation"} <= asked(tmp_path, ask, text, "netproof.toml")


# a text with | before the word that is hovered over, and part of what is said
HOVERS = [
    ("assert q: |no pods can reach internet", "no connection from S to D is permitted"),
    ("assert q: no pods can reach |internet", "globally reachable"),
    ("assert q: no namespace |shop can reach internet", "namespace with web; labels"),
    ("assert q: no namespace |shpo can reach internet", "No manifest mentions a namespace `shpo`"),
    ("assert q: no pods(|app=web) can reach internet", "web"),
    ("let mine = pods(app=web)\nassert q: no |mine can reach internet", "let mine = pods(app=web)"),
    ("assert q: no workload |shop/web can reach internet", "Deployment; labels app=web"),
]


def test_hovering(tmp_path: Path) -> None:
    async def ask(client: LanguageClient, uri: str) -> None:
        for number, (marked, expected) in enumerate(HOVERS, 2):
            await _written(client, uri, number, marked.replace("|", ""))
            document = types.TextDocumentIdentifier(uri=uri)
            found = await client.text_document_hover_async(types.HoverParams(document, _position(marked)))
            assert found is not None, marked
            assert isinstance(found.contents, types.MarkupContent)
            assert expected in found.contents.value

    asked(tmp_path, ask, "")


def test_diagnostics_point_at_what_is_wrong_and_name_the_form(tmp_path: Path) -> None:
    async def ask(client: LanguageClient, uri: str) -> list[types.Diagnostic]:
        return list((await client.told.get()).diagnostics)  # type: ignore[attr-defined]

    (found,) = asked(tmp_path, ask, "assert q:\n  no pods can talk to internet\n")
    assert (found.range.start.line, found.range.start.character, found.range.end.character) == (1, 14, 21)
    assert found.severity is types.DiagnosticSeverity.Error
    assert found.message.endswith("write: no pods can reach internet")


def test_labels_that_no_manifest_has_are_warnings(tmp_path: Path) -> None:
    async def ask(client: LanguageClient, uri: str) -> list[types.Diagnostic]:
        return list((await client.told.get()).diagnostics)  # type: ignore[attr-defined]

    found = asked(tmp_path, ask, "assert q: no pods(app=wbe) in namespace shpo can reach internet\n")
    assert [one.severity for one in found] == [types.DiagnosticSeverity.Warning] * 2
    assert "is `shop` meant?" in found[0].message
    assert "is `app=web` meant?" in found[1].message


def test_formatting(tmp_path: Path) -> None:
    async def ask(client: LanguageClient, uri: str) -> str:
        options = types.FormattingOptions(tab_size=2, insert_spaces=True)
        params = types.DocumentFormattingParams(types.TextDocumentIdentifier(uri=uri), options)
        (edit,) = await client.text_document_formatting_async(params)  # type: ignore[misc]
        return str(edit.new_text)

    assert asked(tmp_path, ask, "assert  q:no   pods can reach internet") == "assert q: no pods can reach internet\n"


def test_every_word_of_the_language_has_a_meaning() -> None:
    plain = {"and", "or", "not", "in", "notin", "can", "is", "for", "never", "tie"}
    assert reserved_words() - plain <= meanings.ALL.keys()


def test_without_pygls_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    monkeypatch.delitem(sys.modules, "analyzer.cli.editing.server", raising=False)
    found = CliRunner().invoke(app, ["lsp"])
    assert found.exit_code == 2
    assert "pip install 'netproof[lsp]'" in found.stderr
