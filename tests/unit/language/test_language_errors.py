"""Errors say where, what and the way out; all of a file come at once."""

from __future__ import annotations

import pytest

from analyzer.errors import Problem, QueryError
from analyzer.language import parse_pack, parse_query
from analyzer.model.claims import Pack


def problems_of(text: str, **parameters: str) -> list[Problem]:
    with pytest.raises(QueryError) as caught:
        parse_pack(text, "f", parameters)
    return list(caught.value.problems)


# claim, column, part of the message, part of the hint
CLAIMS = [
    # misspelt words
    ("no pod can reach internet", 4, "no set is called `pod`", "did you mean `pods`?"),
    ("no pods can reach internt", 19, "no set is called `internt`", "did you mean `internet`?"),
    ("no pods can raech internet", 13, "expected `newly` or `reach`, found `raech`", "did you mean `reach`?"),
    ("No pods can reach internet", 1, "words of the language are in lower case", ""),
    ("no pods can reach nodes wher src has x", 25, "found `wher`", "did you mean `where`?"),
    ("no pods can reach nodes on tpc/80", 28, "`tpc/80` names no protocol", "did you mean `tcp/80`?"),
    ("no pods can reach nodes within al", 32, "`al` is no universe", "`any`"),
    ("no pods can reach nodes within inventry", 32, "`inventry` is no universe", "did you mean `inventory`?"),
    ("every pods is isolated for ingres", 28, "`ingres` is no direction", "did you mean `ingress`?"),
    ("every pods is isloated for ingress", 15, "expected `isolated`", "did you mean `isolated`?"),
    # what was expected
    ("", 1, "expected a claim such as `no pods(app=web) can reach internet`, found the end", ""),
    ("no", 3, "expected a set such as", ""),
    ("no pods can reach", 18, "expected a set such as", ""),
    ("no pods can reach nodes on", 27, "expected ports such as `tcp/80`, found the end", ""),
    ("no pods can reach nodes where", 30, "expected a condition such as", ""),
    ("no pods can reach nodes within", 31, "expected `any`, `namespaces` or `inventory`, found the end", ""),
    ("no pods can reach nodes on tcp/80,", 35, "expected ports such as `tcp/80`, found the end", ""),
    ("no namespace can reach nodes", 18, "expected `and`, `can`, `except` or `or`, found `reach`", ""),
    ("every pods is isolated", 23, "isolation is for ingress, egress or both", ""),
    ("every pods is isolated for", 27, "expected `ingress` or `egress`, found the end", ""),
    ("no pods(app=x can reach nodes", 15, "expected `,` or `)`, found `can`", ""),
    ("no pods(app=x,) can reach nodes", 15, "expected a label key or `!`, found `)`", ""),
    ("no pods(app in x) can reach nodes", 16, "the values stand in round brackets", ""),
    ("no pods(app in ()) can reach nodes", 17, "expected a value, found `)`", ""),
    ("no pods(a=b=c) can reach nodes", 12, "expected `,` or `)`, found `=`", ""),
    ("no pods can reach nodes)", 24, "found `)`", ""),
    ("no ips can reach nodes", 12, "found `reach`", ""),
    ("no pods can reach nodes # on tcp\n where # x", 7, "found the end", ""),
    # other ways to say it
    ("pods can reach internet", 1, "a claim begins with `no`, `every`, `some` or `only`", ""),
    ("pods cannot reach internet", 6, "found `cannot`", "write `no S can reach D`"),
    ("no pods in shop can reach nodes", 12, "expected `namespace` or `namespaces`", "write `namespace shop`"),
    ("no pods app=web can reach nodes", 9, "found `app`", "labels stand in brackets"),
    ("no namespace(a=b) can reach nodes", 13, "found `(`", "write `namespaces(…)`"),
    ("no namespace a, b can reach nodes", 15, "found `,`", "write `or`"),
    ("no 10.0.0.0/8 can reach pods", 4, "no set is called `10.0.0.0/8`", "write `ips 10.0.0.0/8`"),
    ("no pods can reach internet except 10.0.0.0/8", 35, "no set is called", "write `ips 10.0.0.0/8`"),
    ("no shop/web can reach pods", 4, "no set is called `shop/web`", "write `workload shop/web`"),
    ("no shop can reach pods", 4, "no set is called `shop`", "write `namespace shop`"),
    ("no $x can reach pods", 4, "no set is called `$x`", "name sets with `let`"),
    ("assert q: no pods can reach nodes", 8, "found `q`", "a question given by itself has no `assert`"),
    # names and values
    ("no namespace Shop can reach nodes", 14, "`Shop` is no name of a namespace", "did you mean `shop`?"),
    ("no namespace a.b can reach nodes", 14, "`a.b` is no name of a namespace", ""),
    ("no workload shop can reach nodes", 13, "write it as NAMESPACE/NAME", ""),
    ("no workload shop/Web can reach nodes", 13, "`Web` is no name of an object", "did you mean `web`?"),
    ("no pods(-a=b) can reach nodes", 9, "`-a` is no label key", ""),
    ("no pods(A/b=c) can reach nodes", 9, "`A/b` is no label key", "did you mean `a/b`?"),
    ("no pods(a=-b) can reach nodes", 11, "`-b` is no label value", ""),
    ('no pods(a="b c") can reach nodes', 11, "`b c` is no label value", ""),
    (f"no pods(a={'b' * 64}) can reach nodes", 11, "longer than 63 characters", ""),
    ('no pods(a in (x,"é")) can reach nodes', 17, "`é` is no label value", ""),
    ("no pods(a=$x) can reach nodes", 11, "no parameter `x`", "declare it"),
    ('no pods(a="$x") can reach nodes', 11, "`$x` is no label value", "write `$x` without quotes"),
    # ports
    ("no pods can reach nodes on 80", 28, "`80` names no protocol", "write the protocol too: `tcp/80`"),
    ("no pods can reach nodes on 80/tcp", 28, "`80/tcp` names no protocol", "write `tcp/80`"),
    ("no pods can reach nodes on http", 28, "`http` names no protocol", "write the protocol too: `tcp/http`"),
    ("no pods can reach nodes on gre", 28, "`gre` names no protocol", "write `protocol/47`"),
    ("no pods can reach nodes on protocol/6", 28, "`protocol/6` has a name of its own", "write `tcp`"),
    ("no pods can reach nodes on protocol/58", 28, "`protocol/58` has a name of its own", "write `icmpv6`"),
    ("no pods can reach nodes on protocol/256", 28, "`protocol/256` names no IP protocol", "go from 1 to 255"),
    ("no pods can reach nodes on icmp/255", 28, "`icmp/255` names no message of ICMP", "types go from 0 to 254"),
    ("no pods can reach nodes on icmpv6/128/x", 28, "names no message of ICMP", "write `icmpv6/128`"),
    ("no pods can reach nodes on icmp/", 28, "`icmp/` names no message of ICMP", "write `icmp/8`"),
    ("no pods can reach nodes on any/80", 28, "`any/80` names no protocol", "`tcp/80, udp/80, sctp/80`"),
    ("no pods can reach nodes on other/80", 28, "have no ports", "write `other`"),
    ("no pods can reach nodes on tcp/", 28, "`tcp/` names no port", "write `tcp`"),
    ("no pods can reach nodes on tcp/0", 28, "ports go from 1 to 65535", ""),
    ("no pods can reach nodes on tcp/65536", 28, "ports go from 1 to 65535", ""),
    ("no pods can reach nodes on tcp/" + "9" * 5000, 28, "is no port", ""),
    ("no pods can reach nodes on tcp/90-80", 28, "the range ends before it begins", "write `tcp/80-90`"),
    ("no pods can reach nodes on tcp/Http", 28, "`Http` is no port", "did you mean `http`?"),
    ("no pods can reach nodes on tcp/far-too-long-name", 28, "is no port", ""),
    # addresses
    ("no ips 10.0.0.0/33 can reach pods", 8, "`10.0.0.0/33` is no address", "write it as `10.0.0.0/8`"),
    ("no ips 10.0.0.1-10.0.0.9 can reach pods", 8, "is no address", "write a range as one or several CIDRs"),
    ("no ips internet can reach pods", 8, "`internet` is no address", "write `internet` without `ips`"),
    # claims that make no sense
    ("no internet can reach nodes", 1, "no pod can be on either side", "policies speak of pods only"),
    ("no internet and pods can reach nodes", 1, "no pod can be on either side", ""),
    ("no internet except pods can reach nodes", 1, "no pod can be on either side", ""),
    ("no pods can reach pods except nodes can reach internet", 24, "no pod can be on either side of this excuse", ""),
    ("every nodes is isolated for ingress", 7, "only pods are isolated", ""),
    ("every pods is isolated for ingress on tcp/80", 36, "isolation is not a matter of ports", "on PORTS"),
    ("every pods is isolated for ingress except pods can reach pods", 36, "no connections to excuse", "before `is`"),
    ("every pods is isolated for ingress except nodes", 36, "isolation has no destinations", "before `is`"),
    ("every pods is isolated for ingress where dst.namespace == a", 42, "isolation has no destination", "`src`"),
    ("no pods can reach nodes on tcp on udp", 32, "a claim has one `on` only", "directly behind it"),
    ("no pods can reach nodes within any within any", 36, "a claim has one `within` only", ""),
    ("no pods can reach pods on tcp except nodes", 31, "this `except` follows no set", "directly behind them"),
    # conditions
    ("no pods can reach pods where src.namespace", 30, "is compared with nothing", "`has src.namespace`"),
    ("no pods can reach pods where namespace == a", 30, "of which end?", "`src.namespace` or `dst.namespace`"),
    ("no pods can reach pods where labels[x] == a", 30, "of which end?", "`src.labels[x]` or `dst.labels[x]`"),
    ("no pods can reach pods where src.namespace == namespace", 47, "of which end?", "`src.namespace`"),
    ("no pods can reach pods where team == a", 30, "`team` is no attribute", "`src.labels[team]`"),
    ("no pods can reach pods where has team", 34, "a label of which end?", "`src.labels[team]`"),
    ("no pods can reach pods where src.labels.x == a", 30, "is no attribute", "write `src.labels[x]`"),
    ("no pods can reach pods where src.labels == a", 30, "`src.labels` wants a key", "`src.labels[KEY]`"),
    ("no pods can reach pods where src.namespce == a", 30, "is no attribute", "did you mean `src.namespace`?"),
    ("no pods can reach pods where src.ip == a", 30, "`src.ip` is no attribute", "there are `src.namespace`"),
    ("no pods can reach pods where src.namespace[x] == a", 44, "has no key", "`src.namespace.labels[x]`"),
    ('no pods can reach pods where "a" == "b"', 30, "is a text, not an attribute", ""),
    ("no pods can reach pods where src.namespace == Shop", 47, "`Shop` is no name of a namespace", "`shop`"),
    ("no pods can reach pods where src.namespace has x", 30, "has no labels to ask for", "`src.labels[x]`"),
    # characters
    ("no pods can reach “nodes”", 19, "U+201C, left double quotation mark", 'write `"`'),
    ("no\u00a0pods can reach nodes", 3, "U+00A0, no-break space", "write an ordinary space"),
    ("no\u200bpods can reach nodes", 3, "U+200B, zero width space", "write an ordinary space, or nothing"),
    ("no pods can reach nodes – pods", 25, "U+2013, en dash", "write `-`"),
    ("no рods can reach nodes", 4, "U+0440, cyrillic small letter er", "plain ASCII"),
    ("no pods can reach pods || nodes", 24, "the character `|`", "write `or`"),
    ("no pods can reach pods where src.namespace == 'a'", 47, "the character `'`", 'write `"`'),
    ("no pods can reach nodes; no pods can reach nodes", 24, "the character `;`", "a line of its own"),
    ("no pods can reach nodes\x00", 24, "U+0000", ""),
    ("no pods can reach {nodes}", 19, "`{` has no place here", ""),
    ('no pods(a="b) can reach nodes', 11, 'no closing `"` on its line', 'close it with `"`'),
    (f"no {'(' * 60}pods{')' * 60} can reach nodes", 54, "more than 50 brackets", "`let`"),
]


