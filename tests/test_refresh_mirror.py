"""`refresh --all`: every trial of the registry, page by page, whatever breaks off on the way."""

import pytest

from crawler.mark import read_mark
from crawler.store import Store
from tests import faults
from tests.refreshing import FIRST, SECOND, World, Worlds, dated, ids, living, summary
from tests.test_refresh import NOTHING, marked, same

pytest_plugins = ("tests.serving", "tests.refreshing")

TRIALS = 2300  # three pages


def day(number: int) -> str:
    """Days of three months, about 26 trials each."""
    return f"2026-{5 + number % 3:02d}-{1 + number % 28:02d}"


@pytest.fixture
def large(world: Worlds) -> World:
    return world(*(dated(number, day(number)) for number in range(1, TRIALS + 1)))


def pages(world: World) -> int:
    return sum(call.path.endswith("/studies") for call in world.script.calls)


def test_pages_of_a_thousand(large: World) -> None:
    assert summary(large(whole=True)) == ({"new": TRIALS}, [], None)
    assert same(large)
    assert [call.query["pageSize"] for call in large.script.calls[1:]] == ["1000"] * 3
    assert [call.query.get("countTotal") for call in large.script.calls[1:]] == ["true", None, None]


@pytest.mark.parametrize("request_number", [1, 2, 3, 4])
def test_broken_off_after_any_page_it_goes_on_with_the_next(large: World, request_number: int) -> None:
    large.script.always(faults.onward(request_number), faults.refused())
    stopped = large(whole=True)
    assert "403" in (stopped.stopped or "")
    assert len(living(large.cache)) == 1000 * max(0, request_number - 2)
    with Store.reading(large.cache) as store:
        assert read_mark(store) is None or not store.meta("scope")
    large.script.mend()
    report = large(whole=request_number < 4)  # the last without --all: a mirror that was begun is ended
    assert summary(report) == ({"new": TRIALS}, [], None)
    assert report.run == stopped.run
    assert pages(large) == 3 - max(0, request_number - 2)
    assert same(large)
    assert summary(large()) == NOTHING


def test_a_token_that_died_with_the_days_data_costs_a_day_of_trials(large: World) -> None:
    large.script.always(faults.number(4), faults.refused())  # after two pages
    large(whole=True)
    held = living(large.cache)
    reached = max(posted or "" for _, posted in held.values())
    large.publish(dated(1, "2026-08-20"), dated(9999, "2026-08-20"), day=SECOND)
    large.script.mend()
    report = large(whole=True)
    assert summary(report)[1:] == ([], None)
    assert (report.counts["new"], report.data_timestamp) == (TRIALS + 1, SECOND)
    assert same(large)
    asked = [call.query["filter.advanced"] for call in large.script.calls if call.path.endswith("/studies")]
    since = "2026-08-14"  # the first day's data is complete then: what is newer than it follows, with the overlap
    assert asked == [f"AREA[LastUpdatePostDate]RANGE[{day},MAX]" for day in (reached, since)]
    assert marked(large.cache) == SECOND
    assert summary(large()) == NOTHING


def test_a_token_that_dies_in_mid_walk(large: World) -> None:
    large.script.once(faults.later_page, faults.dead_token())
    assert summary(large(whole=True)) == ({"new": TRIALS}, [], None)
    assert same(large)
    versions = [call.path.endswith("/version") for call in large.script.calls]
    assert versions == [True, False, False, True, False, False]


def test_tokens_that_always_die_still_bring_the_walk_forward(large: World) -> None:
    large.script.always(faults.later_page, faults.dead_token())
    assert summary(large(whole=True)) == ({"new": TRIALS}, [], None)
    assert same(large)


def test_tokens_that_always_die_on_one_day_stop_it(world: Worlds) -> None:
    made = world(*(dated(number, "2026-07-01") for number in range(1, 1502)))
    made.script.always(faults.later_page, faults.dead_token())
    report = made(whole=True)
    assert "`pageToken` is incorrect" in (report.stopped or "")
    assert (report.counts, pages(made)) == ({"new": 1000}, 8)
    made.script.mend()
    assert summary(made(whole=True)) == ({"new": 1501}, [], None)


def test_a_crawled_cache_becomes_a_mirror_at_the_end_and_not_before(large: World) -> None:
    large.crawl(*ids(1, 2))
    large.script.always(faults.number(3), faults.refused())
    large(whole=True)
    with Store.reading(large.cache) as store:
        assert store.meta("scope") == "crawled"
    large.script.mend()
    assert summary(large(whole=True))[0]["new"] == TRIALS - 2
    with Store.reading(large.cache) as store:
        assert store.meta("scope") == "mirrored"
    large.publish(dated(9999, "2026-08-20"), day=SECOND)
    assert summary(large())[0]["new"] == 1


@pytest.mark.parametrize("size", [1000, 0])
def test_an_empty_last_page(world: Worlds, size: int) -> None:
    made = world(*(dated(number, day(number)) for number in range(1, 1 + size)))
    assert summary(made(whole=True))[1:] == ([], None)
    assert pages(made) == 2 if size else 1
    assert summary(made()) == NOTHING


def test_a_walk_that_is_shorter_than_promised_fails(large: World) -> None:
    large.script.once(faults.number(3), faults.empty_page())
    report = large(whole=True)
    assert report.stopped == (
        "the registry promised 2,300 trials and sent 1,000. Nothing was concluded from it; "
        "run the same command again later."
    )
    with Store.reading(large.cache) as store:
        assert (store.meta("mark"), store.data_timestamp) == (None, None)
    assert summary(large(whole=True)) == ({"new": 1300, "unchanged": 1000}, [], None)
    assert same(large)


@pytest.mark.parametrize("words", [{}, {"sweep": True}, {"whole": True}])
def test_an_empty_first_page_without_a_count_is_no_answer(world: Worlds, words: dict[str, bool]) -> None:
    made = world(*(dated(number, day(number)) for number in range(1, 101)))
    made(whole=True)
    made.publish(dated(1, "2026-08-20"), day=SECOND)
    made.script.once(faults.number(2), faults.empty_page())
    assert "sent an empty page, and no word of how many trials there are" in (made(**words).stopped or "")
    assert marked(made.cache) == FIRST
    assert summary(made())[0]["changed"] == 1


def test_a_short_walk_of_one_page_changes_nothing(world: Worlds) -> None:
    made = world(*(dated(number, day(number)) for number in range(1, 101)))
    assert made(whole=True).stopped is None
    made.publish(*(dated(number, "2026-08-20") for number in range(1, 101)), day=SECOND)
    held = living(made.cache)
    made.script.once(faults.number(2), faults.rewrite(lambda page: page[: page.index(b"[") + 1] + b"]}"))
    assert "promised 100 trials and sent 0" in (made().stopped or "")
    assert (living(made.cache), marked(made.cache)) == (held, FIRST)
    assert summary(made()) == ({"changed": 100}, [], None)


def test_the_same_token_twice_is_no_walk(large: World) -> None:
    again = faults.answer(200, b'{"studies":[{}],"nextPageToken":"x"}')
    large.script.always(faults.asking(path="/studies"), again)
    assert "the registry sent the same page token twice" in (large(whole=True).stopped or "")
    assert len(large.script.calls) == 3
