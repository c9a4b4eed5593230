"""Which index of which cluster, at which generation: what an index's own folder says of its part in a cluster."""

import os
import secrets
from pathlib import Path

import msgspec

from index.engines.base import Place
from index.engines.opensearch.addresses import addresses_of, without_password
from index.errors import ClusterUnnamed

NAME = "target.json"
VARIABLE = "TRIALKIN_OPENSEARCH"


class Target(msgspec.Struct, frozen=True):
    """`index` holds several generations, each document from `since` up to before `until`; `alias` names the newest.

    `before` is the index that the generation before had, None where it had the same or none.
    """

    addresses: tuple[str, ...]
    alias: str
    index: str
    generation: int
    before: str | None = None

    @property
    def writes(self) -> str:
        """The name that is written to: an index that is gone must not come to life again by a write to it."""
        return f"{self.index}-writes"

    def write(self, folder: Path) -> None:
        """Keep it in a folder, without a password."""
        shown = msgspec.structs.replace(self, addresses=tuple(map(without_password, self.addresses)))
        (folder / NAME).write_bytes(msgspec.json.encode(shown))


def read_target(folder: Path) -> Target:
    """Read what `Target.write` kept; the addresses in TRIALKIN_OPENSEARCH, where it is set, take its own's place."""
    target = msgspec.json.decode((folder / NAME).read_bytes(), type=Target)
    named = os.environ.get(VARIABLE)
    return target if not named else msgspec.structs.replace(target, addresses=addresses_of(named))


def new_target(place: Place) -> Target:
    """Name an index for a build from nothing: a cache that had one in a cluster keeps its alias, and its address.

    ClusterUnnamed where neither anybody nor an earlier generation says which cluster.
    """
    named = place.address or os.environ.get(VARIABLE)
    generations = place.folder.parent.parent.glob(f"generation-*/{place.folder.name}/{NAME}")
    known = [read_target(path.parent) for path in sorted(generations)]
    if not named and not known:
        raise ClusterUnnamed
    addresses = addresses_of(named) if named else known[-1].addresses
    alias = known[-1].alias if known else f"trialkin-{secrets.token_hex(4)}"
    before = known[-1].index if known else None
    return Target(addresses, alias, f"{alias}-{place.generation}", place.generation, before)
