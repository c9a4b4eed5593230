from crawler.config import Cache
from crawler.mark import Mark, doubtful, read_mark, undone, write_mark, write_undone
from crawler.record import RawRecord
from crawler.store import Store
from tests.records import body
from tests.refreshing import FIRST, SECOND, THIRD, dated, ids


def keep(store: Store, number: int, day: str, data_timestamp: str | None) -> None:
    with store.transaction():
        store.keep(RawRecord(body(dated(number, day))), data_timestamp, newest_wins=data_timestamp is None)


def test_days_are_five_before_the_data_and_before_the_newest_update_seen() -> None:
    assert (Mark(FIRST, "2026-08-10").posted_since, Mark(FIRST, "2026-08-10").new_since) == ("2026-08-05", "2026-08-14")
    assert Mark(FIRST, "2027").posted_since == "2026-08-14"
    assert Mark(FIRST).posted_since == "2026-08-14"
    assert (Mark("soon", "2026-03").posted_since, Mark("soon").posted_since) == ("2026-02-24", None)


def test_before_the_first_refresh_a_cache_is_as_old_as_its_oldest_record(cache: Cache) -> None:
    with Store.writing(cache) as store:
        assert read_mark(store) is None
        keep(store, 1, "2026-08-02", None)
        assert (read_mark(store), doubtful(store, None)) == (None, ids(1))
        keep(store, 2, "2026-08-03", SECOND)
        keep(store, 3, "2026-08-01", FIRST)
        assert read_mark(store) == Mark(FIRST, "2026-08-03")
        with store.transaction():
            store.set_meta("scope", "mirrored")
        assert read_mark(store) is None  # a mirror without a mark was never completed


def test_a_mark_holds_for_what_was_there_and_not_for_files_or_older_runs_since(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, 1, "2026-08-02", None)
        keep(store, 2, "2026-08-03", SECOND)
        with store.transaction():
            write_mark(store, SECOND)
        assert read_mark(store) == Mark(SECOND, "2026-08-03", 2)
        assert (store.data_timestamp, doubtful(store, read_mark(store))) == (SECOND, [])
        keep(store, 3, "2026-08-01", None)
        keep(store, 4, "2026-08-01", FIRST)
        keep(store, 5, "2026-08-01", THIRD)
        assert doubtful(store, read_mark(store)) == ids(3, 4)
        with store.transaction():
            store.mark_gone(ids(3)[0], SECOND)
            write_undone(store, ids(9))
        assert (doubtful(store, read_mark(store)), undone(store)) == (ids(4), ids(9))


def test_a_cache_of_an_older_program_gets_its_tables_when_it_is_written(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, 1, "2026-08-02", FIRST)
        store.db.executescript("DROP TABLE listed; DROP TABLE damaged;")
    with Store.reading(cache) as store:
        assert not store.select("SELECT 1 FROM sqlite_master WHERE name = 'listed'")
    with Store.writing(cache) as store:
        with store.transaction():
            assert store.mark_gone(ids(1)[0], SECOND) is True
            assert store.mark_gone(ids(1)[0], THIRD) is False
        assert store.select("SELECT nct_id, data_timestamp FROM event WHERE kind = 'gone'") == [(ids(1)[0], SECOND)]
        assert store.select("SELECT count(*) FROM listed") == [(0,)]
