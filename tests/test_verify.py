"""Every byte that rots is told: in the database, sealed or not, and in the index."""

import json
import random
import shutil
from pathlib import Path

import pytest

from crawler.compression import TRAINING_RECORDS
from crawler.config import Cache
from crawler.load import load
from crawler.record import RawRecord
from crawler.store import Store
from crawler.verify import store_problems
from index.build import update
from index.verify import index_problems
from serve.state import Soundness, soundness
from tests.conftest import SAMPLE
from tests.records import raw

RECORDS = 6


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of a few trials, indexed; not to be written."""
    folder = tmp_path_factory.mktemp("pristine")
    lines = SAMPLE.read_bytes().splitlines()[:RECORDS]
    (folder / "few.jsonl").write_bytes(b"\n".join(lines))
    cache = Cache(folder / "cache")
    with Store.writing(cache) as store:
        load(store, [str(folder / "few.jsonl")], lambda _more: None)
        update(store, "whoosh", lambda _more: None)
    return cache.folder


@pytest.fixture
def copy(pristine: Path, cache: Cache) -> Cache:
    """A copy of the pristine cache, to be damaged."""
    shutil.copytree(pristine, cache.folder)
    return cache


def problems(cache: Cache) -> list[str]:
    return list(store_problems(cache, {}))


def told_of_index(cache: Cache) -> list[str]:
    with Store.reading(cache) as store:
        return list(index_problems(store, {}))


def flipped(data: bytes, position: int, mask: int = 0xFF) -> bytes:
    return data[:position] + bytes([data[position] ^ mask]) + data[position + 1 :]


def edit(cache: Cache, statement: str) -> None:
    """Change the database behind the program's back, and seal it again."""
    with Store.writing(cache) as store:
        store.db.execute(statement)


# -- the database ------------------------------------------------------------------------------------------------------


def test_a_clean_cache_is_sound(copy: Cache) -> None:
    files = sum(1 for path in copy.index.rglob("*") if path.is_file()) - 1  # the manifest checks itself
    checked: dict[str, int | bool] = {"sealed": True, "versions": 6, "index_files": files, "documents": 6}
    assert soundness(copy) == Soundness(sound=True, checked=checked, problems=[])
    assert soundness(copy).sound  # to look changes nothing


def test_a_cache_with_nothing_in_it_is_sound(cache: Cache) -> None:
    assert soundness(cache) == Soundness(sound=True, checked={"sealed": False, "versions": 0}, problems=[])


def test_a_cache_whose_writer_was_killed_has_no_seal_and_is_sound(copy: Cache) -> None:
    copy.seal.unlink()
    state = soundness(copy)
    assert (state.sound, state.checked["sealed"]) == (True, False)


def test_a_flipped_byte_anywhere_in_the_database_is_told(copy: Cache) -> None:
    data = copy.database.read_bytes()
    chance = random.Random(1)  # noqa: S311 - which bits flip is no secret
    unseen = []
    for position in range(0, len(data), 97):
        copy.database.write_bytes(flipped(data, position, 1 << chance.randrange(8)))
        if not problems(copy):
            unseen.append(position)
    assert unseen == []
    copy.database.write_bytes(data)
    assert problems(copy) == []


def test_a_flipped_byte_without_a_seal_stops_no_check(copy: Cache) -> None:
    """Where there is no seal, free space may rot unseen (every table has a page, most of it free); but whatever rots,
    the check comes to its end.
    """
    copy.seal.unlink()
    data = copy.database.read_bytes()
    told = 0
    for position in range(0, len(data), 101):
        copy.database.write_bytes(flipped(data, position))
        told += bool(problems(copy))
    assert told > len(data) // 101 // 10


