from dataclasses import replace

import pytest
from report_samples import (
    DENIAL,
    EVERYTHING,
    LATENT,
    LIVE,
    OPEN_POD,
    PROVED,
    REFUTED,
    UNSURE,
    VACUOUS,
    answer,
    query,
    verdict,
    whole,
)

from analyzer.language import parse_query
from analyzer.model.claims import Universe
from analyzer.model.cluster import Unmodelled
from analyzer.model.profile import PROFILES
from analyzer.model.source import Source
from analyzer.reports.layout import Style
from analyzer.reports.text import render_text
from analyzer.reports.words import UNIVERSES
from analyzer.verdicts.verdict import Answer, Section, Status, Verdict

VERBOSE = Style(width=100, is_verbose=True)
TELLING = Style(width=100, tells_assumptions=True)


def text(*verdicts, style=None, **changes):
    """The report on one line, so that tests do not depend on where lines break."""
    found = render_text(answer(*verdicts, **changes) if verdicts else EVERYTHING, style or Style(width=100))
    return " ".join(found.decode().split())


def test_each_query_has_mark_word_id_and_title():
    report = text(style=Style(width=100, is_verbose=True))
    for head in (
        "✓ proved dns-works: Title of dns-works",
        "✗ refuted internet-egress: No pod can reach the internet",
        "? unknown db-closed: Title of db-closed",
        "∅ vacuous ghosts: Title of ghosts",
    ):
        assert head in report


def test_a_refuted_verdict_tells_the_flow_both_sides_the_region_and_the_fix():
    report = text(REFUTED)
    assert "severity critical, live: workloads in these manifests are a witness" in report
    assert "1. shop/web[Deployment] → 8.8.8.8 on TCP 443 is allowed" in report
    assert "egress allowed: no policy selects it" in report
    assert "ingress allowed by rule 2 of NetworkPolicy shop/web (shop.yaml:19)" in report
    assert "likewise any pod in namespace shop with app in (api, web) → any internet address" in report
    assert "latent only a pod that is not there yet is a witness" in report
    assert "fix Add a default-deny egress policy." in report
    assert "controls PCI-DSS 1.4.4" in report
    assert "asked no anything can reach internet-egress (rules.npq:7)" in report
    assert "--max-counterexamples" in report


def test_one_counterexample_is_not_numbered():
    report = text(replace(REFUTED, counterexamples=(LIVE,), is_complete=True))
    assert "1. " not in report
    assert "further counterexamples" not in report


@pytest.mark.parametrize(
    ("example", "words"),
    [
        (LIVE, "live: workloads in these manifests are a witness"),
        (LATENT, "latent: only a pod that is not there yet is a witness"),
        (UNSURE, "may be live: depends on the address of shop/web[Deployment]"),
    ],
)
def test_liveness(example, words):
    assert words in text(replace(REFUTED, counterexamples=(example,), live=example.live))


def test_a_denied_pair_says_which_policy_denies_it():
    report = text(replace(REFUTED, counterexamples=(DENIAL,)))
    assert "a node at 10.9.9.9 → shop/web[Deployment] on a protocol without ports is denied" in report
    assert "ingress denied: NetworkPolicy shop/deny isolates it and no rule allows this (shop.yaml:3)" in report


def test_a_pod_that_is_not_isolated_names_the_open_direction_only():
    report = text(replace(REFUTED, counterexamples=(OPEN_POD,)))
    assert "shop/web[Deployment] is not isolated for egress egress no policy selects it" in report
    assert "shop/deny" not in report


def test_a_refuted_some_has_no_counterexample_and_no_liveness():
    report = text(verdict("up", Status.REFUTED, reason="no connection is allowed"))
    assert "severity medium no connection is allowed" in report
    assert "witness" not in report


def test_a_proof_names_what_it_rests_on():
    assert (
        "rests on NetworkPolicy shop/deny (shop.yaml:3) and NetworkPolicy shop/dns (shop.yaml:30); this proof needs"
        in text(PROVED, style=VERBOSE)
    )
    assert "perhaps not all of them are needed" in text(replace(PROVED, is_minimal=False), style=VERBOSE)
    alone = text(replace(PROVED, rests_on=(whole("deny", 3),)), style=VERBOSE)
    assert "rests on NetworkPolicy shop/deny (shop.yaml:3) cost" in alone
    many = text(replace(PROVED, rests_on=tuple(whole(f"p{i}", i) for i in range(1, 10))), style=VERBOSE)
    assert "and 4 more; this proof needs all of them" in many
    assert "p9" not in many


