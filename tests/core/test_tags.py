"""Tags as a list and as a map."""

from __future__ import annotations

from cloudlet.core.tags import changed_tags, tag_list, tag_map


def test_a_list_and_its_map_say_the_same() -> None:
    tags = {"b": "2", "a": ""}
    assert tag_map(tag_list(tags)) == tags
    assert tag_list(tags) == [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": ""}]


def test_no_tags_are_an_empty_map() -> None:
    assert tag_map(None) == {}


def test_a_tag_without_a_value_has_an_empty_one() -> None:
    assert tag_map([{"Key": "a"}]) == {"a": ""}


def test_a_change_of_tags_names_only_what_differs() -> None:
    before, after = {"kept": "1", "changed": "1", "gone": "1"}, {"kept": "1", "changed": "2", "new": "1"}
    assert changed_tags(before, after) == (["gone"], {"changed": "2", "new": "1"})