def test_a_flipped_byte_in_any_stored_body_is_told_without_a_seal(copy: Cache) -> None:
    copy.seal.unlink()
    data = copy.database.read_bytes()
    with Store.reading(copy) as store:
        bodies = store.db.execute("SELECT nct_id, body FROM version ORDER BY length(body)").fetchall()
    nct_id, body = bodies[0]
    begin = data.index(body)  # the shortest lies on one page
    for position in range(begin, begin + len(body), 3):
        copy.database.write_bytes(flipped(data, position))
        assert [text for text in problems(copy) if text.startswith(f"version 1 of {nct_id} ")], position - begin


@pytest.mark.parametrize(
    "change",
    [
        "seen_at = '2020-01-01T00:00:00Z'",
        "last_update_posted = '2020-01-01'",
        "last_update_posted = NULL",
        "data_timestamp = '2026-08-19T09:00:06'",
        "digest = zeroblob(32)",
        "number = 2",
        "body = (SELECT body FROM version ORDER BY nct_id DESC LIMIT 1)",
        "body = x''",
        "body = 'text'",
    ],
)
def test_whatever_is_told_of_a_version_is_guarded(copy: Cache, change: str) -> None:
    edit(copy, f"UPDATE version SET {change} WHERE nct_id = 'NCT00000401'")  # noqa: S608 - the lines above
    assert [text for text in problems(copy) if text.startswith("version ")]


def test_a_content_hash_that_differs_is_told(copy: Cache) -> None:
    edit(copy, "UPDATE version SET content = zeroblob(32) WHERE nct_id = 'NCT00000401'")
    assert problems(copy) == ["version 1 of NCT00000401 has another content than its hash says"]


def test_a_missing_current_version_is_told(copy: Cache) -> None:
    edit(copy, "DELETE FROM version WHERE nct_id = 'NCT00000401'")
    assert problems(copy) == ["NCT00000401 has no record of its current version"]
    state = soundness(copy)
    assert not state.sound
    assert state.checked["versions"] == 5


@pytest.mark.parametrize("sealed", [True, False])
def test_a_file_of_garbage_is_told(copy: Cache, *, sealed: bool) -> None:
    copy.database.write_bytes(bytes(range(256)) * 400)
    if not sealed:
        copy.seal.unlink()
    state = soundness(copy)
    assert not state.sound
    assert f"{copy.database}: {copy.database} is damaged: file is not a database." in "\n".join(state.problems)


@pytest.mark.parametrize("kept", [0, 1, 100, 4096, 20_000, -4096, -1])
def test_a_truncated_file_is_told(copy: Cache, kept: int) -> None:
    copy.database.write_bytes(copy.database.read_bytes()[:kept])
    assert not soundness(copy).sound


@pytest.mark.parametrize("kept", [4096, 20_000, -4096])
def test_a_truncated_file_is_told_without_a_seal(copy: Cache, kept: int) -> None:
    copy.seal.unlink()
    copy.database.write_bytes(copy.database.read_bytes()[:kept])
    assert not soundness(copy).sound


def test_a_longer_file_is_told(copy: Cache) -> None:
    with copy.database.open("ab") as handle:
        handle.write(bytes(2 << 20))
    assert problems(copy)


def test_a_database_that_was_taken_away_is_told(copy: Cache) -> None:
    copy.database.unlink()
    assert problems(copy) == [f"{copy.database}: [Errno 2] No such file or directory: '{copy.database}'"]


@pytest.mark.parametrize("content", [b"", b"[", b"[1]", b"{}", b"\xff\xfe", b"[12, 34, 56]"])
def test_a_seal_that_rotted_is_told(copy: Cache, content: bytes) -> None:
    copy.seal.write_bytes(content)
    assert problems(copy)


def test_the_chunk_that_differs_is_named(copy: Cache) -> None:
    long = raw("NCT00000001", descriptionModule={"briefSummary": random.Random(1).randbytes(2 << 20).hex()})  # noqa: S311 - the same
    with Store.writing(copy) as store, store.transaction():
        store.keep(long, None)
    data = copy.database.read_bytes()
    assert len(data) > 2 << 20
    copy.database.write_bytes(flipped(data, (1 << 20) + 5))
    assert f"{copy.database}: bytes from 1048576 on are not what was written" in problems(copy)
    assert not [text for text in problems(copy) if " bytes from 0 " in text]


