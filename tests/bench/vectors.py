"""Similarity's vectors at size: `python -m tests.bench.vectors [ROWS …]` (as they are, 94,512 and 600,000 unless told).

Rows beyond the real ones are made of two of them: of each term one or the other decides, seven of ten by the first;
a word that only one trial has becomes one of ten, so that the vocabulary grows too. Written in batches, then asked in a
process of its own, whose memory is told without mapped pages. Beside each, an update of a thousandth.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crawler.files import read_source
from crawler.normalise import normalise
from crawler.record import RawRecord
from index.document import document
from index.inverted import Ints, InvertedFile, Inverter
from index.similar.matrix import Matrix
from index.similar.reasons import why
from index.similar.vectors import VectorWriter
from tests.bench.__main__ import FILES, SHARED

SIZES = (11_814, 94_512, 600_000)
BATCH = 4000
ASKED, CHECKED = 300, 60  # rows asked about; those of them whose ten are compared with all scores
LIMIT = 10
_FIRST = 0.7  # of a row's terms are the first trial's
_VARIANTS = 10  # of a word that only one real trial has
_HEAD = (
    "| rows | build (add, finish) | memory for it | disk | update of | opening | ten: p50, p95 | exact tens "
    "| updated: p50 | reasons for ten | resident, pages aside |"
)


def real() -> InvertedFile:
    """Read and invert the real records, in order of NCT id."""
    items = (item for name in FILES for _, item in read_source(str(SHARED / name)))
    records = {item.nct_id: item for item in items if isinstance(item, RawRecord)}
    inverter = Inverter()
    for _, raw in sorted(records.items()):
        inverter.add(document(normalise(raw), raw))
    return inverter.finish()


class Recombined:
    """As many rows as wanted out of real ones; the first are the real ones themselves."""

    def __init__(self, source: InvertedFile) -> None:
        order = np.argsort(source.row, kind="stable")
        self._source = source
        self._term, self._field, self._count = source.term[order], source.field[order], source.count[order]
        self._begins = np.searchsorted(source.row[order], np.arange(source.rows + 1))
        pairs = np.unique(source.term.astype(np.int64) * source.rows + source.row)
        self._rare = np.bincount(pairs // source.rows, minlength=len(source.terms)) == 1
        self._random = np.random.default_rng(7)

    def batch(self, first: int, size: int) -> InvertedFile:
        """Make the rows from `first` on."""
        number = np.arange(first, first + size)
        copy = number // self._source.rows
        one = self._entries(number % self._source.rows)
        other = self._entries(self._random.integers(0, self._source.rows, size))
        parts = []
        for (row, at), mine in ((one, True), (other, False)):
            drawn = _drawn(self._term[at], row + first) < _FIRST
            kept = np.where(copy[row] == 0, mine, drawn == mine)
            parts.append((row[kept], at[kept]))
        row, at = (np.concatenate(each) for each in zip(*parts, strict=True))
        variant = np.where(self._rare[self._term[at]], copy[row] % _VARIANTS, 0)
        return self._sorted(size, row, at, self._term[at].astype(np.int64) * _VARIANTS + variant)

    def _entries(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each entry of some real rows: which of the rows it is of, and where it is."""
        begins, counts = self._begins[rows], self._begins[rows + 1] - self._begins[rows]
        row = np.repeat(np.arange(rows.size), counts)
        return row, np.arange(row.size) + np.repeat(begins - np.cumsum(counts) + counts, counts)

    def _sorted(
        self, size: int, row: NDArray[np.int64], at: NDArray[np.int64], word: NDArray[np.int64]
    ) -> InvertedFile:
        order = np.lexsort((self._field[at], row, word))
        row, at, word = row[order], at[order], word[order]
        words, term = np.unique(word, return_inverse=True)
        nothing = np.zeros(0, np.int32)
        return InvertedFile(
            rows=size,
            terms=[_variant(self._source.terms, each) for each in words.tolist()],
            surfaces=[_variant(self._source.surfaces, each) for each in words.tolist()],
            term=term.astype(np.int32),
            row=row.astype(np.int32),
            field=self._field[at],
            count=self._count[at],
            start=nothing.astype(np.int64),
            positions=nothing,
            lengths=nothing,
        )


def _variant(words: list[str], number: int) -> str:
    word, variant = divmod(number, _VARIANTS)
    return f"{words[word]}x{variant}" if variant else words[word]


