"""`verify --repair`: what rots is fetched again, mended or set aside and told; what is sound stays."""

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crawler.config import Cache
from crawler.errors import StoreError
from crawler.store import Store
from crawler.verify import store_problems
from index.build import update
from serve.state import soundness
from tests.refreshing import SECOND, World, Worlds, dated, ids, living
from tests.running import Ran, Shell

pytest_plugins = ("tests.serving", "tests.refreshing")

TRIALS = 12


def told(number: int, day: str = "2026-08-01", word: str = "first") -> dict[str, Any]:
    """Make a record that has a link, an alias and an unknown field of its own, and a body that fills a page."""
    noise = random.Random(f"{number} {word}").randbytes(1500).hex()  # noqa: S311 - what is in it is no secret
    named = {"briefTitle": f"{word} after {ids(number % TRIALS + 1)[0]}", "nctIdAliases": ids(1000 + number)}
    return dated(
        number,
        day,
        identificationModule=named,
        descriptionModule={"briefSummary": noise},
        top={f"mystery{number}": number},
    )


@pytest.fixture
def mirror(world: Worlds) -> World:
    """A registry's mirror, indexed; the third trial has two versions."""
    made = world(*(told(number) for number in range(1, TRIALS + 1)))
    made(whole=True)
    made.publish(told(3, "2026-08-20", "second"), day=SECOND)
    made()
    with Store.writing(made.cache) as store:
        update(store, "auto", lambda _more: None)
    assert soundness(made.cache).sound
    made.script.clear()
    return made


def edit(cache: Cache, statement: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(cache.database, isolation_level=None)) as db:
        db.execute(statement)


def repair(trialkin: Shell, made: World, *words: str) -> Ran:
    return trialkin("verify", "--repair", "--json", "--pace", "0", "--cache", str(made.cache.folder), *words)


def rows(cache: Cache, table: str) -> list[tuple[object, ...]]:
    """All of a table but what tells the time of writing or how bodies are compressed."""
    columns = {"version": "nct_id, number, seen_at, last_update_posted, data_timestamp, content, digest, size"}
    with Store.reading(cache) as store:
        return store.db.execute(f"SELECT {columns.get(table, '*')} FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608 - ours


TABLES = ("version", "trial", "link", "alias", "unknown_field", "event")


def state(cache: Cache) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows(cache, table) for table in TABLES}


def test_a_sound_cache_is_left_as_it_is(mirror: World, trialkin: Shell) -> None:
    before = state(mirror.cache)
    index = (mirror.cache.index / "manifest.json").read_bytes()
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], ran.json["repaired"], ran.json["lost"]) == (0, True, [], [])
    assert state(mirror.cache) == before
    assert (mirror.cache.index / "manifest.json").read_bytes() == index
    assert mirror.script.calls == []  # nobody was asked


def test_a_current_version_comes_back_in_its_own_place(mirror: World, trialkin: Shell) -> None:
    before = state(mirror.cache)
    edit(mirror.cache, "UPDATE version SET body = x'00' WHERE nct_id = 'NCT00000005'")
    edit(mirror.cache, "UPDATE version SET body = zeroblob(900) WHERE nct_id = 'NCT00000003' AND number = 2")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], ran.json["lost"], ran.json["problems"]) == (0, True, [], [])
    assert ran.json["repaired"] == [
        "version 2 of NCT00000003 has its record again, from the registry",
        "version 1 of NCT00000005 has its record again, from the registry",
        "links, aliases and unknown fields were made again: 4 rows were other",  # two, and what the first version had
    ]
    assert state(mirror.cache) == before
    assert living(mirror.cache) == living(mirror.registry.cache)
    assert [list(call.ids) for call in mirror.script.calls] == [[], ids(3, 5)]  # the version first
    assert trialkin("verify", "--cache", str(mirror.cache.folder)).code == 0


def test_a_newer_record_takes_the_place_and_the_lost_one_is_told(mirror: World, trialkin: Shell) -> None:
    mirror.publish(told(5, "2026-08-21", "third"), day=SECOND)
    edit(mirror.cache, "UPDATE version SET body = x'00' WHERE nct_id = 'NCT00000005'")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"]) == (1, True)
    assert ran.json["repaired"][0] == (
        "NCT00000005 has the registry's record of today, which is another than the one lost"
    )
    [lost] = ran.json["lost"]
    assert lost.startswith("version 1 of NCT00000005 is lost and set aside (is damaged: the record of NCT00000005 ")
    assert "trialkin verify" not in lost  # that is running
    assert lost.endswith("): nobody can give it back")
    assert living(mirror.cache) == living(mirror.registry.cache)
    again = repair(trialkin, mirror)
    assert (again.code, again.json["lost"], again.json["checked"]["set_aside"]) == (0, [], 1)