def test_a_proof_without_policies_gives_its_reason():
    assert "dns-works: Title of dns-works nothing is outside" in text(
        replace(PROVED, rests_on=(), reason="nothing is outside"), style=VERBOSE
    )


def test_unknown_and_vacuous_say_what_they_hang_on():
    report = text()
    assert "an unmodelled object could change this answer hangs on CiliumNetworkPolicy shop/x" in report
    assert "`tenant-z` can have no member" in report
    assert "note rules.npq:2: nothing mentions namespace `tenant-z`" in report


def test_the_footer_states_universe_assumptions_and_what_was_not_modelled():
    report = text(style=TELLING)
    assert f"covers {UNIVERSES[Universe.ANY]}" in report
    assert "assumes pod-addresses: pods have addresses in 10.0.0.0/8 (to change it: --pod-cidr)" in report
    assert "given no-host-network: namespace shop enforces Pod Security baseline" in report
    assert "unmodelled CiliumNetworkPolicy shop/x (c.yaml:1): not modelled yet" in report
    assert "note shop.yaml:9: the CIDR has host bits set" in report
    assert "read 1 namespace, 12 policies and 3 irrelevant" in report
    assert "profile policies are enforced as generic does (to change it: --profile, --knob)" in report
    assert report.startswith("✗ refuted 4 queries: 1 refuted, 1 unknown, 1 vacuous, 1 proved")


@pytest.mark.parametrize("universe", list(Universe))
def test_a_query_with_a_universe_of_its_own_says_so(universe):
    report = text(replace(PROVED, universe=universe), style=VERBOSE)
    assert (f"within {universe.value}: {UNIVERSES[universe]}" in report) == (universe is not Universe.ANY)
    assert (f"within {universe.value} only" in report) == (universe is not Universe.ANY)


def test_many_unmodelled_objects_are_cut_but_counted():
    many = tuple(Unmodelled("X", "x/v1", None, f"o{i}", True, True, False, Source("f", i)) for i in range(25))
    report = text(PROVED, unmodelled=many, style=TELLING)
    assert "unmodelled X o19 (f:19)" in report
    assert "X o20" not in report
    assert "and 5 more" in report


def test_quiet_leaves_out_what_is_proved_and_the_footer():
    report = text(style=Style(width=100, is_quiet=True))
    assert "dns-works" not in report
    assert "covers" not in report
    assert "internet-egress" in report
    assert text(PROVED, style=Style(is_quiet=True)) == "✓ proved 1 query"


def test_verbose_adds_costs():
    assert "cost " not in text()
    assert "cost 0.50 s, 1,234 units of solver work in 9 checks, 3 policies encoded" in text(
        style=Style(width=100, is_verbose=True)
    )


def test_a_query_without_title_shows_its_claim_once():
    asked = query("q1", "")
    report = text(replace(VACUOUS, query=asked))
    assert f"∅ vacuous q1: {asked.text}" in report
    assert report.count(asked.text) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_lines_fit(width):
    report = render_text(EVERYTHING, Style(width=width)).decode()
    assert max(map(len, report.splitlines())) <= width


def test_names_from_manifests_cannot_command_the_terminal():
    evil = replace(PROVED, rests_on=(whole("\x1b[2Jx\u202e", 3),), query=query("q\x07", "a\x1b[31m title"))
    assert not set(render_text(answer(evil), Style()).decode()) & {"\x1b", "\x07", "\u202e"}


def test_colour_changes_no_text():
    import re

    plain = render_text(EVERYTHING, Style())
    colored = render_text(EVERYTHING, Style(color=True))
    assert plain != colored
    assert re.sub(rb"\x1b\[[0-9;]*m", b"", colored) == plain


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.VACUOUS])
def test_verdicts_that_hang_on_the_same_are_told_together(status):
    """Brief text names what they hang on once, verbose text below each."""
    hanging = "an object that nobody knows"
    asked = [parse_query(f"no namespace a can reach namespace {name}", f"id-{name}") for name in "bcd"]
    verdicts = tuple(Verdict(query, status, Universe.ANY, "it hangs on something", blame=(hanging,)) for query in asked)
    found = Answer((Section("pack", "", verdicts),), Universe.ANY, PROFILES["generic"], (), (), ())
    brief = render_text(found, Style()).decode()
    assert brief.count(hanging) == 1
    assert all(f"id-{name}" in brief for name in "bcd")
    assert render_text(found, Style(is_verbose=True)).decode().count(hanging) == 3
