import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crawler.config import Cache
from crawler.errors import StoreLocked
from crawler.lock import holder, writer_lock
from crawler.store import Store
from tests.conftest import ROOT
from tests.records import raw

HOLD = """
import sys
from pathlib import Path
from crawler.config import Cache
from crawler.store import Store
with Store.writing(Cache(Path(sys.argv[2]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def writer(cache: Cache) -> Iterator[subprocess.Popen[str]]:
    """Another process, called like `trialkin load`, that holds the cache open for writing until its stdin ends."""
    command = [sys.executable, "-c", HOLD, "load", str(cache.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_writer_is_refused_and_told_who_holds_it(cache: Cache) -> None:
    with writer(cache) as process:
        for _ in range(2):  # a refusal changes nothing
            with pytest.raises(StoreLocked) as locked, Store.writing(cache):
                pytest.fail("two writers")
            assert str(locked.value) == (
                f"{cache.folder} is being written by process {process.pid} (trialkin load). "
                "Wait for it to end, or use another --cache."
            )
        assert holder(cache.lock) == f"process {process.pid} (trialkin load)"


def test_readers_need_no_lock(cache: Cache) -> None:
    with Store.writing(cache) as store, store.transaction():
        store.keep(raw("NCT00000001"), None)
    with writer(cache), Store.reading(cache) as store:
        assert store.counts()["trials"] == 1


def test_the_lock_is_free_when_its_holder_ends(cache: Cache) -> None:
    with writer(cache) as process:
        process.communicate("")
        assert process.returncode == 0
        assert holder(cache.lock) is None
        with Store.writing(cache):
            assert holder(cache.lock) == f"process {os.getpid()} (trialkin {sys.argv[1] if sys.argv[1:] else ''})"


def test_the_lock_is_free_when_its_holder_is_killed(cache: Cache) -> None:
    with writer(cache) as process:
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert holder(cache.lock) is None
        with Store.writing(cache) as store, store.transaction():
            assert store.keep(raw("NCT00000001"), None) == "new"


def test_the_lock_is_free_when_its_block_fails(cache: Cache) -> None:
    def fail() -> None:
        with writer_lock(cache):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with writer_lock(cache):
        assert holder(cache.lock) is not None
    assert holder(cache.lock) is None


def test_one_process_does_not_write_twice_either(cache: Cache) -> None:
    with writer_lock(cache), pytest.raises(StoreLocked, match=f"process {os.getpid()} "), writer_lock(cache):
        pytest.fail("two writers")


def test_nobody_holds_a_cache_that_is_not_there(cache: Cache) -> None:
    assert holder(cache.lock) is None
    assert not cache.folder.exists()
