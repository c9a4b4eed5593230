"""What `verify --repair` does: the database, what the registry can give back, what is derived, the index."""

from typing import TYPE_CHECKING

from crawler.config import Cache
from serve.commands.fetch import registry_address, registry_client

if TYPE_CHECKING:
    from crawler.repair import Repair
    from crawler.store import Store

_UNKNOWN = (
    "it came from files and which registry has it is not known; load the file again, or say `--repair --registry URL`"
)

_NO_SCOPE = (
    "whether this cache was a mirror of the whole registry: it keeps to the trials that it holds now; "
    "`trialkin refresh --all` makes it a mirror again"
)


def repaired(cache: Cache, registry: str | None, pace: float) -> "Repair":
    """Repair a cache as far as can be; what is whole again and what is not.

    RegistryDiffers where the cache is another registry's than the one named, StoreLocked where somebody writes.
    """
    from crawler.repair import Repair
    from crawler.seal import broken_chunks
    from crawler.store import Store

    repair = Repair()
    if not cache.database.exists() and not cache.seal.exists():
        return repair
    unsealed = broken_chunks(cache) if cache.database.exists() else None
    known = _salvaged(cache, registry, repair)
    if known is None:
        return repair
    with Store.writing(cache) as store, store.as_it_stands():
        if registry is not None and store.meta("registry") is not None:
            with registry_address(registry) as (name, _):
                store.check_registry(name)
        _records(store, registry, pace, known, repair)
        if unsealed and not (repair.repaired or repair.lost):
            repair.lost.append(
                f"bytes from {unsealed[0]} on were not what was written, and no record is concerned: free space, or "
                "an event, a watch or a setting, which carry no check of their own"
            )
        _index(store, repair)
    return repair


def _salvaged(cache: Cache, registry: str | None, repair: "Repair") -> list[str] | None:
    """Make the database one that can be opened; ids that only the index still knows, None where nothing can be done."""
    from crawler.salvage import is_broken, salvage
    from index.verify import ids_indexed

    if not is_broken(cache):
        return []
    found = salvage(cache, even_if_empty=registry is not None)
    if found is None:
        repair.lost.append(
            f"{cache.database}: not one record in it can be read, and which registry they came from is not known. "
            "Say `--repair --registry URL` to fetch the trials that the index names, or load the files again into "
            "another --cache"
        )
        return None
    repair.repaired.append(
        f"{cache.database} was written anew with {found.versions} versions; the old is {found.aside}"
    )
    repair.lost.extend(f"rows of the table {table} that could not be read" for table in found.torn)
    return ids_indexed(cache.index)


def _records(store: "Store", registry: str | None, pace: float, known: list[str], repair: "Repair") -> None:
    from crawler.repair import derive, mend, set_aside_until, tell_lost, wanted

    before = set_aside_until(store)
    mend(store, repair)
    nct_ids = wanted(store, known)
    asked = registry or store.meta("registry")
    if nct_ids and asked is not None:
        if known and store.meta("scope") is None:
            repair.lost.append(_NO_SCOPE)
        _fetch(nct_ids, store, asked, pace, repair)
    elif nct_ids:
        repair.lost.extend(f"{nct_id} is in the index alone: {_UNKNOWN}" for nct_id in sorted({*nct_ids} & {*known}))
    tell_lost(store, repair, before, _UNKNOWN if asked is None else "the registry did not give it")
    derive(store, repair)


def _fetch(nct_ids: list[str], store: "Store", asked: str, pace: float, repair: "Repair") -> None:
    from crawler.registry import Registry
    from crawler.repair import fetch_again
    from serve.terminal import progress

    with (
        registry_address(asked) as (name, address),
        registry_client(address, pace) as client,
        progress("repairing", len(nct_ids)) as advance,
    ):
        fetch_again(nct_ids, store, Registry(client), repair, advance)
        if repair.stopped is None:
            store.claim_registry(name, "crawled")


def _index(store: "Store", repair: "Repair") -> None:
    """Bring the index to the records again; anew where its files are damaged or all of them are gone."""
    from crawler.errors import TrialkinError
    from index.build import current
    from index.verify import content_problems, file_problems
    from serve.commands.collect import bring_up

    damaged = list(file_problems(store.cache.index, {}))
    is_sound = not damaged and current(store.cache.index) is not None and not list(content_problems(store, {}))
    if is_sound or not store.counts()["trials"]:
        return
    try:
        engine, documents, _ = bring_up(store, "auto", rebuild=bool(damaged))
    except TrialkinError as error:
        repair.lost.append(f"the index could not be built: {error}")
    else:
        repair.repaired.append(f"the index was built from {documents} records with {engine}")