def test_a_damaged_older_version_is_set_aside_and_told(mirror: World, trialkin: Shell) -> None:
    edit(mirror.cache, "UPDATE version SET body = x'0011' WHERE nct_id = 'NCT00000003' AND number = 1")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], len(ran.json["lost"])) == (1, True, 1)
    assert "version 1 of NCT00000003 is lost and set aside" in ran.json["lost"][0]
    assert mirror.script.calls == []
    with Store.reading(mirror.cache) as store:
        found = store.db.execute("SELECT nct_id, number, body, wanted FROM damaged").fetchall()
    assert found == [("NCT00000003", 1, b"\x00\x11", 0)]
    assert trialkin("history", "NCT00000003", "--json", "--cache", str(mirror.cache.folder)).code == 0


@pytest.mark.parametrize(
    "change",
    [
        "last_update_posted = NULL",
        "last_update_posted = CAST(x'56e64c' AS TEXT)",  # no UTF-8
        "content = zeroblob(32)",
        "number = 7",
        "size = 3, last_update_posted = '2020-01-01'",
    ],
)
def test_what_the_digest_tells_is_put_right_without_asking(mirror: World, trialkin: Shell, change: str) -> None:
    before = state(mirror.cache)
    edit(mirror.cache, f"UPDATE version SET {change} WHERE nct_id = 'NCT00000005'")  # noqa: S608 - the lines above
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["repaired"]) == (0, ["version 1 of NCT00000005 is as it was written again"])
    assert state(mirror.cache) == before
    assert mirror.script.calls == []


@pytest.mark.parametrize(
    "change",
    ["seen_at = '2020-01-01T00:00:00Z'", "seen_at = CAST(x'3230ff' AS TEXT)", "digest = zeroblob(32)"],
)
def test_a_whole_body_whose_dates_may_be_other_is_kept_and_told(mirror: World, trialkin: Shell, change: str) -> None:
    edit(mirror.cache, f"UPDATE version SET {change} WHERE nct_id = 'NCT00000005'")  # noqa: S608 - the line above
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"]) == (1, True)
    assert ran.json["lost"] == [
        "version 1 of NCT00000005 is whole, but when it was seen, or of which data it is, may be other than was written"
    ]
    assert living(mirror.cache) == living(mirror.registry.cache)


def test_derived_tables_trials_and_index_are_made_again(mirror: World, trialkin: Shell) -> None:
    before = state(mirror.cache)
    for statement in (
        "DELETE FROM link WHERE source = 'NCT00000002'",
        "UPDATE alias SET nct_id = 'NCT00000009' WHERE alias = 'NCT00001004'",
        "INSERT INTO unknown_field VALUES ('NCT00000001', 'made.up')",
        "UPDATE trial SET problem = 'none' WHERE nct_id = 'NCT00000007'",
        "DELETE FROM trial WHERE nct_id = 'NCT00000003'",
    ):
        edit(mirror.cache, statement)
    for path in mirror.cache.index.glob("generation-*/columns/*"):
        path.write_bytes(b"")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], ran.json["lost"]) == (0, True, [])
    assert ran.json["repaired"][0] == "NCT00000003 is a trial again: its versions were here"
    assert ran.json["repaired"][-1] == "the index was built from 12 records with whoosh"
    assert state(mirror.cache) == before


def test_a_trial_that_the_registry_lost_is_told_once_and_for_all(mirror: World, trialkin: Shell) -> None:
    mirror.publish(day=SECOND, gone=ids(5))
    edit(mirror.cache, "DELETE FROM version WHERE nct_id = 'NCT00000005'")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"]) == (1, True)
    assert ran.json["lost"] == [
        "NCT00000005 was not to be had: the registry has no record of it any more",
        "version 1 of NCT00000005 is lost and set aside (its row is missing): nobody can give it back",
    ]
    assert ids(5)[0] not in living(mirror.cache)
    assert len(living(mirror.cache)) == TRIALS - 1


