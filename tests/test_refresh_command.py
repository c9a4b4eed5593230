"""`trialkin refresh`: its words, its answer, the index after it."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from crawler.config import Cache
from crawler.store import Store
from tests import faults
from tests.conftest import ROOT
from tests.records import body
from tests.refreshing import FIRST, SECOND, World, Worlds, dated, ids
from tests.running import Ran, Shell

pytest_plugins = ("tests.serving", "tests.refreshing")

Refresh = Callable[..., Ran]


@pytest.fixture
def small(world: Worlds) -> World:
    return world(*(dated(number, "2026-08-01") for number in range(1, 6)))


@pytest.fixture
def run(trialkin: Shell, small: World, cache: Cache) -> Refresh:
    def run(*words: str) -> Ran:
        return trialkin("refresh", *words, "--pace", "0", "--cache", str(cache.folder))

    del small
    return run


def found(trialkin: Shell, cache: Cache) -> list[str]:
    answer = trialkin("search", "--json", "--cache", str(cache.folder)).json
    return sorted(hit["nct_id"] for hit in answer["hits"])


def test_the_answer_and_the_index(trialkin: Shell, run: Refresh, small: World, cache: Cache) -> None:
    whole = run("--all", "--registry", small.registry.base.removesuffix("/api/v2"), "--json")
    assert (whole.code, whole.err) == (0, "")
    assert whole.json == {
        "run": 1,
        "data_timestamp": FIRST,
        "new": 5,
        "changed": 0,
        "unchanged": 0,
        "gone": 0,
        "alias": 0,
        "failed": [],
        "calls": 2,
        "stopped": None,
    }
    small.publish(dated(3, "2026-08-20"), day=SECOND, gone=ids(1), aliases={ids(2)[0]: ids(3)[0]})
    swept = run("--sweep", "--json")  # of the registry that the cache has
    assert (swept.code, swept.json["data_timestamp"]) == (0, SECOND)
    assert [swept.json[kind] for kind in ("new", "changed", "unchanged", "gone", "alias")] == [0, 1, 0, 1, 1]
    assert found(trialkin, cache) == ids(3, 4, 5)
    shown = trialkin("show", ids(1)[0], "--json", "--cache", str(cache.folder)).json
    assert (shown["gone"] is None, trialkin("show", "NCT2", "--json", "--cache", str(cache.folder)).json["nct_id"]) == (
        False,
        ids(3)[0],
    )
    assert trialkin("status", "--json", "--cache", str(cache.folder)).json["trials"] == 3
    assert trialkin("verify", "--json", "--cache", str(cache.folder)).json["sound"] is True


def test_people_are_told(run: Refresh, small: World) -> None:
    told = run("--all", "--registry", small.registry.base, "--no-index").out
    assert told == f"5 new in 2 requests; the registry's data is of {FIRST}\n"
    assert run("--no-index").out == f"nothing new in 1 request; the registry's data is of {FIRST}\n"


def test_what_failed_is_told_and_the_exit_is_1(run: Refresh, small: World, cache: Cache) -> None:
    small.crawl(*ids(1, 2))
    small.publish(dated(1, "2026-08-20"), day=SECOND)
    small.script.always(faults.any_ids, faults.refused())
    stopped = run("--json", "--no-index")
    assert (stopped.code, stopped.json["changed"]) == (1, 0)
    assert "refused this client (403" in stopped.json["stopped"]
    assert stopped.err.startswith("trialkin: stopped after 0 trials: ")
    with Store.reading(cache) as store:
        assert store.data_timestamp == FIRST


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--trust",), 2, "--trust is for --sweep."),
        (("--registry", "example.org", "--all"), 2, "'example.org' is no address"),
        (("--engine", "lucene", "--all"), 2, "lucene"),
        ((), 1, "holds no trials yet"),
        (("--sweep",), 1, "holds no trials yet"),
    ],
)
def test_wrong_words(run: Refresh, small: World, words: tuple[str, ...], code: int, sentence: str) -> None:
    ran = run(*words)
    assert (ran.code, ran.stdout) == (code, b"")
    assert sentence in ran.err
    assert small.script.calls == []


def test_the_cache_of_another_registry_is_refused_before_anybody_is_asked(run: Refresh, small: World) -> None:
    run("--all", "--registry", small.registry.base, "--no-index")
    small.script.calls.clear()
    ran = run("--registry", "sample")
    assert (ran.code, small.script.calls) == (1, [])
    assert f"this cache was fetched from {small.registry.base}, not from sample" in ran.err


def test_of_two_refreshes_at_once_the_second_is_told_of_the_first(run: Refresh, small: World, cache: Cache) -> None:
    arrived = threading.Event()
    small.script.once(faults.asking(path="/studies"), faults.hold(arrived))
    words = ("refresh", "--all", "--registry", small.registry.base, "--pace", "0", "--cache", str(cache.folder))
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as first:
        assert arrived.wait(timeout=30)
        second = run("--all", "--registry", small.registry.base)
        first.kill()
    assert second.code == 1
    assert f"process {first.pid} (trialkin refresh)" in second.err


def test_a_record_that_is_no_trial_is_told(run: Refresh, small: World, trialkin: Shell, cache: Cache) -> None:
    run("--all", "--registry", small.registry.base)
    wrong = body({**dated(7, "2026-08-20"), "hasResults": "\x1b[31mso"})
    small.publish(dated(3, "2026-08-20"), day=SECOND)
    small.script.once(faults.asking(sort="LastUpdate"), faults.with_studies(wrong))
    told = run()
    assert told.code == 0
    assert told.err.startswith("trialkin: NCT00000007 is kept, but can't be read as a trial or found: ")
    assert told.err.count("\n") == 1
    assert run().err == ""  # once
    twelve = b"\n".join(body({**dated(number), "hasResults": "so"}) for number in range(21, 33))
    path = cache.folder.with_name("twelve.jsonl")
    path.write_bytes(twelve)
    loaded = trialkin("load", str(path), "--cache", str(cache.folder)).err.splitlines()
    assert len(loaded) == 11
    assert loaded[10] == "trialkin: 2 more can't be; `trialkin status` names them all."


def test_who_searches_meanwhile_is_told_who_is_at_work(
    run: Refresh, small: World, trialkin: Shell, cache: Cache
) -> None:
    run("--all", "--registry", small.registry.base)
    small.publish(dated(3, "2026-08-20"), day=SECOND)
    run("--no-index")
    words = ("search", "--limit", "0", "--cache", str(cache.folder))
    assert trialkin(*words).err == "trialkin: the index is behind the records; run `trialkin index`.\n"
    assert "behind the records: run `trialkin index`" in trialkin("status", "--cache", str(cache.folder)).out
    with Store.writing(cache):
        told = trialkin(*words).err
        shown = trialkin("status", "--cache", str(cache.folder)).out
    assert re.fullmatch(r"trialkin: the index is behind the records; process \d+ \(.*\) is at work here\.\n", told)
    assert "behind the records: they are being brought in" in shown
