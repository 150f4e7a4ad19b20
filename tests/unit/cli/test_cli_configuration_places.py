"""Every key and value of a TOML text is found where it stands."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.inputs.places import places

TEXT = '''\
# a comment with = and [brackets]
manifests = ["k8s/", # one
  'charts/rendered.yaml',
]
"quoted key".inner = """
three
lines"""""
  indented = { a = 1, "b c" = [true, {d = 2}] }
when = 2026-11-21 07:15:00

[parameters]
tenant = 'x = "y"' # not a key = 1
[map.deep]
color = "never"
[[many]]
n = 1
[[many]]
n = 2
[many.below]
k = \'\'\'
a = 1\'\'\'
'''


def paths(content, at=()):
    """The paths of everything in what tomllib read."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from paths(value, (*at, key))


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("manifests",), 2, 1),
        (("manifests", 0), 2, 14),
        (("manifests", 1), 3, 3),
        (("quoted key", "inner"), 5, 1),
        (("indented",), 8, 3),
        (("indented", "b c", 1, "d"), 8, 39),
        (("when",), 9, 1),
        (("parameters",), 11, 1),
        (("parameters", "tenant"), 12, 1),
        (("map", "deep", "color"), 14, 1),
        (("many", 0, "n"), 16, 1),
        (("many", 1, "n"), 18, 1),
        (("many", 1, "below", "k"), 20, 1),
    ],
)
def test_place(path, line, column):
    assert places(TEXT)[path] == (line, column)


def test_everything_is_found_and_nothing_else():
    assert set(places(TEXT)) == set(paths(tomllib.loads(TEXT)))


# ------------------------------------------------------------------------------------------------ any TOML
KEYS = st.sampled_from(["a", "b-c", "d_1", '"e f"', "'g.h'", '"\\u00e9"'])
SCALARS = st.sampled_from(
    ["1", "-2.5e3", "true", "2026-11-21", "inf", '"s"', "'#'", '"a \\" ] } , b"', '"""\nx # "y"\n"""', "'''\n[z]\n'''"]
)


def arrays(values):
    return st.lists(values, max_size=3).map(lambda parts: "[ " + ", # c ]\n ".join(parts) + " ]")


def inline_tables(values):
    return st.dictionaries(KEYS, values, max_size=3).map(
        lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
    )


VALUES = st.recursive(SCALARS, lambda values: arrays(values) | inline_tables(values), max_leaves=6)
PAIRS = st.dictionaries(KEYS, VALUES, max_size=4).map(
    lambda table: "".join(f" {key}= {value} # end\n" for key, value in table.items())
)
TABLES = st.lists(st.tuples(st.sampled_from(["[{}]", "[[{}]]", "[ x.{} ]"]), KEYS, PAIRS), max_size=4)


@given(PAIRS, TABLES)
def test_places_agree_with_tomllib(pairs, tables):
    text = pairs + "".join(f"{head.format(key)}\n{body}\n" for head, key, body in tables)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(places(text)) == set(paths(content))
