"""Writers that are killed at any step, and what is to be true afterwards: for the tests and for `tests.bench.crash`.

A step is a statement that SQLite is given to write, or a file that is opened for writing, renamed, made or removed.
Writers are forked from a process of their own (`python -m tests.crashing`), which has no threads and all code loaded.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from shutil import copytree, rmtree
from typing import IO, Any

import crawler.load
import crawler.walk
import index.build
from crawler.client import Client
from crawler.config import Cache
from crawler.crawl import Plan, crawl
from crawler.errors import CacheEmpty, TrialkinError
from crawler.load import load
from crawler.refresh import Wish, refresh
from crawler.registry import Registry
from crawler.store import Store
from crawler.verify import store_problems
from index.build import update
from index.query.parse import parse
from index.search import SearchPage, SearchRequest, open_index
from index.verify import index_problems
from tests.conftest import ROOT
from tests.records import body
from tests.refreshing import dated, ids
from tests.serving import Served, fill, served
from tests.test_crash import State, state

TRIALS, PAGE = 36, 12
KINDS = ("load", "refresh", "crawl", "index", "compaction")
FULL = 3  # exit code of a writer that had no room
CHANGED = range(5, 8)  # under a tenth: an update
_WRITING = os.O_WRONLY | os.O_RDWR
_FILES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link"})


# -- in the process that forks ----------------------------------------------------------------------------------------


class Steps:
    """Counts steps, and kills this process before one of them."""

    def __init__(self, kill_at: int) -> None:
        self.taken = 0
        self._kill_at = kill_at

    def _step(self) -> None:
        self.taken += 1
        if self.taken == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, text: str) -> None:
        """Take a step where SQLite is to write."""
        if not text.lstrip().upper().startswith("SELECT"):
            self._step()

    def audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take a step where a file is to be changed."""
        if event in _FILES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING):
            self._step()

    def watch(self) -> None:
        """Begin to count."""
        opened = Store._open.__func__  # type: ignore[attr-defined]  # noqa: SLF001 - the one place where connections are made

        def traced(kind: type[Store], cache: Cache, mode: str) -> Store:
            store: Store = opened(kind, cache, mode)
            store.db.set_trace_callback(self.statement)
            return store

        Store._open = classmethod(traced)  # type: ignore[assignment]  # noqa: SLF001 - the same
        sys.addaudithook(self.audited)


def _work(job: dict[str, Any], out: IO[str]) -> None:
    """Do what a command does; tell of each page when it is kept."""
    crawler.load.PAGE_RECORDS = PAGE
    vars(crawler.walk)["LARGEST_PAGE"] = PAGE

    def advance(more: int) -> None:
        print(more, file=out, flush=True)

    def flat(_seeds: object, records: Any) -> list[float]:  # noqa: ANN401 - any sequence
        return [0.0] * len(records)

    with Store.writing(Cache(Path(job["cache"]))) as store:
        if job["room"]:  # a file layer that fails where a file would be larger
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["room"], job["room"]))
        if job["kind"] == "load":
            load(store, [job["source"]], advance)
        elif job["kind"] == "refresh":
            with Client(job["base"], pace_seconds=0) as client:
                refresh(Wish(job["base"], whole=True, sweep=True), store, Registry(client), flat, advance)
        elif job["kind"] == "crawl":
            with Client(job["base"], pace_seconds=0) as client:
                crawl(Plan(job["base"], tuple(ids(1)), (), (), 40, TRIALS), store, Registry(client), flat, advance)
        index.build.MOST_UPDATES = 0 if job["kind"] == "compaction" else 30
        update(store, job["engine"], lambda _more: None)


