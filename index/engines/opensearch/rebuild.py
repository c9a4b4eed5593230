"""A generation built from nothing: a new index, bare while it is filled, then settled, counted and given the alias."""

from collections.abc import Collection, Sequence
from contextlib import suppress

import msgspec

from index.engines.base import Entry, Place
from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.mapping import SETTINGS, SETTLED, document_id, mapping, source
from index.engines.opensearch.query import visible
from index.engines.opensearch.sending import Sender, total
from index.engines.opensearch.spool import Spool
from index.engines.opensearch.target import new_target
from index.engines.opensearch.vectors import VectorFeatures
from index.engines.opensearch.weights import features, keep, kept, with_features
from index.errors import ClusterError, ClusterForeign
from index.inverted import InvertedFile
from index.scoring import Tally

_COPY_SECONDS = 50  # for each shard's copy to be made; the index serves without them too


class Rebuild:
    """Puts documents aside until all are counted, since their words' scores need that; then sends them."""

    def __init__(self, place: Place) -> None:
        self._folder = place.folder
        self._vectors = place.vectors
        self._spool = Spool(place.folder / "spool")
        self._target = new_target(place)
        self._cluster = Cluster(self._target.addresses)
        self._sender = Sender(self._cluster, self._target)
        self._tally = Tally()
        self._drop(self._target.index)
        body = {"settings": {"index": SETTINGS}, "mappings": mapping(), "aliases": {self._target.writes: {}}}
        self._cluster.ask("PUT", f"/{self._target.index}", body)

    def add(self, entries: Sequence[Entry], inverted: InvertedFile) -> None:
        """Take the next documents."""
        generation = self._target.generation
        batch = self._spool.add([(e.document.nct_id, msgspec.json.encode(source(e, generation))) for e in entries])
        keep(batch.with_suffix(".npz"), inverted)
        self._tally.add(inverted)

    def remove(self, nct_ids: Collection[str]) -> None:
        """Nothing older is in a new index."""

    def complete(self) -> None:
        """All of it is done at the end."""

    def finish(self) -> None:
        """Send, settle, count; then the new index has the alias, and those before the last one go."""
        statistics = self._tally.statistics()
        (self._folder / "statistics").mkdir()
        statistics.write(self._folder / "statistics")
        vectors = VectorFeatures(self._vectors, self._spool.nct_ids)
        for batch, made in self._spool:
            scores = features(kept(batch.with_suffix(".npz")), statistics)
            for (nct_id, bare), scored in zip(made, scores, strict=True):
                whole = with_features(bare, {**scored, **vectors.of(nct_id)})
                self._sender.index(document_id(nct_id, self._target.generation), whole)
        self._settle()
        self._switch()
        self._target.write(self._folder)
        self._spool.remove()
        self._end()

    def _settle(self) -> None:
        index = self._target.index
        self._sender.flush()
        held = total(self._cluster, index, *visible(self._target.generation))
        sent = len(self._spool.nct_ids)
        if held != sent:
            raise ClusterForeign(index, f"holds {held} of the {sent} documents that were sent")
        self._cluster.ask("POST", f"/{index}/_flush")  # files are copied; what is in none is indexed again
        self._cluster.ask("PUT", f"/{index}/_settings", {"index": SETTLED})
        with suppress(ClusterError):
            wanted = {"wait_for_status": "green", "timeout": f"{_COPY_SECONDS}s"}
            self._cluster.ask("GET", f"/_cluster/health/{index}", patience=0, **wanted)

    def _switch(self) -> None:
        alias, index = self._target.alias, self._target.index
        old = {"remove": {"index": f"{alias}-*", "alias": alias, "must_exist": False}}
        self._cluster.ask("POST", "/_aliases", {"actions": [old, {"add": {"index": index, "alias": alias}}]})
        held = self._cluster.ask("GET", f"/{alias}-*/_alias")
        for other in held.keys() - {index, self._target.before}:
            self._drop(other)

    def _drop(self, index: str) -> None:
        self._cluster.ask("DELETE", f"/{index}", ignore_unavailable="true")

    def _end(self) -> None:
        self._sender.close()
        self._cluster.close()

    def abandon(self) -> None:
        """Leave no half of an index; where the cluster is gone, the next build of this number removes it."""
        self._sender.close()
        with suppress(ClusterError):
            self._drop(self._target.index)
        self._end()
