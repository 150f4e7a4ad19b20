"""Keys are read off the signature of a command: their names, what they take, and which are paths."""

import tomllib
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.configuration.finding import Document
from analyzer.cli.configuration.keys import Key, Kind, keys_of
from analyzer.cli.configuration.reading import settings
from analyzer.inputs.places import places


class Shade(Enum):
    LIGHT = "light"
    DARK = "dark"


def command(
    manifests: Annotated[list[str], typer.Argument(help="Files.")],
    other: Annotated[str, typer.Argument()] = "",
    pack: Annotated[list[str] | None, typer.Option("--pack", "-p")] = None,
    parameters: Annotated[list[str] | None, typer.Option("--set")] = None,
    every: Annotated[float, typer.Option("--every", min=0.1)] = 0.5,
    shade: Annotated[Shade, typer.Option("--shade")] = Shade.LIGHT,
    shades: Annotated[list[Shade] | None, typer.Option("--shades")] = None,
    out_file: Annotated[Path | None, typer.Option("-o", "--out")] = None,
    plain_name: Annotated[bool, typer.Option(help="No name of its own.")] = False,
) -> None:
    """For the tests only."""


def read(text):
    """What the text gives the command, by parameter."""
    document = Document(Path("below/netproof.toml"), tomllib.loads(text), (), places(text))
    return {name: given.value for name, given in settings(document, {"check": command})["check"].items()}


def test_keys():
    found = keys_of(command)
    assert {name: (key.parameter, key.option, key.kind) for name, key in found.items()} == {
        "manifests": ("manifests", "MANIFEST...", Kind.TEXTS),
        "packs": ("pack", "--pack", Kind.TEXTS),
        "parameters": ("parameters", "--set", Kind.TABLE),
        "every": ("every", "--every", Kind.NUMBER),
        "shade": ("shade", "--shade", Kind.CHOICE),
        "shades": ("shades", "--shades", Kind.TEXTS),
        "out": ("out_file", "--out", Kind.TEXT),
        "plain-name": ("plain_name", "--plain-name", Kind.FLAG),
    }
    assert found["every"] == Key("every", "every", "--every", Kind.NUMBER, float, 0.5, "", 0.1)
    assert [name for name, key in found.items() if key.is_path] == ["manifests", "packs", "out"]
    assert found["shade"].choices() == ("light", "dark")


def test_values_are_what_the_command_takes():
    text = """\
manifests = ["k8s/", "../x", "/abs", "-"]
packs = ["baseline", "own.npq"]
parameters = { a = "1", b = ["x", "y"], c = 3, d = true }
every = 2
shade = "dark"
shades = ["light"]
out = "o/report"
plain-name = true
"""
    assert read(text) == {
        "manifests": ["below/k8s/", "x", "/abs", "-"],
        "pack": ["baseline", "below/own.npq"],
        "parameters": ["a=1", "b=x, y", "c=3", "d=true"],
        "every": 2,
        "shade": Shade.DARK,
        "shades": [Shade.LIGHT],
        "out_file": Path("below/o/report"),
        "plain_name": True,
    }
