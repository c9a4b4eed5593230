"""Records by id, from the bundled sample as a registry."""

from collections.abc import Iterator

import pytest

from crawler.client import Client
from crawler.config import Cache
from crawler.errors import RegistryDiffers
from crawler.registry import Registry
from crawler.store import Store
from crawler.wanted import Fetched, fetch_wanted
from tests import faults
from tests.serving import Served

pytest_plugins = ("tests.serving",)

SEED, OTHER, ABSENT = "NCT05300932", "NCT04320277", "NCT09999999"
HERE = "http://registry"


@pytest.fixture
def asked(registry: Served) -> Iterator[Registry]:
    with Client(registry.base, pace_seconds=0) as client:
        yield Registry(client)


def fetched(cache: Cache, asked: Registry, *nct_ids: str, name: str = HERE) -> Fetched:
    with Store.writing(cache) as store:
        return fetch_wanted(nct_ids, store, asked, name, lambda _more: None)


def held(cache: Cache) -> list[str]:
    with Store.reading(cache) as store:
        return list(store.current_versions())


def test_what_the_registry_has_is_kept_with_its_timestamp(cache: Cache, asked: Registry) -> None:
    assert fetched(cache, asked, SEED, ABSENT, OTHER) == Fetched(kept=2)
    assert held(cache) == [OTHER, SEED]
    with Store.reading(cache) as store:
        assert (store.meta("registry"), store.meta("scope")) == (HERE, "crawled")
        assert store.data_timestamp == store.timestamp_of(SEED) is not None


def test_ids_are_asked_for_in_batches_and_nothing_else_is(cache: Cache, registry: Served, asked: Registry) -> None:
    many = [f"NCT{number:08d}" for number in range(90_000_001, 90_000_251)]
    assert fetched(cache, asked, *many, SEED) == Fetched(kept=1)
    assert [len(call.ids) for call in registry.script.calls] == [0, 200, 51]  # the version first


def test_what_came_before_a_refusal_is_kept(cache: Cache, registry: Served, asked: Registry) -> None:
    many = [f"NCT{number:08d}" for number in range(90_000_001, 90_000_200)]
    registry.script.always(lambda call: OTHER in call.ids, faults.answer(403, b"no"))
    found = fetched(cache, asked, SEED, *many, OTHER)
    assert found.kept == 1
    assert "refused this client (403" in (found.stopped or "")
    assert held(cache) == [SEED]


def test_a_registry_that_is_not_there_claims_no_cache(cache: Cache) -> None:
    with Client("http://127.0.0.1:9/api/v2", pace_seconds=0, sleep=lambda _seconds: None) as client:
        found = fetched(cache, Registry(client), SEED)
    assert "127.0.0.1:9" in (found.stopped or "")
    with Store.reading(cache) as store:
        assert store.meta("registry") is None


def test_a_cache_of_another_registry_is_refused_before_anybody_is_asked(
    cache: Cache, registry: Served, asked: Registry
) -> None:
    fetched(cache, asked, SEED)
    registry.script.clear()
    with pytest.raises(RegistryDiffers):
        fetched(cache, asked, OTHER, name="http://another")
    assert registry.script.calls == []