def _fork(job: dict[str, Any]) -> dict[str, Any]:
    """Do a job in a child; what it told, and how it ended."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        code = 1
        try:
            with os.fdopen(write, "w") as out:
                steps = Steps(job["kill_at"])
                steps.watch()
                _work(job, out)
                print("steps", steps.taken, file=out, flush=True)
            code = 0
        except (TrialkinError, OSError):  # which the command line tells in one sentence
            code = FULL
        finally:
            os._exit(code)
    os.close(write)
    if job["delay"]:
        time.sleep(job["delay"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(read) as told:
        lines = told.read().split("\n")
    return {"lines": lines, "code": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}


def main() -> None:
    """Do jobs, a line of JSON each."""
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_fork(json.loads(line)))}\n")
        sys.stdout.flush()


# -- what is asked of it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """How a writer ended: records it told of as kept, steps it took (0 where it was killed or had no room)."""

    told: int
    steps: int
    broken_off: bool


class Writers:
    """The process that forks writers."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, job: dict[str, Any], *, kill_at: int = 0, delay: float = 0.0, room: int = 0) -> Ended:
        """Do a job, killed before a step or after so many seconds, or with room for files of so many bytes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(
            json.dumps({**job, "kill_at": kill_at, "delay": delay, "room": room}), file=self._process.stdin, flush=True
        )
        told = json.loads(self._process.stdout.readline())
        lines = [line for line in told["lines"] if line]
        steps = [int(line.split()[1]) for line in lines if line.startswith("steps")]
        assert told["code"] in {0, FULL if room else -signal.SIGKILL}, told
        return Ended(sum(int(line) for line in lines if line.isdigit()), sum(steps), told["code"] != 0)


@contextmanager
def writers() -> Iterator[Writers]:
    """Start the process that forks."""
    command = [sys.executable, "-m", "tests.crashing"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Writers(process)
        assert process.stdin is not None
        process.stdin.close()


def record(number: int, word: str = "first") -> dict[str, Any]:
    """Make a trial that names the next one; in every third is an alias and a field that nobody knows."""
    odd = {"top": {"mystery": number}} if number % 3 == 0 else {}
    return dated(
        number,
        "2026-08-01" if word == "first" else "2026-08-20",
        identificationModule={"briefTitle": f"{word} asthma {number * 7919}", "nctIdAliases": ids(90_000 + number)},
        descriptionModule={"briefSummary": f"Follows NCT{number % TRIALS + 1:08d}."},
        conditionsModule={"conditions": ["Asthma" if number % 2 else "Gout"]},
        **odd,
    )


@dataclass(frozen=True)
class Scene:
    """A cache before a command, what comes of the command when nothing stops it, in how many steps.

    `largest` is the size of the largest file of it, in bytes.
    """

    job: dict[str, Any]
    before: Path
    registry: Served
    state: State
    pages: list[SearchPage]
    steps: int
    largest: int


def answers(cache: Cache) -> list[SearchPage]:
    """What an index answers: hits, totals, facets."""
    queries = ("asthma", "second", "first NOT gout", 'cond:gout OR "second asthma"', "")
    with open_index(cache.index) as opened:
        return [
            opened.search(SearchRequest(query, parse(query) if query else None, facets=True, limit=100))
            for query in queries
        ]


def found(pages: list[SearchPage]) -> list[tuple[object, ...]]:
    """All but scores, which frozen frequencies may change, and when the data is of."""
    return [(page.total, sorted((hit.nct_id, hit.title) for hit in page.hits), page.facets) for page in pages]


@contextmanager
def registry(folder: Path) -> Iterator[Served]:
    """Serve the trials."""
    source = Cache(folder / "registry")
    fill(source, [record(number) for number in range(1, TRIALS + 1)], "2026-08-19T09:00:06")
    with served(source) as made:
        yield made


def scene(kind: str, engine: str, folder: Path, made: Served, run: Writers) -> Scene:
    """Prepare a cache for a kind of work, and see what it comes to."""
    place = folder / f"{kind}-{engine}"
    cache = Cache(place / "before")
    cache.folder.mkdir(parents=True)
    job = {"kind": kind, "engine": engine, "base": made.base, "source": str(place / "source.jsonl")}
    records = [record(number) for number in range(1, TRIALS + 1)]
    second = [record(number, "second") for number in CHANGED]
    (place / "source.jsonl").write_bytes(b"\n".join(map(body, records + second if kind == "load" else second)))
    if kind in {"index", "compaction"}:
        fill(cache, records, "2026-08-19T09:00:06")
        with Store.writing(cache) as store:
            update(store, engine, lambda _more: None)
            load(store, [job["source"]], lambda _more: None)
    whole = Cache(place / "whole")
    copytree(cache.folder, whole.folder)
    steps = run.run({**job, "cache": str(whole.folder)}).steps
    largest = max(path.stat().st_size for path in whole.folder.rglob("*") if path.is_file())
    with Store.writing(whole) as store:
        final = state(store)
        update(store, engine, lambda _more: None, rebuild=True)
    return Scene(job, cache.folder, made, final, answers(whole), steps, largest)


def crash(made: Scene, place: Path, run: Writers, chance: Random, *, outside: float = 0.0) -> bool:
    """Kill the work once, at random, and assert what must hold; whether it was killed.

    `outside` kills after at most so many seconds instead of before a step.
    """
    if outside:
        return _broken_off(made, place, run, delay=chance.random() * outside)
    return _broken_off(made, place, run, kill_at=chance.randrange(1, made.steps + 1))


def fill_up(made: Scene, place: Path, run: Writers, chance: Random) -> bool:
    """Let the work find no room for a file as large as it wants one, and assert the same; whether it was broken off."""
    return _broken_off(made, place, run, room=int(made.largest ** chance.random()))


def _broken_off(made: Scene, place: Path, run: Writers, **how: Any) -> bool:  # noqa: ANN401 - as `Writers.run` has it
    rmtree(place, ignore_errors=True)
    copytree(made.before, place)
    cache, job = Cache(place), {**made.job, "cache": str(place)}
    made.registry.script.clear()
    ended = run.run(job, **how)
    _assert_readable(cache, made, ended)
    asked_all = _has_ended_run(cache)
    run.run(job)
    if not asked_all:  # else the same command is a new run, which asks what changed since
        urls = Counter(url for url in made.registry.script.urls if not url.endswith("/version"))
        assert sum(urls.values()) - len(urls) <= 1, urls  # the page in hand
    with Store.reading(cache) as store:
        assert state(store) == made.state
        assert list(index_problems(store, {})) == []
    assert list(store_problems(cache, {})) == []
    assert found(answers(cache)) == found(made.pages)
    return ended.broken_off


def _has_ended_run(cache: Cache) -> bool:
    try:
        with Store.reading(cache) as store:
            return bool(store.select("SELECT 1 FROM run WHERE ended_at NOT NULL"))
    except CacheEmpty:
        return False


def _assert_readable(cache: Cache, made: Scene, ended: Ended) -> None:
    """Whatever stood is whole, and what was told of is there; an index is the old one or the new one."""
    broken = list(store_problems(cache, {}))
    assert broken == [], (broken, ended)
    try:
        with Store.reading(cache) as store:
            held = len(store.db.execute("SELECT 1 FROM version").fetchall())
            assert held >= ended.told or made.job["kind"] == "crawl", (held, ended)
            problems = [text for text in index_problems(store, {}) if "holds other versions" not in text]
    except CacheEmpty:
        assert ended.told == 0
        return
    assert [text for text in problems if "manifest is missing" not in text] == []
    if (cache.index / "manifest.json").exists():
        then = Cache(made.before)
        before = [found(answers(then))] if (then.index / "manifest.json").exists() else []
        assert found(answers(cache)) in [*before, found(made.pages)]


if __name__ == "__main__":
    main()
