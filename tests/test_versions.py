import pytest

from crawler.config import Cache
from crawler.errors import VersionUnknown
from crawler.store import Store
from crawler.versions import raw_of, state_as_of, states, trial_of
from tests.past import before_events, fetched, loaded, seen, state
from tests.records import raw

ONE = "NCT00000001"


def told(cache: Cache) -> list[tuple[int, str, int, bool]]:
    """Place, day, number in the order of arrival, and whether it was held, of each version."""
    with Store.reading(cache) as store:
        return [(found.place, found.since, found.version.number, found.held) for found in states(store, ONE)]


def status_as_of(cache: Cache, day: int) -> str | None:
    with Store.reading(cache) as store:
        trial = trial_of(store, state_as_of(store, ONE, day).version)
        assert trial is not None
        return trial.status


def test_versions_stand_in_the_order_of_their_updates_whenever_they_came(cache: Cache) -> None:
    loaded(cache, state("2022-01-01", "RECRUITING"))
    loaded(
        cache, state("2024-01-01", "COMPLETED"), state("2020-01-01", "NOT_YET_RECRUITING"), state("2023", "SUSPENDED")
    )
    assert told(cache) == [
        (1, "2020-01-01", 3, False),
        (2, "2022-01-01", 1, True),
        (3, "2023", 4, False),
        (4, "2024-01-01", 2, True),
    ]


def test_a_record_is_as_of_a_day_what_was_posted_by_then(cache: Cache) -> None:
    loaded(
        cache, state("2024-01-01", "COMPLETED"), state("2022-01-01", "RECRUITING"), state("2020", "NOT_YET_RECRUITING")
    )
    asked = (20200101, 20211231, 20220101, 20231231, 20240101, 20300101)
    assert [status_as_of(cache, day) for day in asked] == [
        "NOT_YET_RECRUITING", "NOT_YET_RECRUITING", "RECRUITING", "RECRUITING", "COMPLETED", "COMPLETED",
    ]  # fmt: skip
    with pytest.raises(VersionUnknown, match="the oldest version of NCT00000001 here is of 2020; `trialkin history"):
        status_as_of(cache, 20191231)


def test_what_changed_without_an_update_counts_from_the_day_it_was_seen(cache: Cache) -> None:
    fetched(cache, state("2024-01-01", "RECRUITING"))
    fetched(cache, state("2024-01-01", "COMPLETED"))
    fetched(cache, state("2023-01-01", "UNKNOWN"))
    for number, day in enumerate(("2026-08-01", "2026-08-05", "2026-08-09"), 1):
        seen(cache, day, number)
    assert told(cache) == [(1, "2024-01-01", 1, True), (2, "2026-08-05", 2, True), (3, "2026-08-09", 3, True)]
    assert [status_as_of(cache, day) for day in (20260804, 20260805, 20260809)] == [
        "RECRUITING",
        "COMPLETED",
        "UNKNOWN",
    ]


def test_a_record_without_a_date_counts_from_the_day_it_was_seen(cache: Cache) -> None:
    fetched(cache, state(None, "RECRUITING"))
    fetched(cache, state("2026-09-01", "COMPLETED"))
    seen(cache, "2026-08-01", 1)
    assert told(cache) == [(1, "2026-08-01", 1, True), (2, "2026-09-01", 2, True)]


def test_a_run_that_goes_on_keeps_older_answers_aside(cache: Cache) -> None:
    fetched(cache, state("2024-01-01", "COMPLETED"))
    with Store.writing(cache) as store, store.transaction():
        assert store.keep(state("2022-01-01"), "2026-08-18T09:00:06", newest_wins=True) == "older"
    assert told(cache) == [(1, "2022-01-01", 2, False), (2, "2024-01-01", 1, True)]


def test_a_cache_from_before_events_tells_late_files_by_their_dates(cache: Cache) -> None:
    loaded(cache, state("2022-01-01", "RECRUITING"))
    loaded(cache, state("2020-01-01", "NOT_YET_RECRUITING"), state("2024-01-01", "COMPLETED"))
    expected = told(cache)
    before_events(cache)
    assert told(cache) == expected == [
        (1, "2020-01-01", 2, False), (2, "2022-01-01", 1, True), (3, "2024-01-01", 3, True),
    ]  # fmt: skip


def test_a_record_that_breaks_the_rules_is_no_trial_and_stays_as_it_came(cache: Cache) -> None:
    broken = raw(ONE, statusModule={"startDateStruct": {"date": "soon"}})
    fetched(cache, broken)
    with Store.reading(cache) as store:
        [only] = states(store, ONE)
        assert trial_of(store, only.version) is None
        assert raw_of(store, only.version).body == broken.body
