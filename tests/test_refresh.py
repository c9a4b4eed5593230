"""A refresh of a crawled cache and of a mirrored one: what is asked, what is kept, when the mark moves."""

from dataclasses import replace
from typing import Any

import pytest

from crawler.config import Cache
from crawler.mark import read_mark
from crawler.record import RawRecord
from crawler.store import Store
from tests.crawling import told
from tests.records import body
from tests.refreshing import FIRST, SECOND, THIRD, World, Worlds, dated, ids, living, summary
from tests.serving import fill

pytest_plugins = ("tests.serving", "tests.refreshing")

NOTHING: tuple[dict[str, int], list[str | None], str | None] = ({}, [], None)


def marked(cache: Cache) -> str | None:
    with Store.reading(cache) as store:
        mark = read_mark(store)
    return None if mark is None else mark.data_timestamp


def same(world: World) -> bool:
    """Whether the cache has what the registry has."""
    return living(world.cache) == living(world.registry.cache)


# -- a mirror ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mirror(world: Worlds) -> World:
    made = world(*(dated(number, f"2026-07-{1 + number % 28:02d}") for number in range(1, 31)))
    assert summary(made(whole=True)) == ({"new": 30}, [], None)
    return made


def test_a_mirror_has_everybody(mirror: World) -> None:
    assert same(mirror)
    assert [call.path.removeprefix("/api/v2") for call in mirror.script.calls] == ["/version", "/studies"]
    with Store.reading(mirror.cache) as store:
        assert (store.meta("scope"), store.meta("registry")) == ("mirrored", mirror.registry.base)
        assert (store.data_timestamp, marked(mirror.cache)) == (FIRST, FIRST)


@pytest.mark.parametrize("wish", [{}, {"whole": True}])
def test_where_nothing_is_new_one_request_tells(mirror: World, wish: dict[str, bool]) -> None:
    assert summary(mirror(**wish)) == NOTHING
    assert [call.path.removeprefix("/api/v2") for call in mirror.script.calls] == ["/version"]


def test_a_mirror_misses_nobody_and_fetches_what_changed(mirror: World) -> None:
    mirror.publish(dated(7, "2026-08-20"), dated(99, "2026-08-20"), day=SECOND)
    assert summary(mirror()) == ({"changed": 1, "new": 1, "unchanged": 6}, [], None)  # 23 to 28 July come again
    assert same(mirror)
    assert marked(mirror.cache) == SECOND
    assert mirror.script.calls[1].query == {
        "sort": "LastUpdatePostDate:asc",
        "filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-07-23,MAX]",
        "countTotal": "true",
        "pageSize": "1000",
    }
    assert summary(mirror()) == NOTHING


def test_an_update_posted_late_is_within_the_overlap(mirror: World) -> None:
    mirror.publish(dated(1, "2026-08-20"), day=SECOND)
    mirror()
    mirror.publish(dated(2, "2026-08-16"), day=THIRD)
    assert mirror().counts["changed"] == 1
    assert same(mirror)


def test_a_trial_that_changed_twice_has_each_version_seen(mirror: World) -> None:
    for day in (SECOND, THIRD):
        mirror.publish(dated(5, day[:10]), day=day)
        mirror()
    with Store.reading(mirror.cache) as store:
        versions = store.select("SELECT number, data_timestamp FROM version WHERE nct_id = ? ORDER BY 1", (ids(5)[0],))
    assert versions == [(1, FIRST), (2, SECOND), (3, THIRD)]


def test_what_came_from_a_file_since_is_compared_though_nothing_is_new(mirror: World) -> None:
    mirror.publish(dated(99, "2020-05-01"), day=SECOND)
    mirror()
    assert ids(99)[0] not in living(mirror.cache)  # posted so long ago that only a sweep finds it
    with Store.writing(mirror.cache) as store, store.transaction():
        store.keep(RawRecord(body(dated(99, "2019-01-01"))), None, newest_wins=True)
    assert summary(mirror()) == ({"changed": 1}, [], None)
    assert same(mirror)
    assert summary(mirror()) == NOTHING


# -- a crawled cache ---------------------------------------------------------------------------------------------------


def test_a_crawled_cache_renews_its_own_and_takes_no_strangers(world: Worlds) -> None:
    made = world(*(dated(number) for number in range(1, 31)))
    made.crawl(*ids(1, 2, 3))
    assert summary(made()) == NOTHING
    assert len(made.script.calls) == 1
    made.publish(dated(2, "2026-08-20"), dated(7, "2026-08-20"), dated(99, "2026-08-20"), day=SECOND)
    assert summary(made()) == ({"changed": 1, "unchanged": 2}, [], None)
    assert list(living(made.cache)) == ids(1, 2, 3)
    assert living(made.cache)[ids(2)[0]][1] == "2026-08-20"
    asked = made.script.calls[1].query
    assert (asked["filter.ids"], len(made.script.calls)) == (",".join(ids(1, 2, 3)), 2)
    assert asked["filter.advanced"] == "AREA[LastUpdatePostDate]RANGE[2026-07-27,MAX]"
    assert (summary(made()), marked(made.cache)) == (NOTHING, SECOND)


