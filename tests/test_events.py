from contextlib import suppress
from typing import Any

import msgspec

from crawler.changes import Change
from crawler.config import Cache
from crawler.events import Event, events, history
from crawler.store import Store
from tests.past import MONDAY, TUESDAY, before_events, fetched, loaded, seen, set_gone, state
from tests.records import raw

ONE, TWO = "NCT00000001", "NCT00000002"


def happened(cache: Cache, **asked: Any) -> list[Event]:  # noqa: ANN401 - as `events` takes them
    with Store.reading(cache) as store:
        return list(events(store, **asked))


def short(found: list[Event]) -> list[tuple[str, str, str, list[Any]]]:
    return [(one.nct_id, one.kind, one.severity, [msgspec.to_builtins(f) for f in one.fields]) for one in found]


def field(name: str, before: Any, after: Any) -> dict[str, Any]:  # noqa: ANN401 - any field's value
    return {"field": name, "from": before, "to": after}


def test_the_first_fill_is_no_change_and_what_follows_is_newest_first(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"), state("2024-02-01", "ENROLLING_BY_INVITATION"), state("2024-01-01", nct_id=TWO))
    assert happened(cache) == []
    fetched(cache, state("2024-03-01", "COMPLETED"), state("2024-01-01", nct_id="NCT00000003"), timestamp=TUESDAY)
    assert short(happened(cache)) == [
        ("NCT00000003", "new", "medium", []),
        (ONE, "changed", "medium", [field("status", "ENROLLING_BY_INVITATION", "COMPLETED")]),
    ]
    assert [one.data_timestamp for one in happened(cache)] == [TUESDAY, TUESDAY]


def test_a_first_fill_that_broke_off_goes_on(cache: Cache) -> None:
    with suppress(ZeroDivisionError), Store.writing(cache) as store:
        with store.transaction():
            store.keep(state("2024-01-01"), MONDAY)
        raise ZeroDivisionError
    assert happened(cache) == []
    fetched(cache, state("2024-01-01", nct_id=TWO))
    assert happened(cache) == []
    fetched(cache, state("2024-02-01", "COMPLETED", TWO))
    assert short(happened(cache)) == [(TWO, "changed", "medium", [field("status", "RECRUITING", "COMPLETED")])]


def test_a_run_that_stopped_without_an_error_has_not_filled_the_cache(cache: Cache) -> None:
    with Store.writing(cache) as store, store.transaction():
        store.db.execute("INSERT INTO run (command, began_at) VALUES ('crawl', '2026-08-17T10:00:00Z')")
        store.keep(state("2024-01-01"), MONDAY)
    with Store.writing(cache) as store, store.transaction():
        store.keep(state("2024-01-01", nct_id=TWO), MONDAY)
        store.db.execute("UPDATE run SET ended_at = '2026-08-17T11:00:00Z'")
    assert happened(cache) == []
    fetched(cache, state("2024-01-01", nct_id="NCT00000003"))
    assert [one.kind for one in happened(cache)] == ["new"]


def test_a_stale_import_is_no_news(cache: Cache) -> None:
    loaded(cache, state("2024-01-01", "COMPLETED"))
    loaded(cache, state("2020-01-01", "RECRUITING"))
    assert happened(cache) == []
    loaded(cache, state("2024-06-01", "TERMINATED"))
    assert short(happened(cache)) == [(ONE, "changed", "high", [field("status", "COMPLETED", "TERMINATED")])]


def test_no_difference_is_no_event(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    fetched(cache, state("2024-02-01"))
    fetched(cache, state("2024-02-01", top={"mystery": 1}))
    assert happened(cache) == []
    with Store.reading(cache) as store:
        assert [told.fields for told in history(store, ONE)] == [[], [], []]


def test_gone_and_back_are_told_with_the_day(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"), state("2024-01-01", nct_id=TWO))
    set_gone(cache, ONE, "2026-08-19")
    assert short(happened(cache)) == [(ONE, "gone", "high", [field("gone", None, "2026-08-19")])]
    fetched(cache, state("2024-02-01", "COMPLETED"))
    assert short(happened(cache)) == [
        (ONE, "changed", "medium", [field("status", "RECRUITING", "COMPLETED")]),
        (ONE, "changed", "high", [field("gone", "2026-08-19", None)]),
        (ONE, "gone", "high", [field("gone", None, "2026-08-19")]),
    ]


def test_a_gone_trial_that_comes_back_as_it_was_is_told_once(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    set_gone(cache, ONE, "2026-08-19")
    fetched(cache, state("2024-01-01"))
    assert [(one.kind, one.fields) for one in happened(cache)] == [
        ("changed", [Change("gone", "2026-08-19", None)]),
        ("gone", [Change("gone", None, "2026-08-19")]),
    ]


def test_an_alias_is_told_under_the_old_id_where_that_had_a_record(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"), state("2024-01-01", nct_id=TWO))
    with Store.writing(cache) as store, store.transaction():
        store.tell_alias("NCT00000009", TWO)
        store.tell_alias(ONE, TWO)
        store.tell_alias(ONE, TWO)
    assert short(happened(cache)) == [(ONE, "alias", "medium", [field("nct_id", ONE, TWO)])]


def test_days_ids_and_severity_narrow_what_is_told(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"), state("2024-01-01", nct_id=TWO))
    fetched(cache, state("2024-02-01", "TERMINATED"), state("2024-02-01", "COMPLETED", TWO))
    seen(cache, "2026-08-17", 2)
    seen(cache, "2026-08-18", 2, TWO)
    assert [one.nct_id for one in happened(cache)] == [TWO, ONE]
    assert [one.nct_id for one in happened(cache, since="2026-08-18")] == [TWO]
    assert [one.nct_id for one in happened(cache, since="2026-08-17")] == [TWO, ONE]
    assert [one.nct_id for one in happened(cache, idents=(ONE,))] == [ONE]
    assert [one.nct_id for one in happened(cache, least="high")] == [ONE]
    assert [one.nct_id for one in happened(cache, least="medium")] == [TWO, ONE]


def test_records_that_break_the_rules_are_stepped_over(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    fetched(
        cache,
        raw(
            ONE, statusModule={"lastUpdatePostDateStruct": {"date": "2024-02-01"}, "startDateStruct": {"date": "soon"}}
        ),
    )
    fetched(cache, state("2024-03-01", "COMPLETED"))
    assert short(happened(cache)) == [(ONE, "changed", "medium", [field("status", "RECRUITING", "COMPLETED")])]
    with Store.reading(cache) as store:
        told = [(one.version, one.problem, len(one.fields)) for one in history(store, ONE)]
    assert told == [(1, None, 0), (2, "its record breaks the registry's rules", 0), (3, None, 1)]


def test_history_tells_each_version_against_the_one_before(cache: Cache) -> None:
    loaded(cache, state("2022-01-01", "RECRUITING"))
    loaded(cache, state("2024-01-01", "TERMINATED"), state("2020-01-01", "NOT_YET_RECRUITING"))
    with Store.reading(cache) as store:
        told = [
            (one.version, one.last_update_posted, one.severity, one.fields, one.current) for one in history(store, ONE)
        ]
    assert told == [
        (1, "2020-01-01", "low", [], False),
        (2, "2022-01-01", "medium", [Change("status", "NOT_YET_RECRUITING", "RECRUITING")], False),
        (3, "2024-01-01", "high", [Change("status", "RECRUITING", "TERMINATED")], True),
    ]


def test_a_cache_from_before_events_opens_and_begins_to_tell(cache: Cache) -> None:
    fetched(cache, state("2024-01-01"))
    fetched(cache, state("2024-02-01", "COMPLETED"))
    before_events(cache)
    assert happened(cache) == []
    fetched(cache, state("2024-03-01", "UNKNOWN"))
    assert short(happened(cache)) == [(ONE, "changed", "medium", [field("status", "COMPLETED", "UNKNOWN")])]
