"""Patterns mean in Python what they mean in Java, and all that the models have can be translated."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlet.wire.java_pattern import Translator, Untranslatable
from cloudlet.wire.model import Models

TRANSLATOR = Translator()

NOT_JUDGED: set[tuple[str, str]] = set()
"""(service, shape) of patterns that cannot be translated."""


def test_every_pattern_of_the_models_is_translated_but_for_the_named_ones():
    models, failed = Models(), set()
    for service in models.names:
        for name, shape in models.service(service).shapes.items():
            try:
                TRANSLATOR.compile(shape.get("pattern", ""))
            except Untranslatable:
                failed.add((service, name))
    assert failed == NOT_JUDGED


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        (r"[\S\s]*", ["a\nb", ""], []),
        (r".+", ["a"], ["a\nb", "a\u2028b"]),
        (r"[\w&&[^_]]+", ["ab1"], ["a_b"]),
        (r"[a-z&&[^m-p]&&[^x]]", ["a"], ["n", "x"]),
        (r"[a-c[x-z]]+", ["ax"], ["d"]),
        (r"[^a-c[x-z]]", ["d", "\n"], ["a", "y"]),
        (r"\p{Graph}+", ["a!"], ["a b", "é"]),
        (r"\p{Print}+", ["a b"], ["é", "\t"]),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", ["Größe 1/2", ""], ["a\tb", "a!"]),
        (r"\p{IsAlphabetic}+", ["é"], ["1"]),
        (r"\P{L}+", ["12"], ["a"]),
        (r"[^\p{L}]", ["1"], ["a"]),
        (r"\pL", ["a"], ["1"]),
        (r"a*+b", ["aab"], ["aac"]),
        (r"a*+ab", [], ["aab"]),
        (r"[\uD800\uDC00-\uDBFF\uDFFF]", ["😀"], ["a"]),
        (r"[\u0020-\u00FF]+", [" ÿ"], ["Ā"]),
        (r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)", ["a.b"], ["system.a"]),
        (r"(?i)all|[0-9]{2}", ["ALL", "12"], ["1"]),
        (r"\d+", ["12"], ["١"]),
        (r"(?<n>a)\k<n>", ["aa"], ["a"]),
        (r"\Q[a]\E+", ["[a]]"], ["a"]),
        (r"[a-zA-Z0-9-_]+", ["a-_"], ["a.b"]),
        (r"[]a]", ["]"], ["b"]),
        (r"\h\x{41}", ["\tA"], ["\nA"]),
        (r"^[a-z]+$", ["abc"], ["abc\n\n"]),
    ],
)
def test_pattern_matches_as_in_java(pattern, matching, other):
    compiled = TRANSLATOR.compile(pattern)
    assert [text for text in matching if not compiled.fullmatch(text)] == []
    assert [text for text in other if compiled.fullmatch(text)] == []


@pytest.mark.parametrize("pattern", [r"[a", r"\p{Nonsense}", r"a(?i)b", r"(?<=a+)b", r"[z-a]", "\\"])
def test_what_python_cannot_express_is_said_to_be_untranslatable(pattern):
    with pytest.raises(Untranslatable):
        TRANSLATOR.compile(pattern)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=r"ab01-[]^&\pLPxudhQE{}()?*+|.$<>!=", max_size=12))
def test_any_text_is_translated_or_said_to_be_untranslatable(pattern):
    try:
        TRANSLATOR.compile(pattern)
    except Untranslatable:
        return