@pytest.mark.parametrize(("claim", "column", "message", "hint"), CLAIMS)
def test_claim_in_error(claim: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(claim)
    first = caught.value.problems[0]
    assert (first.file, first.column) == ("-q", column)
    assert message in first.message
    assert hint in first.hint
    assert not first.message.endswith(".")
    assert len(first.message) < 400


GOOD = "assert good: no pods can reach nodes\n"

# text, line, column, part of the message, part of the hint
FILES = [
    ("", 0, 0, "holds no query", "`assert NAME"),
    ("# nothing\n\n", 0, 0, "holds no query", ""),
    ("let a = pods", 0, 0, "holds no query", ""),
    ("no pods can reach nodes", 1, 1, "expected a statement", 'write `assert NAME "TITLE":` before it'),
    ("asert q: no pods can reach nodes", 1, 1, "expected a statement", "did you mean `assert`?"),
    ("assert", 1, 7, "expected a name for the query, found the end", ""),
    ("let", 1, 4, "expected a name for the set, found the end", ""),
    ("param", 1, 6, "expected a name for the parameter, found the end", ""),
    ("pack", 1, 5, "expected a name for the pack, found the end", ""),
    ("assume", 1, 7, "expected a name for the assumption, found the end", ""),
    ("param a", 1, 8, "expected `=`, found the end", ""),
    ('assert q "t" no pods can reach nodes', 1, 14, "a colon stands before the claim", ""),
    (f"{GOOD}let a = pods let b = pods", 2, 14, "found `let`", "put it on a line of its own"),
    (f"{GOOD}asert q: no pods can reach nodes", 2, 1, "found `asert`", "did you mean `assert`?"),
    (f"{GOOD}{GOOD}", 2, 8, "`good` is declared twice, the first on line 1", ""),
    (f"let a = pods\nlet a = nodes\n{GOOD}", 2, 5, "`a` is declared twice, the first on line 1", ""),
    (f"param a = x\nparam a = y\n{GOOD}", 2, 7, "`a` is declared twice, the first on line 1", ""),
    (f"assume a: every pods has x\nassume a: every pods has y\n{GOOD}", 2, 8, "`a` is declared twice", ""),
    (f"pack a\npack b\n{GOOD}", 2, 6, "a file has one `pack` line, the first on line 1", "take one away"),
    (f"let b = a\nlet a = pods\n{GOOD}", 1, 9, "no set is called `a`", "declared on line 2: move that line up"),
    (f"let a = a\n{GOOD}", 1, 9, "no set is called `a`", ""),
    (f"let pods = nodes\n{GOOD}", 1, 5, "`pods` is a keyword", "choose another name"),
    (f"let a.b = nodes\n{GOOD}", 1, 5, "`a.b` is no name here", ""),
    ("let tenant-a = nodes\nassert q: no tenat-a can reach pods", 2, 14, "no set is called", "`tenant-a`"),
    ("param tenant = x\nassert q: no namespace $tenat can reach pods", 2, 24, "no parameter `tenat`", "`tenant`"),
    ("param t = x\nassert q: no namespace $t-a can reach pods", 2, 24, "no parameter `t-a`", "write `${t}`"),
    ("assert q: no namespace $ can reach pods", 1, 24, "no parameter ``", "declare it"),
    ('param t = "A b"\nassert q: no namespace $t can reach pods', 2, 24, "`A b` is no name of a namespace", "") ,
    ('param t = "9x"\nassert q: no pods can reach pods on udp/$t-1', 2, 37, "no parameter `t-1`", "write `${t}`"),
    (f"@severity(hihg)\n{GOOD}", 1, 11, "`hihg` is no severity", "did you mean `high`?"),
    (f"@severity(low) @severity(high)\n{GOOD}", 1, 17, "`@severity` is given twice, first on line 1", ""),
    (f"@severity(low, high)\n{GOOD}", 1, 16, "`@severity` takes one value", ""),
    (f"@sevrity(low)\n{GOOD}", 1, 2, "`sevrity` is no annotation", "did you mean `severity`?"),
    (f"@severity low\n{GOOD}", 1, 11, "an annotation reads `@severity(high)`", ""),
    (f"{GOOD}@severity(low)", 2, 1, "an annotation belongs before `assert`", ""),
    (f"@severity(low)\nlet a = pods\n{GOOD}", 1, 1, "an annotation belongs before `assert`", ""),
    (f"@severity(low)\npack a\n{GOOD}", 1, 2, "no annotation of a pack", "`@description(…)`"),
    (f"@shows(less)\n{GOOD}", 1, 2, "`shows` is no annotation of a query but of a pack", "`@description(…)`"),
    (f"assume a: every internet has x\n{GOOD}", 1, 17, "an assumption speaks of pods", ""),
    (f"assume a: every pods has src.labels[x] == y\n{GOOD}", 1, 26, "without `src` and `dst`", "`labels[x]`"),
    (f"assume a: every pods has team == y\n{GOOD}", 1, 26, "`team` is no attribute", "`labels[team]`"),
    (f"assume a: every pods has namespace\n{GOOD}", 1, 26, "so this says nothing", "`labels[namespace]`"),
    (f"assume a: no pods has team\n{GOOD}", 1, 11, "expected `every`, found `no`", ""),
    (f'assert q "t: no pods can reach nodes\n{GOOD}', 1, 10, 'no closing `"`', ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), FILES)
def test_file_in_error(text: str, line: int, column: int, message: str, hint: str) -> None:
    (problem,) = problems_of(text)
    assert (problem.file, problem.line, problem.column) == ("f", line, column)
    assert message in problem.message
    assert hint in problem.hint


def test_three_broken_statements_and_a_wrong_name_are_four_errors() -> None:
    found = problems_of(
        """\
let a = pods in shop
assert q "T":
  no a can raech internet
assert r: no a can reach internt
assert s:
  no pods(x=y can reach internet
assert t: no a can reach internet
"""
    )
    assert [(problem.line, problem.column) for problem in found] == [(1, 17), (3, 12), (4, 26), (6, 15)]


def test_names_of_broken_statements_are_known() -> None:
    found = problems_of("let a = pods in\nparam b =\nassert q: no a can reach namespace $b", b="x")
    assert [problem.line for problem in found] == [1, 2]


def test_a_bracket_left_open_swallows_no_further_statement() -> None:
    found = problems_of(
        'let a = pods(x\nassert q "T": no b can reach nodes\n@severity(huge)\nassert r: no a can reach nodes'
    )
    assert [(problem.line, problem.column) for problem in found] == [(1, 15), (2, 18), (3, 11)]


def test_each_wrong_name_of_a_statement_is_reported() -> None:
    found = problems_of("assert q: no x can reach y on z where src.a == dst.b within all")
    assert [problem.column for problem in found] == [14, 26, 31, 39, 48, 61]


def test_a_pasted_quote_style_is_one_error_for_each_character() -> None:
    found = problems_of("assert q “T”: no pods can reach nodes\nassert r “T”: no pods can reach nodes")
    assert [(problem.line, problem.column) for problem in found] == [(1, 10), (1, 12)]


def test_a_parameter_that_the_file_does_not_declare() -> None:
    (problem,) = problems_of("param tenant = x\nassert q: no namespace $tenant can reach pods", tenat="y")
    assert (problem.line, problem.message, problem.hint) == (0, "no parameter `tenat`", "did you mean `tenant`?")
    (problem,) = problems_of(GOOD, x="y")
    assert problem.hint == "it has none"


def test_columns_count_from_the_first_character_after_a_byte_order_mark() -> None:
    (problem,) = problems_of("\ufeffassert q: no pod can reach nodes")
    assert (problem.line, problem.column) == (1, 14)


def test_lines_ended_by_carriage_returns_count() -> None:
    (problem,) = problems_of("let a = pods\r\n\r\nassert q: no b can reach a\r\n")
    assert (problem.line, problem.column) == (3, 14)


def test_sets_that_double_with_every_line_are_refused() -> None:
    lets = "\n".join(f"let a{i + 1} = a{i} or a{i}" for i in range(40))
    found = problems_of(f"let a0 = pods\n{lets}\nassert q: no a40 can reach nodes")
    assert "more than 20000 sets" in found[0].message


def test_sets_inside_one_another_through_names_are_bounded() -> None:
    lets = "\n".join(f"let a{i + 1} = (a{i} and nodes) or pods" for i in range(200))
    found = problems_of(f"let a0 = pods\n{lets}\nassert q: no a200 can reach nodes")
    assert "more than 100 sets inside one another" in found[0].message


def test_long_chains_are_no_trouble() -> None:
    many = " or ".join(f"namespace n{i}" for i in range(3000))
    tail = "where " + "not " * 3000 + "src.namespace == a" + " and has src.labels[x]" * 3000
    pack: Pack = parse_pack(f"assert q: no {many} can reach pods{' except nodes' * 3000} {tail}", "f")
    assert len(pack.queries) == 1
