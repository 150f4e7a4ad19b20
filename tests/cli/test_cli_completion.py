"""What shells complete, and that the scripts for it can be had."""

import os
import shutil
import subprocess
import sys

import pytest

from analyzer.cli import completing
from analyzer.cli.formats import CheckFormat
from analyzer.cli.glancing import Glance, glance
from analyzer.model.claims import Universe
from analyzer.model.profile import PROFILES
from analyzer.packs import builtin

EXAMPLE = "examples/multi-tenant/fixed"
COMPLETE = "import sys; from analyzer.cli.app import main; sys.argv[0] = 'netproof'; main()"


def completed(line, shell="bash"):
    """What the shell is told for the last word of a command line."""
    words = line.split(" ")
    environment = {
        "_NETPROOF_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
    }
    done = subprocess.run([sys.executable, "-c", COMPLETE], env=environment, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("netproof che", ["check"]),
        ("netproof check m -p base", ["baseline"]),
        ("netproof diff a b --pack guard", ["guard-rails"]),
        ("netproof packs show ten", ["tenant-isolation"]),
        ("netproof check m --profile cal", ["calico"]),
        ("netproof check m --universe in", ["inventory"]),
        ("netproof check m --format s", ["sarif"]),
        ("netproof map m --format me", ["mermaid"]),
        ("netproof check m --knob enforces", ["enforces=true", "enforces=false"]),
        ("netproof schema check", ["check-2"]),
        ("netproof check m -p some/file", []),
        (f"netproof map {EXAMPLE} -n te", ["team-a", "team-b", "team-c"]),
        (f"netproof map {EXAMPLE} --to team-a/", ["team-a/orders", "team-a/shop"]),
        (f"netproof explain {EXAMPLE} --from ku", ["kube-system/coredns", "kube-system/metrics-server", "kube-system"]),
        ("netproof map no/such/folder -n te", []),
    ],
)
def test_names_are_completed(line, words):
    assert completed(line) == words


def test_everything_that_an_option_takes_is_offered():
    assert completing.packs() == [pack.name for pack in builtin()]
    assert completing.profiles() == list(PROFILES)
    assert completing.universes() == [universe.value for universe in Universe]
    assert completing.check_formats() == [member.value for member in CheckFormat]
    for text in completing.knobs():
        name, _, value = text.partition("=")
        assert PROFILES["generic"].with_knob(name, value).knobs()[name] == value


def test_the_script_is_installed(tmp_path):
    environment = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "PATH": "/usr/bin:/bin"}
    words = [sys.executable, "-c", COMPLETE, "--install-completion", "bash"]
    subprocess.run(words, env=environment, capture_output=True, check=True)
    (script,) = tmp_path.glob(".bash_completions/*")
    assert "_NETPROOF_COMPLETE" in script.read_text()
    assert str(script) in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_can_be_had(shell):
    environment = {"_NETPROOF_COMPLETE": f"source_{shell}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", COMPLETE], env=environment, capture_output=True, text=True)
    assert "_NETPROOF_COMPLETE" in done.stdout


# ------------------------------------------------------------------------------------------------ at a glance
@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels:\n    name: o\n",
        'kind: Deployment\nmetadata:\n  labels:\n    name: other\n  namespace: "shop"\n  name: web\n',
        "metadata: {name: web, namespace: shop}\nkind: Deployment\nspec: {template: {metadata: {name: x}}}\n",
        "kind: Service\nmetadata: {name: y}\n---\nkind: Pod\nmetadata: {namespace: shop, name: 'web'}\n",
    ],
)
def test_names_are_seen_in_every_layout(text, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.yaml").write_text(text)
    assert glance([str(tmp_path)]) == Glance(frozenset({"shop"}), frozenset({"shop/web"}))


def test_what_cannot_be_read_offers_nothing(tmp_path):
    (tmp_path / "broken.yaml").write_bytes(b"\xff\xfe: [")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "pipe.yml").write_text("kind: List\nitems: []\n")
    assert glance([str(tmp_path), "-", "nowhere"]) == Glance(frozenset(), frozenset())


# ------------------------------------------------------------------------------------------------ in the shells
@pytest.mark.parametrize(
    ("shell", "checked"), [("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])], ids=["bash", "zsh", "fish"]
)
def test_the_shell_reads_the_script(shell, checked, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here")
    environment = {"_NETPROOF_COMPLETE": f"source_{shell}", "PATH": "/usr/bin:/bin"}
    script = tmp_path / "script"
    script.write_bytes(
        subprocess.run([sys.executable, "-c", COMPLETE], env=environment, capture_output=True, check=True).stdout
    )
    subprocess.run([shell, *checked, str(script)], check=True)


def in_bash(line, tmp_path):
    """What bash completes the last word of a line to, with the script that netproof gives it."""
    program = tmp_path / "netproof"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{os.getcwd()}" exec "{sys.executable}" -m analyzer "$@"\n')
    program.chmod(0o755)
    words = line.split(" ")
    script = (
        f'PATH="{tmp_path}:$PATH"; eval "$(_NETPROOF_COMPLETE=source_bash netproof)"\n'
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}\n"
        'function=$(complete -p netproof | sed "s/.*-F \\([^ ]*\\).*/\\1/")\n'
        '$function netproof; printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes(tmp_path):
    assert in_bash("netproof ch", tmp_path) == ["check"]
    assert in_bash("netproof check m --profile ca", tmp_path) == ["calico", "canal"]


def test_fish_completes(tmp_path):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed here")
    program = tmp_path / "netproof"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{os.getcwd()}" exec "{sys.executable}" -m analyzer "$@"\n')
    program.chmod(0o755)
    script = (
        f'set -x PATH "{tmp_path}" $PATH; env _NETPROOF_COMPLETE=source_fish netproof | source\n'
        'complete -C "netproof check m --universe in"\n'
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split("\n")[0].split("\t")[0] == "inventory"
