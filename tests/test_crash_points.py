"""Each command killed at random steps: nothing told is lost, nothing is broken, the same command ends the work."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crashing import KINDS, Scene, Writers, crash, fill_up, registry, scene, writers
from tests.serving import Served

KILLS, DISKS = 40, 8  # of each kind, so 200 kills in all; `python -m tests.bench.crash` takes more, with each engine


@pytest.fixture(scope="module")
def run() -> Iterator[Writers]:
    with writers() as made:
        yield made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with registry(tmp_path_factory.mktemp("crash")) as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def work(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, served: Served, run: Writers
) -> Scene:
    engine = "tantivy" if request.param in {"index", "compaction"} else "whoosh"
    return scene(request.param, engine, tmp_path_factory.mktemp("scene"), served, run)


def test_killed_at_any_step_nothing_told_is_lost(work: Scene, run: Writers, tmp_path: Path) -> None:
    chance = Random(work.job["kind"])  # noqa: S311 - a moment is no secret
    assert work.steps > 10
    killed = [crash(work, tmp_path / "cache", run, chance) for _ in range(KILLS)]
    assert killed == [True] * KILLS


def test_where_the_disk_is_full_nothing_told_is_lost(work: Scene, run: Writers, tmp_path: Path) -> None:
    chance = Random(work.job["kind"])  # noqa: S311 - which file fails is no secret
    broken_off = [fill_up(work, tmp_path / "cache", run, chance) for _ in range(DISKS)]
    assert sum(broken_off) >= DISKS // 2