def test_a_registry_that_is_away_is_asked_the_next_time(mirror: World, trialkin: Shell) -> None:
    before = state(mirror.cache)
    edit(mirror.cache, "UPDATE version SET body = x'00' WHERE nct_id = 'NCT00000003' AND number = 2")
    edit(mirror.cache, "UPDATE version SET body = x'00' WHERE nct_id = 'NCT00000005'")
    edit(mirror.cache, "UPDATE meta SET value = 'http://127.0.0.1:9/api/v2' WHERE key = 'registry'")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], len(ran.json["lost"])) == (1, False, 2)
    assert "127.0.0.1:9" in ran.json["lost"][0]
    assert ran.json["problems"] == [
        f"version {number} of {nct_id} is lost; `trialkin verify --repair` asks a registry for it"
        for number, nct_id in ((2, "NCT00000003"), (1, "NCT00000005"))
    ]
    assert len(living(mirror.cache)) == TRIALS - 1  # the third has its first version
    edit(mirror.cache, f"UPDATE meta SET value = '{mirror.registry.base}' WHERE key = 'registry'")  # noqa: S608 - ours
    assert repair(trialkin, mirror).code == 0
    assert state(mirror.cache) == before


def test_trials_from_files_are_told_and_loaded_again(mirror: World, trialkin: Shell, tmp_path: Path) -> None:
    edit(mirror.cache, "DELETE FROM meta WHERE key = 'registry'")
    edit(mirror.cache, "UPDATE version SET body = x'00' WHERE nct_id = 'NCT00000005'")
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"]) == (1, False)
    assert "it came from files and which registry has it is not known" in ran.json["lost"][0]
    (tmp_path / "again.json").write_text(json.dumps(told(5)))
    where = ("--cache", str(mirror.cache.folder))
    assert trialkin("load", str(tmp_path / "again.json"), *where).code == 0
    assert trialkin("verify", *where).code == 0
    assert living(mirror.cache) == living(mirror.registry.cache)


def test_another_registry_is_refused_and_nothing_is_touched(mirror: World, trialkin: Shell) -> None:
    edit(mirror.cache, "UPDATE version SET body = x'00' WHERE nct_id = 'NCT00000005'")
    ran = repair(trialkin, mirror, "--registry", "http://127.0.0.1:9")
    assert (ran.code, ran.stdout) == (1, b"")
    assert mirror.registry.base in ran.err
    assert rows(mirror.cache, "damaged") == []


