"""Records by id, fetched in batches and kept: for who wants those and nothing that they lead to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crawler.errors import CrawlError, RecordInvalid
from crawler.fetching import batched
from crawler.record import RawRecord
from crawler.registry import Registry
from crawler.store import Store


@dataclass
class Fetched:
    """How many records were kept; why it was broken off, if it was; records that can't be kept, with the reason."""

    kept: int = 0
    stopped: str | None = None
    unusable: list[str] = field(default_factory=list)


def fetch_wanted(
    nct_ids: Sequence[str], store: Store, registry: Registry, name: str, advance: Callable[[int], None]
) -> Fetched:
    """Fetch trials from the registry of that name; a batch is kept before the next is asked for.

    What the registry does not have is left out. RegistryDiffers where the cache is another's.
    """
    fetched = Fetched()
    store.check_registry(name)  # another's cache is refused before anybody is asked
    try:
        data_timestamp = registry.version().data_timestamp
        store.claim_registry(name, "crawled")
        for batch in batched(nct_ids):
            _keep(registry.studies(batch), store, data_timestamp, fetched)
            advance(len(batch))
    except CrawlError as error:
        fetched.stopped = str(error)
    return fetched


def _keep(records: list[RawRecord], store: Store, data_timestamp: str, fetched: Fetched) -> None:
    with store.transaction():
        store.train_dictionary([raw.body for raw in records])
        for raw in records:
            try:
                store.keep(raw, data_timestamp)
            except RecordInvalid as error:
                fetched.unusable.append(error.reason)
            else:
                fetched.kept += 1
        if records:
            store.set_meta("data_timestamp", data_timestamp)
