"""What a store says when it can't be opened, read or written."""

import os
import subprocess
import sys

import pytest

from crawler.config import Cache
from crawler.errors import CacheEmpty, StoreDamaged, StoreUnusable
from crawler.store import Store
from crawler.verify import store_problems
from tests.records import raw


def keep(store: Store, *numbers: int) -> None:
    with store.transaction():
        for number in numbers:
            store.keep(raw(f"NCT{number:08d}"), None)


def living(store: Store) -> list[str]:
    return [record.nct_id for record in store.records()]


def test_an_empty_cache_says_how_to_begin(cache: Cache) -> None:
    sentence = (
        f"{cache.folder} holds no trials yet. Fetch some with `trialkin crawl NCT05300932`, "
        "read a download with `trialkin load FILE`, or look around with `trialkin demo`."
    )
    with pytest.raises(CacheEmpty) as empty:
        Store.reading(cache)
    assert str(empty.value) == sentence
    assert not cache.folder.exists()  # reading makes nothing
    cache.folder.mkdir()
    cache.database.touch()
    with pytest.raises(CacheEmpty) as empty:
        Store.reading(cache)
    assert str(empty.value) == sentence


GARBAGE = b"This is no database, but it is longer than a header of one hundred bytes. " * 20


def test_what_is_no_database_is_said_to_be_damaged(cache: Cache) -> None:
    cache.folder.mkdir()
    cache.database.write_bytes(GARBAGE)
    sentence = f"{cache.database} is damaged: file is not a database. Run `trialkin verify` to see how far."
    with pytest.raises(StoreDamaged) as damaged:
        Store.reading(cache)
    assert str(damaged.value) == sentence
    with pytest.raises(StoreDamaged) as damaged, Store.writing(cache):
        pytest.fail("opened")
    assert str(damaged.value) == sentence
    assert cache.database.read_bytes() == GARBAGE


def test_a_folder_in_the_databases_place_is_said_to_be_unusable(cache: Cache) -> None:
    cache.database.mkdir(parents=True)
    with pytest.raises(StoreUnusable) as read:
        Store.reading(cache)
    with pytest.raises(StoreUnusable) as written, Store.writing(cache):
        pytest.fail("opened")
    for refused in (read, written):
        assert str(refused.value).startswith(f"{cache.database}: ")
        assert str(refused.value).endswith(". Free space, mend the permissions, or use another --cache.")


def test_a_file_in_the_folders_place_is_said_to_be_unusable(cache: Cache) -> None:
    cache.folder.write_bytes(b"")
    with pytest.raises(StoreUnusable) as unusable, Store.writing(cache):
        pytest.fail("opened")
    assert str(unusable.value).startswith(f"{cache.folder}: can't be written (")


def test_a_body_that_rotted_is_said_to_be_damaged(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, 1)
        with store.transaction():
            store.db.execute("UPDATE version SET body = substr(body, 1, 20)")
        with pytest.raises(StoreDamaged, match="the record of NCT00000001 can't be decompressed"):
            store.raw("NCT00000001")


def test_a_reader_can_write_nothing(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, 1)
    before = cache.database.read_bytes()
    with Store.reading(cache) as store:
        with pytest.raises(StoreUnusable, match="readonly"):
            keep(store, 2)
        assert living(store) == ["NCT00000001"]
    assert cache.database.read_bytes() == before


def test_a_folder_nobody_may_write_to_is_read_as_it_lies(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.writing(cache) as store:
        keep(store, 1)
    files = sorted(path.name for path in cache.folder.iterdir())
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with Store.reading(cache) as store:
        assert living(store) == ["NCT00000001"]
        assert sorted(path.name for path in cache.folder.iterdir()) == files  # no log beside it, no locks


def test_a_full_disk_is_said_in_a_sentence(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, 1)
        pages = store.db.execute("PRAGMA page_count").fetchone()[0]
        store.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnusable, match="database or disk is full"):
            keep(store, *range(2, 200))
        assert living(store) == ["NCT00000001"]


def test_a_store_is_closed_after_use(cache: Cache) -> None:
    with Store.writing(cache) as store:
        keep(store, 1)
    with pytest.raises(StoreUnusable, match=r"closed database\. Free"):
        store.raw("NCT00000001")


UNFINISHED = (  # so much that a part of it is in the file already, and undone in the journal
    "PRAGMA cache_size = 1; BEGIN; CREATE TABLE made AS WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000) SELECT i, hex(zeroblob(40)) FROM n"
)


@pytest.mark.parametrize("first", ["PRAGMA journal_mode = WAL", UNFINISHED])
def test_a_file_whose_first_writer_was_killed_is_an_empty_cache(cache: Cache, first: str) -> None:
    """Before it is a database with a log, SQLite keeps a journal, which a reader may not roll back."""
    cache.folder.mkdir()
    path = str(cache.database)
    script = f"import os, sqlite3; db = sqlite3.connect({path!r}); db.executescript({first!r}); os._exit(0)"
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(CacheEmpty), Store.reading(cache):
        pytest.fail("it was opened")
    assert list(store_problems(cache, {})) == []
    with Store.writing(cache) as store:
        keep(store, 1)
        assert living(store) == ["NCT00000001"]
