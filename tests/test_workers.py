import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from crawler.record import RawRecord
from index import workers
from index.batch import Batch, analysed
from index.errors import WorkerDied
from index.workers import WORTH_IT, batches
from tests.conftest import SAMPLE

RECORDS = [RawRecord(line) for line in SAMPLE.read_bytes().splitlines()]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of ten, and two workers whatever the machine has."""
    monkeypatch.setattr(workers, "BATCH", 10)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1}, raising=False)


def told(made: list[Batch]) -> list[object]:
    """What batches hold, arrays as lists."""
    return [
        (
            batch.documents,
            batch.texts,
            replace(batch.inverted, **{name: getattr(batch.inverted, name).tolist() for name in ARRAYS}),
        )
        for batch in made
    ]


ARRAYS = ("term", "row", "field", "count", "start", "positions", "lengths")


def test_other_processes_make_the_same_batches_in_the_same_order() -> None:
    expected = [analysed(RECORDS[at : at + 10]) for at in range(0, len(RECORDS), 10)]
    assert len(expected) > 3
    assert told(list(batches(RECORDS, WORTH_IT))) == told(expected)
    assert told(list(batches(RECORDS, 0))) == told(expected)


def test_no_records_are_no_batches() -> None:
    assert list(batches([], WORTH_IT)) == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Processes that are started from now on."""
    made: list[subprocess.Popen[bytes]] = []

    def start(*words: object, **options: object) -> subprocess.Popen[bytes]:
        made.append(popen(*words, **options))  # type: ignore[call-overload]
        return made[-1]

    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", start)
    return made


def test_a_reader_that_stops_early_leaves_no_process(started: list[subprocess.Popen[bytes]]) -> None:
    made = batches(RECORDS, WORTH_IT)
    next(made)
    assert [worker.poll() for worker in started] == [None, None]
    made.close()  # type: ignore[attr-defined]
    assert [worker.poll() for worker in started] == [-signal.SIGKILL, -signal.SIGKILL]


def test_a_worker_that_dies_is_told(started: list[subprocess.Popen[bytes]]) -> None:
    made = batches(RECORDS, WORTH_IT)
    next(made)
    for worker in started:
        worker.kill()
    with pytest.raises(WorkerDied, match="died \\(exit -9\\)"):
        list(made)


ORPHANS = """
import subprocess, sys, time
from crawler.record import RawRecord
from index import workers
workers.BATCH, workers.WORTH_IT = 10, 0
workers.os.sched_getaffinity = lambda _pid: {0, 1}
popen, pids = subprocess.Popen, []
def start(*words, **options):
    made = popen(*words, **options)
    pids.append(made.pid)
    return made
workers.subprocess.Popen = start
made = workers.batches([RawRecord(line) for line in open(sys.argv[1], "rb")], 100)
next(made)
print(*pids, flush=True)
time.sleep(60)
"""


def test_workers_of_a_killed_writer_end() -> None:
    command = [sys.executable, "-c", ORPHANS, str(SAMPLE)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as writer:
        assert writer.stdout is not None
        pids = [int(pid) for pid in writer.stdout.readline().split()]
        assert [alive(pid) for pid in pids] == [True, True]
        writer.kill()
    for _ in range(100):
        if not any(map(alive, pids)):
            break
        time.sleep(0.1)
    assert [alive(pid) for pid in pids] == [False, False]


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended may stay listed where nobody asks after it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def test_a_batch_is_made_only_when_it_is_asked_for() -> None:
    read: list[str] = []

    def records() -> Iterator[RawRecord]:
        for raw in RECORDS:
            read.append(raw.nct_id)
            yield raw

    assert len(list(islice(batches(records(), 0), 1))) == 1
    assert len(read) == 10


def test_a_package_where_we_stand_is_not_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    assert [len(batch.documents) for batch in batches(RECORDS[:20], WORTH_IT)] == [10, 10]