def _drawn(term: Ints, row: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw a number from 0 to 1 for each (term, row), the same one wherever they meet."""
    mixed = term.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + row.astype(np.uint64)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(40)) / 2.0**24


def batches(source: InvertedFile, rows: int) -> Iterator[tuple[InvertedFile, NDArray[np.int64]]]:
    """Yield rows and their numbers."""
    recombined = Recombined(source)
    for first in range(0, rows, BATCH):
        size = min(BATCH, rows - first)
        yield recombined.batch(first, size), np.arange(first, first + size)


def write(folder: Path, previous: Path | None, made: Iterator[tuple[InvertedFile, NDArray[np.int64]]]) -> list[float]:
    """Write vectors; seconds of adding and of finishing."""
    seconds = [0.0, 0.0]
    writer = VectorWriter(folder, previous)
    for inverted, numbers in made:
        seconds[0] += _seconds(partial(writer.add, inverted, numbers, []))
    seconds[1] = _seconds(writer.finish)
    return seconds


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def ask(folder: Path, rows: int) -> dict[str, float]:
    """Open vectors and ask; milliseconds, megabytes, and how many tens of how many were exact."""
    began = time.perf_counter()
    matrix = Matrix(folder, np.arange(rows))
    opening = time.perf_counter() - began
    asked = np.random.default_rng(11).choice(rows, min(rows, ASKED), replace=False).tolist()
    for row in asked:
        _ten(matrix, row)
    times = [1000 * _seconds(partial(_ten, matrix, row)) for row in asked]
    reasons = [1000 * _seconds(partial(_reasons, matrix, row, _ten(matrix, row))) for row in asked]
    resident = _memory("RssAnon")
    exact = sum(_ten(matrix, row) == _all_scored(matrix, row) for row in asked[:CHECKED])
    return {
        "opening": 1000 * opening,
        "p50": float(np.percentile(times, 50)),
        "p95": float(np.percentile(times, 95)),
        "reasons": float(np.percentile(reasons, 50)),
        "resident": resident,
        "exact": exact,
        "checked": len(asked[:CHECKED]),
    }


def _ten(matrix: Matrix, row: int) -> list[int]:
    allowed = np.ones(matrix.size, np.bool_)
    allowed[row] = False
    return matrix.ranked(matrix.query([row]), allowed, LIMIT).rows


def _reasons(matrix: Matrix, row: int, rows: Sequence[int]) -> None:
    query = matrix.query([row])
    for each in rows:
        why(matrix, query, each, [], {})


def _all_scored(matrix: Matrix, row: int) -> list[int]:
    scores = matrix.scores(matrix.query([row]), np.arange(matrix.size))
    scores[row] = 0
    best = np.lexsort((np.arange(matrix.size), -scores))[:LIMIT]
    rows: list[int] = best[scores[best] > 0].tolist()
    return rows


def _memory(what: str) -> float:
    """A line of what the system tells of this process, in MB; 0 where it tells nothing."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def _forget_peak() -> None:
    peak = Path("/proc/self/clear_refs")
    if peak.exists():
        peak.write_text("5", encoding="ascii")


def asked_apart(folder: Path, rows: int) -> dict[str, float]:
    """`ask` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.vectors", "--ask", str(folder), str(rows)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def line(source: InvertedFile, rows: int, folder: Path) -> str:
    """Write and ask so many rows; a line of the table."""
    before = _memory("VmRSS")
    _forget_peak()
    add, finish = write(folder / "whole", None, batches(source, rows))
    more = _memory("VmHWM") - before
    disk = sum(path.stat().st_size for path in (folder / "whole").iterdir()) / 1e6
    changed = np.arange(0, rows, 1000)
    news = Recombined(source).batch(source.rows, changed.size)
    updated = sum(write(folder / "updated", folder / "whole", iter([(news, changed)])))
    whole, after = asked_apart(folder / "whole", rows), asked_apart(folder / "updated", rows)
    return (
        f"| {rows:,} | {add:.1f} + {finish:.1f} s | {more:,.0f} MB | {disk:,.0f} MB "
        f"| {changed.size}: {updated:.2f} s | {whole['opening']:.1f} ms | {whole['p50']:.1f}, {whole['p95']:.1f} ms "
        f"| {whole['exact'] + after['exact']:.0f} of {whole['checked'] + after['checked']:.0f} | {after['p50']:.1f} ms "
        f"| {whole['reasons']:.1f} ms | {whole['resident']:.0f} MB |"
    )


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--ask"]:
        print(json.dumps(ask(Path(sys.argv[2]), int(sys.argv[3]))))
        return
    source = real()
    print(f"{_HEAD}\n{'|---' * (_HEAD.count('|') - 1)}|")
    for rows in map(int, sys.argv[1:]) if sys.argv[1:] else SIZES:
        with tempfile.TemporaryDirectory(prefix="trialkin-bench-") as folder:
            print(line(source, rows, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