def test_a_dictionary_that_rotted_is_told(cache: Cache) -> None:
    lines = SAMPLE.read_bytes().splitlines()
    records = [RawRecord(line.replace(b"NCT0", b"NCT%d" % copy)) for copy in range(1, 5) for line in lines]
    assert len(records) >= TRAINING_RECORDS
    with Store.writing(cache) as store, store.transaction():
        store.train_dictionary([record.body for record in records])
        assert store.codec.newest == 1
        for record in records[:20]:
            store.keep(record, None)
    assert problems(cache) == []
    cache.seal.unlink()
    data = cache.database.read_bytes()
    with Store.reading(cache) as store:
        (begun,) = store.db.execute("SELECT substr(body, 1, 200) FROM dictionary").fetchone()
    begin = data.index(begun)
    for position in range(begin, begin + 120, 7):
        cache.database.write_bytes(flipped(data, position))
        assert problems(cache), position - begin


# -- the index ---------------------------------------------------------------------------------------------------------


def files(cache: Cache) -> list[Path]:
    found = sorted(path for path in cache.index.rglob("*") if path.is_file() and path.name != "manifest.json")
    assert len(found) > 5
    return found


def test_a_flipped_byte_in_any_file_of_the_index_is_told(copy: Cache) -> None:
    for path in files(copy):
        data = path.read_bytes()
        for position in {0, len(data) // 2, len(data) - 1} if data else ():
            path.write_bytes(flipped(data, position, 1))
            assert told_of_index(copy) == [f"{path}: is not what was written; run `trialkin index --rebuild`"]
        path.write_bytes(data + b"\0")
        assert told_of_index(copy) == [f"{path}: is not what was written; run `trialkin index --rebuild`"]
        path.write_bytes(data)
    assert told_of_index(copy) == []


def test_a_file_of_the_index_that_was_taken_away_is_told(copy: Cache) -> None:
    for path in files(copy):
        data = path.read_bytes()
        path.unlink()
        assert told_of_index(copy) == [
            f"{path}: can't be read (No such file or directory); run `trialkin index --rebuild`"
        ]
        path.write_bytes(data)
    assert soundness(copy).sound


def test_a_flipped_byte_anywhere_in_the_manifest_is_told(copy: Cache) -> None:
    path = copy.index / "manifest.json"
    data = path.read_bytes()
    damaged = [flipped(data, position, 1) for position in range(len(data))]
    damaged += [data[:kept] for kept in range(0, len(data), 50)]
    with Store.reading(copy) as store:
        for number, content in enumerate(damaged):
            path.write_bytes(content)
            assert list(index_problems(store, {})), number


def test_an_index_of_other_versions_is_told(copy: Cache) -> None:
    with Store.writing(copy) as store, store.transaction():
        store.keep(raw("NCT00000001"), None)
    assert soundness(copy).problems == ["the index holds other versions than the 7 records here; run `trialkin index`"]
    with Store.writing(copy) as store:
        update(store, "auto", lambda _more: None)
    assert soundness(copy).sound


def test_everything_that_is_wrong_is_told_at_once(copy: Cache) -> None:
    edit(copy, "DELETE FROM version WHERE nct_id = 'NCT00000401'")
    edit(copy, "UPDATE version SET content = zeroblob(32) WHERE number = 1")
    first, second = files(copy)[:2]
    first.unlink()
    second.write_bytes(b"x")
    state = soundness(copy)
    assert not state.sound
    assert len(state.problems) == 5 + 1 + 2 + 1  # the last: the index has a trial more than the store
    assert json.loads(json.dumps(state.checked)) == state.checked
