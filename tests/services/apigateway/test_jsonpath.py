"""Paths over the bookstore of the documentation of Jayway's JsonPath, and over the edges around it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.services.apigateway.execute.jsonpath.errors import PathError
from cloudlet.services.apigateway.execute.jsonpath.path import Path

SAYINGS = {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95}
SWORD = {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99}
MOBY = {
    "category": "fiction",
    "author": "Herman Melville",
    "title": "Moby Dick",
    "isbn": "0-553-21311-3",
    "price": 8.99,
}
LORD = {
    "category": "fiction",
    "author": "J. R. R. Tolkien",
    "title": "The Lord of the Rings",
    "isbn": "0-395-19395-8",
    "price": 22.99,
}
BOOKS = [SAYINGS, SWORD, MOBY, LORD]
BICYCLE = {"color": "red", "price": 19.95}
STORE = {"store": {"book": BOOKS, "bicycle": BICYCLE}, "expensive": 10}
AUTHORS = [book["author"] for book in BOOKS]

DOCUMENTED = [
    ("$", STORE),
    ("$.store.book[*].author", AUTHORS),
    ("$..author", AUTHORS),
    ("$.store.*", [BOOKS, BICYCLE]),
    ("$.store..price", [8.95, 12.99, 8.99, 22.99, 19.95]),
    ("$..book[2]", [MOBY]),
    ("$..book[-2]", [MOBY]),
    ("$..book[0,1]", [SAYINGS, SWORD]),
    ("$..book[:2]", [SAYINGS, SWORD]),
    ("$..book[1:2]", [SWORD]),
    ("$..book[-2:]", [MOBY, LORD]),
    ("$..book[2:]", [MOBY, LORD]),
    ("$..book[?(@.isbn)]", [MOBY, LORD]),
    ("$.store.book[?(@.price < 10)]", [SAYINGS, MOBY]),
    ("$..book[?(@.price <= $['expensive'])]", [SAYINGS, MOBY]),
    ("$..book[?(@.author =~ /.*REES/i)]", [SAYINGS]),
    ("$..book.length()", 1),
    ("$.store.book.length()", 4),
    ("$.store.book[?(@.price < 10 && @.category == 'fiction')]", [MOBY]),
    ("$.store.book[?(@.category == 'reference' || @.price > 10)]", [SAYINGS, SWORD, LORD]),
    ("$.store.book[?(!(@.price < 10 && @.category == 'fiction'))]", [SAYINGS, SWORD, LORD]),
]

ITEMS = {
    "n": [3, 1, 2],
    "t": [
        {"id": 1, "tags": ["a", "b"], "s": "abc", "x": None},
        {"id": 2, "tags": [], "s": "", "y": True},
        {"id": "1", "tags": ["b"], "s": "b.c"},
    ],
    "o": {"a": 1, "b": 2, "c": {"d": 3}},
    "a.b": 5,
    "it's": 6,
    "sp ace": 7,
    "$x": 8,
    "p-q": 9,
    "é": 10,
    "null": None,
}


def ids_of(condition):
    return f"$.t[?({condition})].id"


READ = [
    ("$.o.a", 1),
    ("o.a", 1),
    ("$['o']['a']", 1),
    ('$["o"].a', 1),
    ("$.['o'].a", 1),
    ("$[ 'o' ][ 'a' ]", 1),
    ("$['a.b']", 5),
    ("$['it\\'s']", 6),
    ('$["it\'s"]', 6),
    ("$['sp ace']", 7),
    ("$.$x", 8),
    ("$.p-q", 9),
    ("$.é", 10),
    ("$.null", None),
    ("$['o','n']", {"o": ITEMS["o"], "n": [3, 1, 2]}),
    ("$.o['a','zz']", {"a": 1}),
    ("$['o','t']['c']", [{"d": 3}]),
    ("$..['a','b']", [{"a": 1, "b": 2}]),
    ("$.o.*", [1, 2, {"d": 3}]),
    ("$.o[*]", [1, 2, {"d": 3}]),
    ("$.n[0]", 3),
    ("$.n[-1]", 2),
    ("$.n[0,-1]", [3, 2]),
    ("$.n[0,9]", [3]),
    ("$.n[5:9]", []),
    ("$.n[-9:1]", [3]),
    ("$.n[?(@ > 1)]", [3, 2]),
    ("$..d", [3]),
    ("$..nothing", []),
    ("$.t[*].nothing", []),
    ("$..tags[0]", ["a", "b"]),
    ("$..[?(@.d)]", [{"d": 3}]),
    ("$.o[?(@.a == 1)].b", [2]),
    (ids_of("@.id == 1"), [1]),
    (ids_of("@.id == '1'"), ["1"]),
    (ids_of("@.id != 1"), [2, "1"]),
    (ids_of("@.id === 1"), [1]),
    (ids_of("1 == @.id"), [1]),
    (ids_of("@.x"), [1]),
    (ids_of("!@.x"), [2, "1"]),
    (ids_of("@.x == null"), [1]),
    (ids_of("@.y == true"), [2]),
    (ids_of("@.id in [1, 2]"), [1, 2]),
    (ids_of("@.id nin [1, 2]"), ["1"]),
    (ids_of("@.tags subsetof ['b', 'c']"), [2, "1"]),
    (ids_of("@.tags anyof ['a', 'c']"), [1]),
    (ids_of("@.tags noneof ['a']"), [2, "1"]),
    (ids_of("@.tags size 1"), ["1"]),
    (ids_of("@.tags empty true"), [2]),
    (ids_of("@.s empty false"), [1, "1"]),
    (ids_of("@.tags contains 'b'"), [1, "1"]),
    (ids_of("@.s CONTAINS 'b'"), [1, "1"]),
    (ids_of("@.s =~ /b/"), []),
    (ids_of("@.s =~ /.*b.*/"), [1, "1"]),
    (ids_of("@.s >= 'b'"), ["1"]),
    (ids_of("@.s < 1"), []),
    (ids_of("@.tags.length() > 1"), [1]),
    (ids_of("@.tags == ['b']"), ["1"]),
    (ids_of("@.id == $.o.b"), [2]),
    (ids_of("@.s == 'abc' && (@.id == 1 || @.id == 2)"), [1]),
    ("$.n.min()", 1.0),
    ("$.n.max()", 3.0),
    ("$.n.avg()", 2.0),
    ("$.n.sum()", 6.0),
    ("$..d.sum()", 3.0),
    ("$.n.stddev()", pytest.approx(0.8164965809)),
    ("$.n.length()", 3),
    ("$.o.length()", 3),
    ("$.o.keys()", ["a", "b", "c"]),
    ("$.n.first()", 3),
    ("$.n.last()", 2),
    ("$.n.index(1)", 1),
    ("$.n.index(-1)", 2),
    ("$.n.append(9)", [3, 1, 2, 9]),
    ('$.t[0].tags.concat("-", $.o.a)', "ab-1"),
    ("$.sum($.o.a, $.o.b)", 3.0),
]

REFUSED = [
    "",
    "$.",
    "$..",
    "$[",
    "$[]",
    "$.a[",
    "$['a]",
    "$.a..",
    "$.a b",
    "$[?]",
    "$[?()]",
    "$[?(@.a ==)]",
    "$[?(@.a",
]
REFUSED += [
    "$.n.nosuch()",
    "$[1:2:3]",
    "$[:]",
    "$[a]",
    "$.a[?(@.b =~ /[/)]",
    "$[?('a')]",
    "$[0,]",
    "$]",
    "$.a)",
    "$.n.sum(",
]
REFUSED += ["$[?(" + "(" * 100 + "@.a" + ")" * 100 + ")]", "$" + "[?(@" * 50 + ")]" * 50, "$.a" * 5000]


@pytest.mark.parametrize(("path", "expected"), DOCUMENTED)
def test_reads_the_documented_examples(path, expected):
    assert Path.compile(path).read(STORE) == expected


@pytest.mark.parametrize(("path", "expected"), READ)
def test_a_path_finds_what_jayway_finds(path, expected):
    assert Path.compile(path).read(ITEMS) == expected


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path[:30])
def test_refuses_what_is_no_path(path):
    with pytest.raises(PathError):
        Path.compile(path)


@pytest.mark.parametrize(
    "path", ["$.zz", "$.o.zz.y", "$.n[9]", "$.n.a", "$.o[0]", "$.t[0].s.length", "$.zz.length()"]
)
def test_a_definite_path_to_nothing_is_missing(path):
    nothing = object()
    assert Path.compile(path).read(ITEMS, nothing) is nothing


def test_an_aggregate_of_nothing_is_an_error():
    with pytest.raises(
        PathError, match="Aggregation function attempted to calculate value using empty array"
    ):
        Path.compile("$.o.sum()").read(ITEMS)


def test_a_path_that_runs_away_is_ended():
    document = [[[[[0] * 10] * 10] * 10] * 10] * 10
    with pytest.raises(PathError, match="too many steps"):
        Path.compile("$..*..*..*..*").read(document)


def test_a_pattern_that_runs_away_is_ended():
    with pytest.raises(PathError, match="too long"):
        Path.compile("$[?(@ =~ /(a+)+b/)]").read(["a" * 50])


def test_a_path_is_compiled_once():
    assert Path.compile("$.once") is Path.compile("$.once")


SYMBOLS = (
    "$ @ . .. * [ ] ( ) ? ?( a b 'a' \"b\" 0 -1 : , 1:2 ! == < =~ /a+/ /(a*)*/i in size empty && || \\ ' /"
)
VALUES = "true null [1,2] {'a':1} length() $.a @.a $..a [*] [0] [?(@.a)] .sum() .concat( .index(1) ['a','b']"
PIECES = st.sampled_from([*SYMBOLS.split(), *VALUES.split(), " "])


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=15).map(lambda parts: "$" + "".join(parts)))
def test_any_arrangement_of_tokens_reads_or_raises_the_one_error(path):
    attempt(path)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_text_reads_or_raises_the_one_error(path):
    attempt(path)


def attempt(path):
    try:
        Path.compile(path).read({"a": [{"a": "aa", "b": 1.5}, None, True], "b": {"a": [1, [2]]}})
    except PathError:
        return
