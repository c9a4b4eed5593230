"""Documents on their way into the cluster: several requests at once, each of a few megabytes."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import msgspec

from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.query import Query
from index.engines.opensearch.target import Target

_REQUEST_BYTES = 4_000_000  # some 150 documents
_AT_ONCE = 3


class Sender:
    """Sends lines of bulk requests; an error of one that was sent is raised by a later call, `flush` at the latest."""

    def __init__(self, cluster: Cluster, target: Target) -> None:
        self._cluster = cluster
        self._target = target
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._under_way: deque[Future[None]] = deque()
        self._lines: list[bytes] = []
        self._bytes = 0

    def index(self, document: str, source: bytes) -> None:
        """Put a document under its id."""
        self._send(msgspec.json.encode({"index": {"_id": document}}), source)

    def update(self, document: str, change: dict[str, Any]) -> None:
        """Change fields of a document."""
        action = msgspec.json.encode({"update": {"_id": document, "retry_on_conflict": 3}})
        self._send(action, msgspec.json.encode({"doc": change}))

    def delete(self, document: str) -> None:
        """Take a document out."""
        self._send(msgspec.json.encode({"delete": {"_id": document}}))

    def _send(self, *lines: bytes) -> None:
        self._lines += lines
        self._bytes += sum(map(len, lines))
        if self._bytes > _REQUEST_BYTES:
            self._submit()

    def _submit(self) -> None:
        if self._lines:
            self._under_way.append(self._pool.submit(self._cluster.write, self._target.writes, self._lines))
            self._lines, self._bytes = [], 0
        while len(self._under_way) > _AT_ONCE:
            self._under_way.popleft().result()

    def flush(self) -> None:
        """Return when everything sent was acknowledged and can be found."""
        self._submit()
        while self._under_way:
            self._under_way.popleft().result()
        self._cluster.ask("POST", f"/{self._target.index}/_refresh")

    def close(self) -> None:
        """Send nothing any more; return when nothing is under way."""
        self._pool.shutdown(cancel_futures=True)


def found(cluster: Cluster, index: str, query: Query) -> Iterator[tuple[int, int]]:
    """The number and `since` of the documents of a query."""
    body: Query = {"query": query, "sort": ["number", "since"], "_source": False}
    return (tuple(hit["sort"]) for hit in cluster.hits(index, body))


def total(cluster: Cluster, index: str, *filters: Query) -> int:
    """How many documents pass."""
    body = {"query": {"bool": {"filter": list(filters)}}, "size": 0, "track_total_hits": True}
    return int(cluster.search(index, body)["hits"]["total"]["value"])
