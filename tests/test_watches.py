import pytest

from crawler import watches
from crawler.config import Cache
from crawler.events import Mark, mark
from crawler.store import Store
from crawler.watches import NEWS_KEPT, Item, News, Watch, WatchTaken, WatchUnknown
from tests.past import before_events, fetched, state

ONE = "NCT00000001"


def news(name: str, *entered: str) -> News:
    items = [Item(ident, "T", "low", ["x"]) for ident in entered]
    return News(name, items, [], [], "2026-08-17T09:00:05", len(entered))


def test_a_watch_is_added_run_and_removed(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    with Store.writing(cache) as store:
        watches.add(store, "b", query="phase:2")
        watches.add(store, "a", near=ONE, closest=5)
        one, two = watches.watches(store)
        assert one == Watch("a", None, ONE, 5, one.added_at, None, Mark(0, 0))
        assert (two.name, two.query, two.near) == ("b", "phase:2", None)
        watches.keep(store, news("b", ONE), [ONE])
        ran = watches.watch(store, "b")
        assert ran.ran_at is not None
        assert ran.told == mark(store)
        assert (watches.members(store, "b"), watches.members(store, "a")) == ({ONE}, set())
        assert [told.news for told in watches.news_told(store)] == [news("b", ONE)]
        watches.keep(store, news("b"), [])
        assert (watches.members(store, "b"), len(watches.news_told(store))) == (set(), 1)
        watches.remove(store, "b")
        assert ([one.name for one in watches.watches(store)], watches.news_told(store)) == (["a"], [])


def test_a_name_is_taken_once_and_has_to_be_there(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    with Store.writing(cache) as store:
        watches.add(store, "a", query="x")
        with pytest.raises(WatchTaken, match="there is a watch named 'a' already"):
            watches.add(store, "a", query="y")
        with pytest.raises(WatchUnknown, match="there is no watch named 'b'"):
            watches.remove(store, "b")


def test_the_oldest_news_make_room(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    with Store.writing(cache) as store:
        watches.add(store, "a", query="x")
        for number in range(1, NEWS_KEPT + 3):
            watches.keep(store, news("a", f"NCT{number:08d}"), [])
        told = watches.news_told(store)
    assert [len(told), told[0].number, told[-1].number] == [NEWS_KEPT, NEWS_KEPT + 2, 3]


def test_a_cache_from_before_watches_has_none(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    before_events(cache)
    with Store.reading(cache) as store:
        assert watches.watches(store) == []
        assert watches.news_told(store) == []
