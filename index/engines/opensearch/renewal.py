"""The next generation in an index that is there.

Each document says from which generation on it holds and up to which, so that older readers keep their state, and what
a broken-off update left is seen by nobody and taken back by the next one.
"""

from collections.abc import Collection, Sequence
from contextlib import closing, suppress

import msgspec

from crawler.ids import id_of, number_of
from index.engines.base import Entry, Place
from index.engines.opensearch.addresses import addresses_of
from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.mapping import LIVING, document_id, source
from index.engines.opensearch.query import numbered
from index.engines.opensearch.sending import Sender, found, total
from index.engines.opensearch.spool import Spool
from index.engines.opensearch.target import read_target
from index.engines.opensearch.vectors import VectorFeatures
from index.engines.opensearch.weights import features, with_features
from index.errors import ClusterError, ClusterForeign
from index.inverted import InvertedFile
from index.links import link_tree
from index.scoring import Statistics


class Renewal:
    """Writes what changed; words are scored by the statistics of the last rebuild."""

    def __init__(self, place: Place) -> None:
        if place.previous is None:
            raise TypeError(place)
        self._folder = place.folder
        self._before = read_target(place.previous)
        self._target = msgspec.structs.replace(self._before, generation=place.generation)
        if place.address is not None:
            self._target = msgspec.structs.replace(self._target, addresses=addresses_of(place.address))
        self._cluster = Cluster(self._target.addresses)
        self._sender = Sender(self._cluster, self._target)
        link_tree(place.previous / "statistics", self._folder / "statistics")
        self._statistics = Statistics.read(self._folder / "statistics")
        self._vectors = place.vectors
        self._spool = Spool(self._folder / "spool")
        self._removed = 0
        self._undo()
        self._purge()

    def add(self, entries: Sequence[Entry], inverted: InvertedFile) -> None:
        """Put the next documents aside, to be seen from this generation on: their vectors are not there yet."""
        made = (msgspec.json.encode(source(entry, self._target.generation)) for entry in entries)
        scores = features(inverted, self._statistics)
        ids = [entry.document.nct_id for entry in entries]
        self._spool.add(list(zip(ids, map(with_features, made, scores), strict=True)))

    def remove(self, nct_ids: Collection[str]) -> None:
        """Have trials seen only up to the generation before this one."""
        living = {"range": {"since": {"lte": self._before.generation}}}, {"term": {"until": LIVING}}
        asked = {"bool": {"filter": [*living, numbered([number_of(nct_id) for nct_id in nct_ids])]}}
        for number, since in found(self._cluster, self._target.index, asked):
            self._sender.update(document_id(id_of(number), since), {"until": self._target.generation})
            self._removed += 1

    def complete(self) -> None:
        """All of it is done at the end."""

    def finish(self) -> None:
        """Send what is new, have everything found, and count it."""
        self._send()
        self._sender.flush()
        index, generation = self._target.index, self._target.generation
        held = tuple(total(self._cluster, index, {"term": {end: generation}}) for end in ("since", "until"))
        changes = len(self._spool.nct_ids), self._removed
        if held != changes:
            raise ClusterForeign(index, f"has taken {held} of {changes} changes")
        self._target.write(self._folder)
        self._spool.remove()
        self._end()

    def _send(self) -> None:
        vectors = VectorFeatures(self._vectors, self._spool.nct_ids)
        for _, made in self._spool:
            for nct_id, scored in made:
                whole = with_features(scored, vectors.of(nct_id))
                self._sender.index(document_id(nct_id, self._target.generation), whole)

    def _undo(self) -> None:
        """Take back what an update left that broke off after the generation before."""
        index, after = self._target.index, self._before.generation
        self._cluster.ask("POST", f"/{index}/_refresh")
        with closing(Sender(self._cluster, self._target)) as sender:
            for number, since in found(self._cluster, index, {"range": {"since": {"gt": after}}}):
                sender.delete(document_id(id_of(number), since))
            sender.flush()
            for number, since in found(self._cluster, index, {"range": {"until": {"gt": after, "lt": LIVING}}}):
                sender.update(document_id(id_of(number), since), {"until": LIVING})
            sender.flush()

    def _purge(self) -> None:
        """Remove what neither the generation before nor the one before that sees."""
        unseen = {"range": {"until": {"lt": self._before.generation}}}
        for number, since in found(self._cluster, self._target.index, unseen):
            self._sender.delete(document_id(id_of(number), since))

    def _end(self) -> None:
        self._sender.close()
        self._cluster.close()

    def abandon(self) -> None:
        """Take back what was written; where the cluster is gone, the next update does."""
        self._sender.close()
        with suppress(ClusterError):
            self._undo()
        self._end()
