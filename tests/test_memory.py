from types import SimpleNamespace

import pytest

from index import memory
from index.memory import give_back


def test_all_free_memory_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr(memory, "_library", lambda: SimpleNamespace(malloc_trim=kept.append))
    give_back()
    assert kept == [0]  # bytes that may stay


@pytest.mark.parametrize("library", [None, SimpleNamespace()])
def test_where_the_library_does_not_know_how_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, library: SimpleNamespace | None
) -> None:
    monkeypatch.setattr(memory, "_library", lambda: library)
    give_back()


def test_the_real_library_can_be_asked() -> None:
    give_back()
