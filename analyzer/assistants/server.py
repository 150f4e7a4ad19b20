"""The tools, on the official SDK of the Model Context Protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from analyzer.assistants.answers import answered_check, answered_diff, answered_explain, answered_map
from analyzer.errors import InputError
from analyzer.resources.version import __version__

_GUIDE = """netproof proves or refutes network-isolation properties of Kubernetes manifests, for every pod that could be
created. Each answer begins with how far it holds: pass that on. `unknown` and `vacuous` are no proofs. Claims are in
its query language: `no pods(app=web) in namespace shop can reach internet`, `only namespace ops can reach pods(app=db)
on tcp/5432`, `every namespace shop can reach dns on udp/53`."""

Manifests = Annotated[list[str], Field(description="Files and directories of Kubernetes manifests, YAML or JSON.")]
Claims = Annotated[list[str] | None, Field(description="Claims in the query language.")]
Packs = Annotated[list[str] | None, Field(description="Built-in packs, such as baseline, or query files.")]
Universe = Annotated[str, Field(description="Which pods can exist: any, namespaces or inventory.")]
Profile = Annotated[str | None, Field(description="What enforces the policies: generic, calico, cilium, …")]
End = Annotated[str, Field(description="namespace/workload, an address, a CIDR, or a set such as pods(app=x).")]
Ends = Annotated[list[str] | None, Field(description="Only these ends, each as namespace/workload or an address.")]
On = Annotated[list[str] | None, Field(description="Ports: tcp/80, udp/53, …; without any, all of them.")]


def server_of() -> MCPServer[None]:
    """The server, which reads manifests where it runs and changes nothing."""
    server: MCPServer[None] = MCPServer("netproof", instructions=_GUIDE, version=__version__)

    @server.tool()
    def check(
        manifests: Manifests,
        claims: Claims = None,
        packs: Packs = None,
        universe: Universe = "any",
        profile: Profile = None,
    ) -> str:
        """Prove or refute claims and packs about manifests; without either, the baseline pack."""
        return _told(lambda: answered_check(manifests, claims or (), packs or (), universe, profile))

    @server.tool()
    def explain(manifests: Manifests, source: End, destination: End, on: On = None, profile: Profile = None) -> str:
        """Explain what is allowed from one end to another, and which rules decide."""
        return _told(lambda: answered_explain(manifests, source, destination, on or (), profile))

    @server.tool(name="map")
    def map_(
        manifests: Manifests,
        sources: Ends = None,
        destinations: Ends = None,
        namespaces: Annotated[list[str] | None, Field(description="Only these namespaces.")] = None,
        profile: Profile = None,
    ) -> str:
        """Show every connection that is allowed between workloads, and between them and addresses outside."""
        return _told(lambda: answered_map(manifests, sources or (), destinations or (), namespaces or (), profile))

    @server.tool()
    def diff(old: Manifests, new: Manifests, universe: Universe = "any", profile: Profile = None) -> str:
        """Tell whether two revisions of the manifests permit the same traffic, and if not, what changed."""
        return _told(lambda: answered_diff(old, new, universe, profile))

    return server


def _told(make: Callable[[], str]) -> str:
    """The answer; what is wrong with the question as an error that says how to mend it."""
    try:
        return make()
    except InputError as error:
        raise ToolError("\n".join(str(problem) for problem in error.problems)) from None
