"""A writer is killed at any moment: what it told of is there, nothing is broken, the same command ends the work."""

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawler.config import Cache
from crawler.errors import CacheEmpty
from crawler.load import PAGE_RECORDS, load
from crawler.store import Store
from crawler.verify import store_problems
from tests.conftest import ROOT
from tests.records import body, study

ROUNDS = 5  # of each kind
DELAY_SECONDS = 0.03  # about as long as a page takes

# Loads files and says so after each page; kills itself before its n-th statement, where n is not 0.
CHILD = """
import os, signal, sys
from pathlib import Path
from crawler.config import Cache
from crawler.load import load
from crawler.store import Store

left = int(sys.argv[2])

def count(_statement):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

with Store.writing(Cache(Path(sys.argv[1]))) as store:
    store.db.set_trace_callback(count if left else None)
    print(0, flush=True)
    load(store, sys.argv[3:], lambda more: print(more, flush=True))
print("end", flush=True)
"""

Rows = list[tuple[object, ...]]


@dataclass(frozen=True)
class State:
    """What a store holds, but for the time when it was seen."""

    versions: Rows
    trials: Rows
    derived: Rows
    change: int


@dataclass(frozen=True)
class Unbroken:
    """The files, and what a run that nothing stops makes of them: the state after each page, and its statements."""

    sources: list[str]
    states: list[State]
    bodies: list[bytes]
    statements: int


def state(store: Store) -> State:
    derived = (
        "SELECT 'link', source, target, kind, evidence FROM link "
        "UNION ALL SELECT 'alias', alias, nct_id, told_by, '' FROM alias "
        "UNION ALL SELECT 'unknown', nct_id, path, '', '' FROM unknown_field ORDER BY 1, 2, 3, 4, 5"
    )
    return State(
        versions=store.db.execute(
            "SELECT nct_id, number, last_update_posted, content, size FROM version ORDER BY 1, 2"
        ).fetchall(),
        trials=store.db.execute("SELECT nct_id, version, gone, problem FROM trial ORDER BY 1").fetchall(),
        derived=store.db.execute(derived).fetchall(),
        change=store.change,
    )


def record(number: int, day: str, title: str) -> bytes:
    nct_id = f"NCT{number:08d}"
    modules: dict[str, dict[str, object]] = {
        "identificationModule": {"briefTitle": f"{title} {number * 7919}, after NCT{number + 1:08d}"},
        "statusModule": {"lastUpdatePostDateStruct": {"date": day}},
    }
    if number % 10 == 0:
        modules["identificationModule"]["nctIdAliases"] = [f"NCT{90_000_000 + number}"]
        modules["top"] = {"mystery": number}
    if number % 10 == 1:
        modules["eligibilityModule"] = {"minimumAge": "old"}
    return body(study(nct_id, **modules))


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Unbroken:
    """Three pages: new records; then new, changed, unchanged and older ones."""
    folder = tmp_path_factory.mktemp("unbroken")
    first = [record(number, "2021-05-01", "first") for number in range(1, 701)]
    second = [record(number, "2022-05-01", "second") for number in range(500, 900)]
    third = [record(number, "2020-05-01", "third") for number in range(650, 750)] + first[:200]
    sources = []
    for name, lines in (("first", first), ("second", second), ("third", third)):
        (folder / name).write_bytes(b"\n".join(lines))
        sources.append(str(folder / name))
    states: list[State] = []
    statements: list[str] = []
    with Store.writing(Cache(folder / "cache")) as store:
        states.append(state(store))
        load(store, sources, lambda _more: states.append(state(store)))
        bodies = [raw.body for raw in store.records()]
    with Store.writing(Cache(folder / "counted")) as store:
        store.db.set_trace_callback(statements.append)
        load(store, sources, lambda _more: None)
    assert len(states) == 1 + 3
    assert len(statements) > 10 * PAGE_RECORDS
    return Unbroken(sources, states, bodies, len(statements))


def child(cache: Cache, sources: list[str], kill_at: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(cache.folder), str(kill_at), *sources]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def pages(out: list[str]) -> int:
    """How many pages a child told of."""
    return sum(line.strip() not in {"0", "end"} for line in out)


def check(cache: Cache, unbroken: Unbroken, pages_told: int) -> None:
    """Assert that every page told of is there, that nothing is broken, and that the work can be ended."""
    try:
        with Store.reading(cache) as store:
            held = state(store)
    except CacheEmpty:
        held = unbroken.states[0]
        assert pages_told == 0
    # One page may have been written and not told of yet.
    assert held in unbroken.states[pages_told : pages_told + 2]
    assert list(store_problems(cache, {})) == []
    with Store.writing(cache) as store:
        load(store, unbroken.sources, lambda _more: None)
    with Store.reading(cache) as store:
        assert state(store) == unbroken.states[-1]
        assert [raw.body for raw in store.records()] == unbroken.bodies
    checked: dict[str, int | bool] = {}
    assert list(store_problems(cache, checked)) == []
    assert checked == {"sealed": True, "versions": len(unbroken.states[-1].versions)}


def test_a_child_that_nothing_stops_makes_the_same(cache: Cache, unbroken: Unbroken) -> None:
    with child(cache, unbroken.sources) as process:
        out, _ = process.communicate()
    assert (process.returncode, out.split()) == (0, ["0", "500", "500", "400", "end"])
    check(cache, unbroken, pages_told=3)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_kill_before_any_statement_loses_nothing_told(cache: Cache, unbroken: Unbroken, seed: int) -> None:
    kill_at = random.Random(seed).randrange(1, unbroken.statements + 1)  # noqa: S311 - a moment is no secret
    with child(cache, unbroken.sources, kill_at) as process:
        out, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    check(cache, unbroken, pages_told=pages(out.split()))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_kill_from_outside_loses_nothing_told(cache: Cache, unbroken: Unbroken, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same
    with child(cache, unbroken.sources) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(seed % 4 + 1)]  # with the last, while it seals the database
        assert told[0] == "0\n"
        time.sleep(chance.random() * DELAY_SECONDS)
        process.kill()
        told += process.stdout.readlines()
    check(cache, unbroken, pages_told=pages(told))


@pytest.mark.parametrize("seed", range(2))
def test_a_run_that_is_killed_again_and_again_comes_to_its_end(cache: Cache, unbroken: Unbroken, seed: int) -> None:
    chance = random.Random(100 + seed)  # noqa: S311 - the same
    pages_told = 0
    for _ in range(4):
        kill_at = chance.randrange(1, unbroken.statements // 2)
        with child(cache, unbroken.sources, kill_at) as process:
            out, _ = process.communicate()
        pages_told = max(pages_told, pages(out.split()))
        with Store.reading(cache) as store:
            assert len(state(store).versions) >= len(unbroken.states[pages_told].versions)
        assert list(store_problems(cache, {})) == []
    with Store.writing(cache) as store:
        load(store, unbroken.sources, lambda _more: None)
        assert state(store) == unbroken.states[-1]


def test_half_a_seal_is_never_left(cache: Cache, unbroken: Unbroken, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill while the seal is written leaves none, not one that accuses the database."""

    def killed(self: Path, data: bytes) -> int:
        with self.open("wb") as handle:
            handle.write(data[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", killed)
    with pytest.raises(KeyboardInterrupt), Store.writing(cache) as store:
        load(store, unbroken.sources, lambda _more: None)
    monkeypatch.undo()
    checked: dict[str, int | bool] = {}
    assert list(store_problems(cache, checked)) == []
    assert checked["sealed"] is False
    check(cache, unbroken, pages_told=3)
