"""`refresh --all` of registries of synthetic records, over loopback:

    python -m tests.bench.refresh 10000 FOLDER 100000 ANOTHER

Each registry is this program's own server in a process of its own; a FOLDER keeps its records for another time. A line
a registry: records stored and normalised a second, what each side's processor took, the most memory it had, bytes on
disk; then the time of a refresh where nothing is new, and of a sweep.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.client import Client
from crawler.config import Cache
from crawler.errors import TrialkinError
from crawler.refresh import Refreshed, Wish, refresh
from crawler.registry import Registry
from crawler.store import Store
from index.build import update
from index.manifest import read_manifest
from index.similar.closeness import closeness
from tests.bench.large import keep
from tests.bench.synthetic import synthetic

DAY = "2026-08-19T09:00:06"
COLUMNS = (
    "records",
    "records/s",
    "client, us a record",
    "server, us a record",
    "client, MB at most",
    "server, MB at most",
    "KB on disk a record",
    "s, nothing new",
    "s, sweep",
)


def prepare(cache: Cache, count: int) -> None:
    """Let the registry have so many synthetic records, indexed by today's program."""
    if not cache.database.exists():
        keep(cache, synthetic(count))
    with Store.writing(cache) as store:
        with store.transaction():
            store.set_meta("data_timestamp", DAY)
        update(store, "tantivy", lambda _more: None, rebuild=True)


def is_ready(cache: Cache) -> bool:
    """Whether the registry is there, with an index of today's layout."""
    try:
        read_manifest(cache.index)
    except TrialkinError:
        return False
    return True


def _serve(folder: str, told: "multiprocessing.Queue[str]") -> None:
    from serve.server import application, serving  # noqa: PLC0415

    with serving(application(Cache(Path(folder)))) as address:
        told.put(address)
        time.sleep(1 << 20)


@contextmanager
def registry(cache: Cache) -> Iterator[tuple[str, int]]:
    """Serve a cache from a process of its own; yields the API's base and the number of the process."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_serve, args=(str(cache.folder), told), daemon=True)
    process.start()
    try:
        yield f"{told.get(timeout=120)}/api/v2", process.pid or 0
    finally:
        process.terminate()


def processor_seconds(pid: int) -> float:
    """Time that a process has had of the processor."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """Most memory that a process has had, files that it maps included."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def refreshed(base: str, cache: Cache, *, whole: bool = False, sweep: bool = False) -> tuple[Refreshed, float]:
    """Refresh at pace 0; the report, seconds."""
    began = time.perf_counter()
    with Client(base, pace_seconds=0) as client, Store.writing(cache) as store:
        report = refresh(Wish("bench", whole, sweep), store, Registry(client), closeness, lambda _more: None)
    if report.stopped or report.failed:
        raise SystemExit(report.stopped or str(report.failed[:3]))
    return report, time.perf_counter() - began


def mirror(base: str, server: int, cache: Cache, count: int) -> list[str]:
    """Time `refresh --all`, then a refresh where nothing is new and a sweep; the cells of a line."""
    pids = (os.getpid(), server)
    before = [processor_seconds(pid) for pid in pids]
    report, seconds = refreshed(base, cache, whole=True)
    if report.counts != {"new": count}:
        raise SystemExit(f"expected {count:,} new: {report.counts}")
    spent = [f"{1e6 * (processor_seconds(pid) - begun) / count:.0f}" for pid, begun in zip(pids, before, strict=True)]
    peaks = [f"{peak_megabytes(pid):.0f}" for pid in pids]
    nothing, sweep = (refreshed(base, cache, sweep=sweep)[1] for sweep in (False, True))
    disk = cache.database.stat().st_size / count / 1000
    return [f"{count:,}", f"{count / seconds:,.0f}", *spent, *peaks, f"{disk:.1f}", f"{nothing:.2f}", f"{sweep:.1f}"]


def measure(count: int, folder: str) -> None:
    """Print a registry's line; in a process of its own, whose memory is no other registry's."""
    with tempfile.TemporaryDirectory(prefix="trialkin-bench-") as mine, registry(Cache(Path(folder))) as (base, server):
        print(f"| {' | '.join(mirror(base, server, Cache(Path(mine)), count))} |", flush=True)


def apart(target: Callable[..., None], *values: object) -> None:
    """Do something in a process of its own, whose memory is not ours."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=values)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def main() -> None:
    """Print the table."""
    asked = [(int(count), folder) for count, folder in zip(sys.argv[1::2], sys.argv[2::2], strict=True)]
    for count, folder in asked:
        if not is_ready(Cache(Path(folder))):
            apart(prepare, Cache(Path(folder)), count)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---:|' * len(COLUMNS)}", flush=True)
    for count, folder in asked:
        apart(measure, count, folder)


if __name__ == "__main__":
    main()
