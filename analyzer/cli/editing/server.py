"""The language server: what the others answer, over the Language Server Protocol (pygls)."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlparse

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from analyzer.cli.editing.completion import in_configuration, offers
from analyzer.cli.editing.diagnosing import Diagnosis, diagnoses
from analyzer.cli.editing.hovering import meaning
from analyzer.cli.editing.vocabulary import Vocabulary, vocabulary
from analyzer.cli.revisions import Reading
from analyzer.errors import InputError
from analyzer.manifests.sources.choosing import ENDINGS
from analyzer.model.cluster import Cluster
from analyzer.resources.version import __version__


class _State:
    """The manifests as they were when they were last read."""

    def __init__(self, manifests: list[str], reading: Reading) -> None:
        self._manifests = manifests
        self._reading = reading
        self.cluster: Cluster | None = None
        self.vocabulary = Vocabulary()

    def read(self) -> str:
        """Read the manifests anew; what was wrong with them, in a line."""
        from analyzer.manifests import load

        if not self._manifests:
            return ""
        try:
            loaded = load(self._manifests, keep_going=True, exclude=self._reading.exclude)
        except InputError as error:
            return f"the manifests cannot be read: {error.problems[0].message}"
        self.cluster, self.vocabulary = loaded.cluster, vocabulary(loaded.cluster)
        return f"{len(loaded.problems)} errors in the manifests" if loaded.problems else ""


def serve(manifests: list[str], exclude: tuple[str, ...]) -> None:
    """Answer an editor on standard input and output until it hangs up."""
    server_of(manifests, exclude).start_io()


def server_of(manifests: list[str], exclude: tuple[str, ...]) -> LanguageServer:
    """A server that knows what the manifests have."""
    server = LanguageServer("netproof", f"v{__version__}")
    state = _State(manifests, Reading(True, None, True, exclude))

    def publish(uri: str) -> None:
        document = server.workspace.get_text_document(uri)
        found = diagnoses(document.source, os.path.basename(_path(uri)), state.cluster) if _is_query(uri) else ()
        lines = document.source.splitlines()
        shown = [_diagnostic(one, lines) for one in found]
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=shown))

    @server.feature(types.INITIALIZED)
    def _initialized(params: types.InitializedParams) -> None:
        _tell(server, state.read())

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: types.DidOpenTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: types.DidChangeTextDocumentParams) -> None:
        publish(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def _saved(params: types.DidSaveTextDocumentParams) -> None:
        if _path(params.text_document.uri).endswith(ENDINGS):
            _tell(server, state.read())
        for uri in list(server.workspace.text_documents):
            publish(uri)

    options = types.CompletionOptions(trigger_characters=["(", "=", "[", ",", "$", "@", "/", ".", '"', " "])

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def _complete(params: types.CompletionParams) -> types.CompletionList:
        document = server.workspace.get_text_document(params.text_document.uri)
        position = document.offset_at_position(params.position)
        if params.text_document.uri.endswith(".toml"):
            from analyzer.packs import builtin_names

            begun = document.source[:position].rpartition("\n")[2]
            found = in_configuration(begun, builtin_names())
        else:
            found = offers(document.source, position, state.vocabulary)
        items = [types.CompletionItem(label=name, detail=about or None) for name, about in found.items()]
        return types.CompletionList(is_incomplete=False, items=items)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def _hover(params: types.HoverParams) -> types.Hover | None:
        document = server.workspace.get_text_document(params.text_document.uri)
        found = meaning(document.source, document.offset_at_position(params.position), state.vocabulary)
        if found is None:
            return None
        return types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=found[0]))

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def _format(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        from analyzer.language.formatting import formatted

        source = server.workspace.get_text_document(params.text_document.uri).source
        try:
            new = formatted(source, params.text_document.uri)
        except InputError:
            return []
        end = types.Position(line=source.count("\n") + 1, character=0)
        return [types.TextEdit(range=types.Range(start=types.Position(line=0, character=0), end=end), new_text=new)]

    return server


def _tell(server: LanguageServer, text: str) -> None:
    if text:
        server.window_log_message(types.LogMessageParams(type=types.MessageType.Warning, message=text))


def _diagnostic(one: Diagnosis, lines: list[str]) -> types.Diagnostic:
    line = lines[one.line - 1] if one.line <= len(lines) else ""
    end = one.column - 1 + one.width if one.width else max(len(line), one.column)
    start = types.Position(line=one.line - 1, character=_units(line, one.column - 1))
    return types.Diagnostic(
        range=types.Range(start=start, end=types.Position(line=one.line - 1, character=_units(line, end))),
        message=one.text,
        severity=types.DiagnosticSeverity.Error if one.is_error else types.DiagnosticSeverity.Warning,
        source="netproof",
    )


def _units(line: str, column: int) -> int:
    """The column as the protocol counts it, in UTF-16."""
    return len(line[:column].encode("utf-16-le")) // 2 + max(0, column - len(line))


def _is_query(uri: str) -> bool:
    return _path(uri).endswith(".npq")


def _path(uri: str) -> str:
    return unquote(urlparse(uri).path)