def test_files_alone_are_compared_with_the_registry_first(world: Worlds, cache: Cache) -> None:
    made = world(*(dated(number) for number in range(1, 11)))
    fill(cache, [dated(1), dated(2, "2026-07-01"), dated(77)], "")
    with Store.writing(cache) as store, store.transaction():
        store.db.execute("DELETE FROM meta WHERE key = 'data_timestamp'")
    report = made()
    assert summary(report) == ({"changed": 1, "gone": 1}, [], None)
    assert made.script.calls[1].query["fields"] == "NCTId,LastUpdatePostDate"
    assert made.script.urls[2:] == [f"/api/v2/studies/{nct_id}" for nct_id in ids(2, 77)]
    assert (list(living(cache)), marked(cache)) == (ids(1, 2), FIRST)
    assert summary(made()) == NOTHING


def test_files_that_the_registry_does_not_know_are_not_taken_for_gone(world: Worlds, cache: Cache) -> None:
    """Whoever names the wrong registry for a thousand records loses none of them."""
    made = world(*(dated(number) for number in range(1, 11)))
    fill(cache, [dated(number) for number in range(5001, 6201)], "")
    report = made()
    assert "the registry's list lacks 1,200 of the 1,200 trials held" in (report.stopped or "")
    assert (len(living(cache)), len(made.script.calls), marked(cache)) == (1200, 1 + 6, None)
    with Store.reading(cache) as store:
        assert (store.meta("registry"), store.meta("scope")) == (None, None)  # the right one may be named next


@pytest.fixture
def many(world: Worlds) -> World:
    """A cache that was crawled for 601 of 700 trials, each third updated on the second day."""
    made = world(*(dated(number) for number in range(1, 701)))
    made.crawl(*ids(*range(1, 602)), limit=700)
    return made


def test_batches_or_a_walk_whichever_is_fewer_requests(many: World) -> None:
    many.publish(*(dated(number, "2026-08-20") for number in range(1, 701, 100)), day=SECOND)
    report = many()
    assert summary(report) == ({"changed": 7, "unchanged": 594}, [], None)  # the others lie within the overlap
    assert [set(call.query) & {"filter.ids", "sort", "fields"} for call in many.script.calls[1:]] == [
        {"fields"},
        {"sort"},
    ]
    assert list(living(many.cache)) == ids(*range(1, 602))
    many.publish(*(dated(number, "2026-08-21") for number in range(1, 701, 100)), day=THIRD)
    assert summary(many())[0]["changed"] == 7


def test_ids_held_are_few_beside_all_that_changed(many: World) -> None:
    """Four batches against five pages."""
    many.publish(*(dated(number, "2026-08-20") for number in range(601, 5001)), day=SECOND)
    assert summary(many()) == ({"changed": 1, "unchanged": 600}, [], None)
    assert [len(call.ids) for call in many.script.calls[1:]] == [0, 200, 200, 200, 1]


# -- newcomers near to the seeds ---------------------------------------------------------------------------------------


def gout(number: int, day: str = "2026-08-01") -> dict[str, Any]:
    return dated(number, day, conditionsModule={"conditions": ["Gout"]})


def test_newcomers_nearer_than_the_furthest_held_come_in_and_push_nobody_out(world: Worlds) -> None:
    made = world(*(gout(number) for number in range(1, 11)))
    nearness = {ids(1)[0]: 1.0, ids(2)[0]: 0.8, ids(3)[0]: 0.5, ids(50)[0]: 0.7, ids(51)[0]: 0.4, ids(52)[0]: 0.5}
    made.closeness = told(**nearness)
    made.crawl(*ids(1), depth=1, limit=3)
    assert list(living(made.cache)) == ids(1, 2, 3)
    made.publish(*(gout(number, "2026-08-20") for number in (50, 51, 52)), dated(53, "2026-08-20"), day=SECOND)
    assert summary(made()) == ({"new": 1, "unchanged": 3}, [], None)
    assert list(living(made.cache)) == ids(1, 2, 3, 50)
    asked = made.script.calls[-1].query
    assert (asked["query.cond"], asked["filter.advanced"]) == ("Gout", "AREA[LastUpdatePostDate]RANGE[2026-08-14,MAX]")
    assert summary(made()) == NOTHING


def test_a_crawl_of_depth_nought_looks_for_no_newcomers(world: Worlds) -> None:
    made = world(*(gout(number) for number in range(1, 4)))
    made.crawl(*ids(1))
    made.publish(gout(50, "2026-08-20"), day=SECOND)
    assert summary(made()) == ({"unchanged": 1}, [], None)


# -- other registries --------------------------------------------------------------------------------------------------


def test_the_cache_of_another_registry_is_refused(mirror: World) -> None:
    other = replace(mirror, registry=replace(mirror.registry, base="http://127.0.0.1:9/api/v2"))
    assert "no connection" in (other().stopped or "")
    assert marked(mirror.cache) == FIRST
