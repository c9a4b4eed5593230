"""Whole processes, and questions beside tantivy's own: `python -m tests.bench.processes CACHE` (one in tantivy)."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from crawler.config import Cache
from index.engines.tantivy.query import Queries
from index.engines.tantivy.searching import Searching
from index.manifest import read_manifest
from index.query.parse import parse
from index.search import SearchRequest, open_index
from tests.bench import bare
from tests.bench.__main__ import QUERIES, SEED, row

COMMANDS = (["--help"], ["similar", SEED], ["search", "systemic sclerosis"], ["search", "cancer", "--facets"])
LINES = 200
ROUNDS = 9
_BARE_WORDS = QUERIES[:10]


def by_turns(calls: Sequence[Callable[[], object]], rounds: int = ROUNDS) -> list[list[float]]:
    """Seconds that each call takes, in turn, so that a machine that slows down slows all of them."""
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, own in zip(calls, times, strict=True):
            began = time.perf_counter()
            call()
            own.append(time.perf_counter() - began)
    return times


def _told(ours: list[float], alone: list[float], unit: float, name: str) -> str:
    times = median(one / other for one, other in zip(ours, alone, strict=True))
    return f"{median(ours) * unit:.3g} {name}, alone {median(alone) * unit:.3g} {name}: {times:.1f}×"


def processes(cache: Cache) -> None:
    """Time commands, one of them beside a script that asks tantivy alone, and lines on one command's stdin."""
    program = str(Path(sys.executable).with_name("trialkin"))
    environment = {**os.environ, "TRIALKIN_CACHE": str(cache.folder)}
    run = partial(subprocess.run, check=True, capture_output=True, env=environment)
    for words in COMMANDS:
        (times,) = by_turns([partial(run, [program, *words])])
        row(f"process: trialkin {' '.join(words)}", f"median {median(times):.3f} s")
    script = [sys.executable, bare.__file__, str(_tantivy(cache)), "cancer"]
    ours, alone = by_turns([partial(run, [program, *COMMANDS[-1]]), partial(run, script)])
    row("  beside tantivy, click and rich alone", _told(ours, alone, 1, "s"))
    first = f"{QUERIES[0]}\n".encode()
    lines = "".join(f"{text}\n" for text in islice(cycle(QUERIES), LINES)).encode()
    one, every = by_turns([partial(run, [program, "search", "-"], input=text) for text in (first, lines)], 3)
    each = 1000 * (median(every) - median(one)) / (LINES - 1)
    row(f"  each of {LINES} lines on stdin after the first", f"{each:.1f} ms")


def questions(cache: Cache) -> None:
    """Time bare words with all facets, as we answer them and as tantivy alone answers the queries that we make."""
    folder = _tantivy(cache)
    alone = bare.Bare(str(folder))
    with open_index(cache.index) as index:
        queries = Queries(Searching(folder), index.columns)
        ours, theirs = [], []
        for text in _BARE_WORDS:
            node = parse(text)
            found = queries.every((node,))
            ours.append(partial(index.search, SearchRequest(text, node, facets=True)))
            theirs.append(partial(alone.ask, found, queries.scored(found, node)))
        times = [median(own) for own in by_turns([*ours, *theirs], 30)]
    row("bare words: ten, marked, and all facets", _told(times[: len(ours)], times[len(ours) :], 1000, "ms"))


def _tantivy(cache: Cache) -> Path:
    return cache.index / read_manifest(cache.index).folder / "tantivy"


if __name__ == "__main__":
    processes(Cache(Path(sys.argv[1])))
    questions(Cache(Path(sys.argv[1])))
