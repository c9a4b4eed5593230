"""A small cache with its index, and what is asked of it.

Test modules take the fixture by `pytest_plugins` (PYTEST_DONT_REWRITE: nothing is asserted here).
"""

import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from index.query.parse import parse
from index.search import SearchRequest, open_index
from tests.indexes import brought_up, keep
from tests.records import raw


def generations(cache: Cache) -> list[str]:
    """Names of the folders in an index."""
    return sorted(path.name for path in cache.index.iterdir() if path.is_dir())


def found(cache: Cache, query: str = "trial") -> list[str]:
    """NCT ids that a search of the index finds."""
    with open_index(cache.index) as index:
        return [hit.nct_id for hit in index.search(SearchRequest(node=parse(query))).hits]


def about(nct_id: str, condition: str) -> RawRecord:
    """Make a record of a trial of one condition."""
    return raw(nct_id, conditionsModule={"conditions": [condition]})


@pytest.fixture
def three(cache: Cache) -> Cache:
    """A cache with three trials, the first two of one condition, indexed."""
    conditions = {1: "Scleroderma", 2: "Scleroderma", 3: "Mumps"}
    keep(cache, *(about(f"NCT0000000{number}", condition) for number, condition in conditions.items()))
    brought_up(cache)
    return cache