def test_words_that_are_off(mirror: World, trialkin: Shell, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trialkin("verify", "--registry", "sample", "--cache", str(cache.folder)).code == 2
    ran = trialkin("verify", "--repair", "--json", "--cache", str(cache.folder.with_name("none")))
    assert (ran.code, ran.json["sound"], ran.json["repaired"], ran.json["lost"]) == (0, True, [], [])
    monkeypatch.setenv("TRIALKIN_REGISTRY", mirror.registry.base)  # it says nothing of --repair
    assert trialkin("verify", "--cache", str(mirror.cache.folder)).code == 0
    mirror.cache.index.joinpath("manifest.json").unlink()
    text = trialkin("verify", "--repair", "--cache", str(mirror.cache.folder))
    assert (text.code, "repaired: the index was built from 12 records" in text.out) == (0, True)


# -- broken pages ------------------------------------------------------------------------------------------------------


def page_bytes(cache: Cache) -> int:
    with Store.reading(cache) as store:
        return int(store.db.execute("PRAGMA page_size").fetchone()[0])


def test_any_page_of_the_database_may_be_broken(mirror: World, trialkin: Shell, tmp_path: Path) -> None:
    """With the registry at hand the same trials are there again, whichever page is lost."""
    size = page_bytes(mirror.cache)
    data = mirror.cache.database.read_bytes()
    expected = living(mirror.cache)
    pristine = tmp_path / "pristine"
    shutil.copytree(mirror.cache.folder, pristine)
    chance = random.Random(8)  # noqa: S311 - which page breaks is no secret
    pages = [0, 1, *chance.sample(range(2, len(data) // size), 10)]
    for page in pages:
        shutil.rmtree(mirror.cache.folder)
        shutil.copytree(pristine, mirror.cache.folder)
        mirror.cache.database.write_bytes(data[: page * size] + bytes(size) + data[(page + 1) * size :])
        ran = repair(trialkin, mirror, "--registry", mirror.registry.base)
        assert (page, ran.json["sound"]) == (page, True), ran.json
        assert living(mirror.cache) == expected, page
        assert trialkin("verify", "--cache", str(mirror.cache.folder)).code == 0


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_truncated_database_is_filled_again(mirror: World, trialkin: Shell, kept: float) -> None:
    data = mirror.cache.database.read_bytes()
    expected = living(mirror.cache)
    mirror.cache.database.write_bytes(data[: int(kept * len(data))])
    ran = repair(trialkin, mirror, "--registry", mirror.registry.base)
    assert ran.json["sound"] is True
    assert living(mirror.cache) == expected
    assert mirror.cache.database.with_name("trials.db.damaged-1").read_bytes() == data[: int(kept * len(data))]


def test_what_is_left_of_a_truncated_database_is_kept(mirror: World, trialkin: Shell) -> None:
    """SQLite itself reads nothing of a file that is shorter than its header says."""
    with Store.writing(mirror.cache) as store:
        size = page_bytes(mirror.cache)
        [(pages,)] = store.select("PRAGMA page_count")
    os.truncate(mirror.cache.database, (pages - 1) * size)
    first = repair(trialkin, mirror).json["repaired"][0]
    assert first.startswith(f"{mirror.cache.database} was written anew with ")
    assert int(first.split()[5]) >= TRIALS // 2
    with Store.reading(mirror.cache) as store:
        assert (store.meta("registry"), store.meta("scope")) == (mirror.registry.base, "mirrored")


@pytest.mark.parametrize("table", ["meta", "trial", "event"])
def test_text_that_is_none_any_more_is_damage(mirror: World, trialkin: Shell, table: str) -> None:
    column = {"meta": "value", "trial": "problem", "event": "about"}[table]
    last = "rowid = (SELECT max(rowid) FROM event)" if table == "event" else "1"
    where = {"meta": "key = 'mark'", "trial": "nct_id = 'NCT00000004'"}.get(table, last)
    edit(mirror.cache, f"UPDATE {table} SET {column} = CAST(x'56e64c' AS TEXT) WHERE {where}")  # noqa: S608 - ours
    ran = repair(trialkin, mirror)
    assert f"rows of the table {table} that could not be read" in ran.json["lost"]
    assert ran.json["sound"] is True
    assert living(mirror.cache) == living(mirror.registry.cache)
    assert trialkin("verify", "--cache", str(mirror.cache.folder)).code == 0


def test_nobody_says_that_a_record_differs_from_one_that_nobody_knows(mirror: World, trialkin: Shell) -> None:
    mirror.cache.database.write_bytes(b"")
    ran = repair(trialkin, mirror, "--registry", mirror.registry.base)
    assert ran.json["repaired"][1] == (
        "NCT00000001 has the registry's record of today, whether it is the one lost can't be told"
    )
    sentence = (
        "whether this cache was a mirror of the whole registry: it keeps to the trials that it holds now; "
        "`trialkin refresh --all` makes it a mirror again"
    )
    assert sentence in ran.json["lost"]


def test_a_terminal_is_told_of_the_first_twenty(world: Worlds, trialkin: Shell) -> None:
    made = world(*(dated(number) for number in range(1, 31)))
    made(whole=True)
    edit(made.cache, "UPDATE version SET body = x'00'")
    ran = trialkin("verify", "--cache", str(made.cache.folder))
    assert (ran.code, len(ran.out.splitlines())) == (1, 1 + 20 + 2)
    assert ran.out.splitlines()[21] == "… and 11 more (all with --json)"  # one is the seal's
    assert ran.out.splitlines()[22] == "31 wrong"


def test_an_index_that_is_gone_is_built(mirror: World, trialkin: Shell) -> None:
    shutil.rmtree(mirror.cache.index)
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["repaired"]) == (0, [f"the index was built from {TRIALS} records with whoosh"])
    assert repair(trialkin, mirror).json["repaired"] == []


def test_garbage_is_left_where_nobody_knows_the_registry(mirror: World, trialkin: Shell) -> None:
    garbage = bytes(range(256)) * 400
    mirror.cache.database.write_bytes(garbage)
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], ran.json["repaired"]) == (1, False, [])
    assert "not one record in it can be read" in ran.json["lost"][0]
    assert mirror.cache.database.read_bytes() == garbage
    with pytest.raises(StoreError):
        living(mirror.cache)
    assert list(store_problems(mirror.cache, {})) != []


def test_free_space_that_rotted_is_told_once(mirror: World, trialkin: Shell) -> None:
    data = bytearray(mirror.cache.database.read_bytes())
    data[60] ^= 1  # the user version in the header
    mirror.cache.database.write_bytes(bytes(data))
    ran = repair(trialkin, mirror)
    assert (ran.code, ran.json["sound"], len(ran.json["lost"])) == (1, True, 1)
    assert repair(trialkin, mirror).code == 0
