"""A registry's bad days: the same set as on a good one, or an honest part with counts; and a kill at every request."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from crawler.config import Cache
from crawler.store import Store
from crawler.verify import store_problems
from tests import faults
from tests.conftest import ROOT
from tests.faults import Fault
from tests.records import body
from tests.refreshing import FIRST, SECOND, World, Worlds, dated, ids, living, summary
from tests.running import Shell
from tests.serving import Clock
from tests.test_crawl_faults import LASTING, PASSING
from tests.test_refresh import NOTHING, marked

pytest_plugins = ("tests.serving", "tests.refreshing")

TRIALS = 2300
HUGE = 1 << 20


def day(number: int) -> str:
    return f"2026-{5 + number % 3:02d}-{1 + number % 28:02d}"


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [dated(number, day(number)) for number in range(1, TRIALS + 1)]


@pytest.fixture
def large(world: Worlds, records: list[dict[str, Any]]) -> World:
    return world(*records)


def whole(made: World) -> bool:
    """Whether the cache is sound and has what the registry has."""
    return list(store_problems(made.cache, {})) == [] and living(made.cache) == living(made.registry.cache)


# -- what passes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_changes_nothing(large: World, name: str) -> None:
    for request in (1, 2, 4):
        large.script.once(faults.number(request), *PASSING[name][:1])
    large.script.once(faults.asking(path="/studies"), *PASSING[name])
    assert summary(large(whole=True)) == ({"new": TRIALS}, [], None)
    assert whole(large)
    large.publish(dated(3, "2026-08-20"), day=SECOND, gone=ids(9), aliases={ids(10)[0]: ids(11)[0]})
    large.script.once(faults.asking(fields="NCTId"), *PASSING[name])
    large.script.once(faults.asking(path=ids(9)[0]), *PASSING[name])
    assert summary(large(sweep=True)) == ({"changed": 1, "gone": 1, "alias": 1, "unchanged": 1}, [], None)
    assert whole(large)


def test_a_page_that_drips_is_asked_for_again(large: World, clock: Clock) -> None:
    clock.tick_seconds = 1.0
    large.script.once(faults.number(3), faults.drip(0.005, drops=400))
    assert summary(replace(large, deadline_seconds=200.0)(whole=True)) == ({"new": TRIALS}, [], None)
    assert whole(large)
    assert len(large.script.calls) == 5


def test_data_that_changes_during_the_walk(large: World) -> None:
    """Behind the second page the registry moves on to another day; the token of the third is dead."""

    def moved(page: bytes) -> bytes:
        large.publish(dated(1, "2026-08-20"), dated(9999, "2026-08-20"), day=SECOND)
        return page

    large.script.once(faults.number(3), faults.rewrite(moved))
    report = large(whole=True)
    assert (report.counts["new"], report.failed, report.stopped) == (TRIALS + 1, [], None)
    paths = [call.path.rsplit("/", 1)[1] for call in large.script.calls[3:]]
    assert paths == ["studies", "version", "studies", "version", "studies"]
    assert whole(large)
    assert marked(large.cache) == SECOND


# -- what lasts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LASTING)
@pytest.mark.parametrize("request_number", [1, 2, 4])
def test_what_lasts_stops_with_counts_and_the_same_command_ends_it(
    large: World, name: str, request_number: int
) -> None:
    fault, sentence = LASTING[name]
    large.script.always(faults.onward(request_number), fault)
    stopped = large(whole=True)
    assert sentence in (stopped.stopped or "")
    assert sum(stopped.counts.values()) == len(living(large.cache)) == 1000 * max(0, request_number - 2)
    large.script.mend()
    assert summary(large(whole=True)) == ({"new": TRIALS}, [], None)
    assert whole(large)


def test_503_storms_slow_the_pace_and_pass(large: World) -> None:
    storm = [faults.answer(503) for _ in range(4)]
    large.script.once(faults.number(2), *storm)
    large.script.once(faults.later_page, *storm, faults.too_many("7"))
    assert large(whole=True).stopped is None
    assert 7.0 in large.waits
    assert whole(large)


# -- pages and records that can't be had -------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [faults.oversized(2 * HUGE), faults.gzip_bomb(2 * HUGE)])
def test_pages_too_large_come_in_smaller_ones(large: World, fault: Fault) -> None:
    large.script.always(faults.page_over(300), fault)
    assert summary(replace(large, body_limit_bytes=HUGE)(whole=True)) == ({"new": TRIALS}, [], None)
    assert whole(large)


@pytest.mark.parametrize("number", [1, 700, 2300])
def test_a_record_too_large_is_told_and_all_others_are_there(world: Worlds, number: int) -> None:
    """60 MB in a registry whose records have 18 KB, to scale."""
    text = {"descriptionModule": {"briefSummary": "x" * (2 * HUGE)}}
    records = [dated(n, day(n), **(text if n == number else {})) for n in range(1, TRIALS + 1)]
    made = replace(world(*records), body_limit_bytes=HUGE)
    report = made(whole=True)
    assert (sum(report.counts.values()), report.counts["new"]) == (TRIALS - 1, TRIALS - 1)
    (failed,) = report.failed
    assert (failed.nct_id, report.stopped) == (ids(number)[0], None)
    assert "sent more than 1 MB; it was cut off and not kept" in failed.reason
    expected = living(made.registry.cache)
    del expected[ids(number)[0]]
    assert living(made.cache) == expected
    assert marked(made.cache) == FIRST
    again = made()  # nothing is new, but something was left undone
    assert (again.counts, [failed.nct_id for failed in again.failed]) == ({}, ids(number))
    assert len(made.script.calls) == 2
    assert summary(replace(made, body_limit_bytes=1 << 26)()) == ({"new": 1}, [], None)
    assert whole(made)


def test_a_page_that_the_server_fails_on_is_gone_around(large: World) -> None:
    large.script.always(lambda call: faults.later_page(call) and "fields" not in call.query, faults.answer(500))
    assert large(whole=True).failed == []
    assert whole(large)


def test_a_record_of_wrong_types_is_kept_with_its_reason(large: World) -> None:
    odd = body(dated(5000, statusModule={"overallStatus": 7}))
    large.script.once(faults.number(2), faults.with_studies(odd))
    assert large(whole=True).counts == {"new": TRIALS + 1}
    with Store.reading(large.cache) as store:
        assert store.fate(ids(5000)[0])[1] == (
            "Expected `str | null`, got `int` - at `$.protocolSection.statusModule.overallStatus`"
        )
        assert store.counts()["trials"] == TRIALS + 1
    assert len(living(large.cache)) == TRIALS


@pytest.mark.parametrize("odd", [b"7", b"null", b"{}", b'{"protocolSection":{"identificationModule":{"nctId":5}}}'])
def test_a_record_without_an_id_is_told_and_the_mark_stays(large: World, odd: bytes) -> None:
    large.script.once(faults.number(2), faults.with_studies(odd))
    report = large(whole=True)
    assert summary(report) == ({"new": TRIALS}, [None], None)
    assert whole(large)
    with Store.reading(large.cache) as store:
        assert store.meta("mark") is None
    assert summary(large(whole=True)) == ({"unchanged": TRIALS}, [], None)


def test_a_version_without_a_date_is_told(large: World) -> None:
    large.script.always(faults.number(1), faults.answer(200, b'{"dataTimestamp":5}'))
    large.script.always(faults.asking(path="/version"), faults.answer(200, b'{"dataTimestamp":5}'))
    assert "a broken body" in (large(whole=True).stopped or "")


# -- killed ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Killed:
    """Runs `trialkin refresh` in a process of its own, and kills it at a request."""

    made: World

    @property
    def words(self) -> tuple[str, ...]:
        return ("--registry", self.made.registry.base, "--pace", "0", "--cache", str(self.made.cache.folder))

    @contextmanager
    def running(self, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
        """A refresh."""
        command = [sys.executable, "-m", "cli", "refresh", *flags, *self.words, "--no-index"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            yield process

    def at(self, request: int, *flags: str) -> list[str]:
        """Kill it as soon as a request of a number has come, or let it end where none has; what it asked."""
        self.made.script.clear()
        arrived = threading.Event()
        self.made.script.once(faults.number(request), faults.hold(arrived))
        with self.running(*flags) as process:
            while not arrived.wait(timeout=0.02) and process.poll() is None:
                pass
            process.kill()
        urls = self.made.script.urls
        self.made.script.clear()
        assert list(store_problems(self.made.cache, {})) == []
        return urls


def once_and_in_hand(asked: list[str]) -> bool:
    """Whether nothing was asked for more than once beyond what was in hand at a kill."""
    return max(Counter(url for url in asked if not url.endswith("/version")).values()) <= 2


def test_killed_at_every_request_a_mirror_loses_nothing(large: World) -> None:
    killed = Killed(large)
    asked = [url for request in (1, 2, 3, 3) for url in killed.at(request, "--all")]
    assert summary(large(whole=True)) == ({"new": TRIALS}, [], None)
    asked += large.script.urls
    assert len([url for url in asked if "/studies" in url]) == 3 + 3
    assert once_and_in_hand(asked)
    assert whole(large)
    assert summary(large()) == NOTHING


def test_killed_at_every_request_a_sweep_loses_nothing(large: World, cache: Cache) -> None:
    large(whole=True)
    changed = [dated(3, "2026-08-20"), dated(4, "2026-08-20")]
    large.publish(*changed, day=SECOND, gone=ids(9, 10), aliases={ids(11)[0]: ids(12)[0]})
    killed = Killed(large)
    asked: list[str] = []
    for request in (
        1,
        2,
        3,
        3,
        3,
        3,
        3,
        3,
    ):  # three pages, a batch, two that are gone; an alias leads to a second request
        asked += killed.at(request, "--sweep")
    report = large(sweep=True)
    assert summary(report) == ({"alias": 1, "changed": 2, "gone": 2, "unchanged": 1}, [], None)
    assert once_and_in_hand([*asked, *large.script.urls])
    assert whole(large)
    assert marked(cache) == SECOND
    assert summary(large()) == NOTHING


def test_killed_at_every_request_a_refresh_of_ids_loses_nothing(large: World, cache: Cache, trialkin: Shell) -> None:
    large.crawl(*ids(*range(1, 302)), limit=400)
    large.publish(dated(3, "2026-08-20"), dated(300, "2026-08-20"), day=SECOND)
    killed = Killed(large)
    asked = [url for request in (1, 2, 3) for url in killed.at(request)]
    ran = trialkin("refresh", *killed.words, "--json")
    assert (ran.code, ran.json["changed"], ran.json["stopped"]) == (0, 2, None)
    assert once_and_in_hand([*asked, *large.script.urls])
    assert trialkin("verify", "--json", "--cache", str(cache.folder)).json["sound"] is True
    assert trialkin("status", "--json", "--cache", str(cache.folder)).json["indexed"] == 301


CHILD = """
import os, signal, sys
from pathlib import Path
from crawler.client import Client
from crawler.config import Cache
from crawler.refresh import Wish, refresh
from crawler.registry import Registry
from crawler.store import Store

left = int(sys.argv[3])

def count(_statement):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

with Client(sys.argv[2], pace_seconds=0) as client, Store.writing(Cache(Path(sys.argv[1]))) as store:
    store.db.set_trace_callback(count)
    refresh(Wish(sys.argv[2], True, True), store, Registry(client), lambda _s, r: [0.0] * len(r), lambda _more: None)
"""


@pytest.mark.parametrize("seed", range(3))
def test_killed_before_any_statement_it_ends_the_same(large: World, cache: Cache, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a moment is no secret
    rounds = 0
    for _ in range(4):
        kill_at = chance.randrange(1, 4 * TRIALS)  # a page of a thousand takes some 8,000
        command = [sys.executable, "-c", CHILD, str(cache.folder), large.registry.base, str(kill_at)]
        rounds += subprocess.run(command, cwd=ROOT, check=False).returncode < 0
        assert list(store_problems(cache, {})) == []
    assert rounds
    assert large(whole=True, sweep=True).stopped is None
    assert whole(large)
    assert summary(large()) == NOTHING
