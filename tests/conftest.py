"""What several tests stand on: a cache folder, the bundled sample, the real records where they are."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from index.build import update
from index.search import Index, open_index
from tests.running import Shell

settings.register_profile("trialkin", deadline=None)  # a machine that is busy has not made a test fail
settings.load_profile("trialkin")

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "crawler" / "sample" / "studies.jsonl"
SHARED = ROOT.parent / "shared"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, BROWSERS) if path is not None), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out whole markers whose need is not here, in one line each that says how to have it."""
    needs = {
        "shared": (SHARED.is_dir(), "put the project's shared folder beside this checkout"),
        "browser": (BROWSER is not None, "apt-get install chromium"),
        "cluster": (False, "make test-cluster"),
    }
    chosen = config.getoption("markexpr", "")
    for marker, (here, how) in needs.items():
        if here or marker in str(chosen):
            continue
        out = [item for item in items if item.get_closest_marker(marker)]
        if out:
            items[:] = [item for item in items if item not in out]
            config.hook.pytest_deselected(items=out)
            print(f"\nleft out: {len(out)} tests marked {marker}; to have them, {how}")  # noqa: T201 - the one line


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache folder."""
    return Cache(tmp_path / "cache")


@pytest.fixture(scope="session")
def sample_cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """A cache with the bundled sample, indexed; not to be written."""
    cache = Cache(tmp_path_factory.mktemp("sample"))
    with Store.writing(cache) as store:
        load(store, [str(SAMPLE)], lambda _more: None)
        update(store, "auto", lambda _more: None)
    return cache


@pytest.fixture
def sample_index(sample_cache: Cache) -> Iterator[Index]:
    """The index of the bundled sample, open."""
    with open_index(sample_cache.index) as index:
        yield index


@pytest.fixture
def trialkin(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Shell:
    """The command line."""
    return Shell(monkeypatch, capsysbinary)
