"""Writers killed hundreds of times: `python -m tests.bench.crash [POINTS]` (of each kind and engine; 40 by default).

Each is killed before a step that SQLite or the file system is to take, and as many times again at a random moment from
outside, which also falls into an engine's own writing; then as many find no room for a file. After each, everything
that `tests.crashing` asserts is checked: `verify`, what was told, what was asked twice, the index against a rebuild.
"""

import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from random import Random

from tests.bench.__main__ import row
from tests.crashing import KINDS, Scene, Writers, crash, fill_up, registry, scene, writers


def killed(made: Scene, place: Path, run: Writers, points: int) -> None:
    """Kill one kind of work; a line."""
    job = {**made.job, "cache": str(place.with_name("timed"))}
    began = time.perf_counter()
    run.run(job)
    lasts = time.perf_counter() - began
    chance = Random(f"{made.job['kind']} {made.job['engine']}")  # noqa: S311 - a moment is no secret
    inside = sum(crash(made, place, run, chance) for _ in range(points))
    outside = sum(crash(made, place, run, chance, outside=lasts) for _ in range(points))
    full = sum(fill_up(made, place, run, chance) for _ in range(points))
    row(f"{made.job['kind']}, {made.job['engine']} ({made.steps:,} steps)", f"{inside} + {outside}, {full}")


def main() -> None:
    """Print the table."""
    points = int(sys.argv[1]) if sys.argv[1:] else 40
    print(f"| {'what is broken off':<58} | {'killed inside + outside, disk full':>34} |\n|{'-' * 60}|{'-' * 36}|")
    with (
        tempfile.TemporaryDirectory(prefix="trialkin-crash-") as folder,
        writers() as run,
        registry(Path(folder)) as made,
    ):
        for kind, engine in product(KINDS, ("whoosh", "tantivy")):
            place = Path(folder) / f"{kind} {engine}"
            place.mkdir()
            killed(scene(kind, engine, place, made, run), place / "cache", run, points)


if __name__ == "__main__":
    main()
