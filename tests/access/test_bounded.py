"""The mapping that forgets."""

from __future__ import annotations

from cloudlet.access.bounded import Bounded


def test_what_was_used_longest_ago_is_forgotten():
    kept: Bounded[str, int] = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.find("a") == 1
    kept.put("c", 3)
    assert kept.find("b") is None
    assert (kept.find("a"), kept.find("c"), len(kept)) == (1, 3, 2)


def test_an_entry_put_again_pushes_nothing_out():
    kept: Bounded[str, int] = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.put("b", 3)
    assert (kept.find("a"), kept.find("b")) == (1, 3)
