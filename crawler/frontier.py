"""Pure: which trial next, and why. Best first: what a record names comes before what merely resembles.

Order: named in a record or on a page, then sharing an id or a paper, then neighbours; within a class nearest to the
seeds first, by the closeness of the record where it is known, then by depth and by kind; last by NCT id, so that the
same links always give the same order.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

from crawler.links import RANK

NAMED, SHARED, RESEMBLING = 0, 1, 2
_CLASS = {"shared_id": SHARED, "shared_pmid": SHARED, "neighbour": RESEMBLING}

Key: TypeAlias = tuple[int, float, int, int, str]


@dataclass(frozen=True)
class Because:
    """A link that led to a trial. `source` is an NCT id, a page's address, or None for a seed or a query."""

    kind: str
    source: str | None
    evidence: str


@dataclass
class Candidate:
    """A trial that something leads to: at what depth, by which links, how close its record is where it is held."""

    nct_id: str
    depth: int
    because: list[Because] = field(default_factory=list)
    closeness: float = 0.0

    @property
    def key(self) -> Key:
        """Place in the order; the smallest is next."""
        kinds = [because.kind for because in self.because]
        best = min(_CLASS.get(kind, NAMED) for kind in kinds)
        nearness = -self.closeness if best == RESEMBLING else 0.0
        return best, nearness, self.depth, min(RANK[kind] for kind in kinds), self.nct_id


class Frontier:
    """Candidates of one crawl. `limit` counts trials kept, `deepest` is the furthest from a seed."""

    def __init__(self, limit: int, deepest: int) -> None:
        self._limit = limit
        self._deepest = deepest
        self._waiting: dict[str, Candidate] = {}
        self._heap: list[tuple[Key, str]] = []
        self._too_deep: set[str] = set()
        self._dropped: set[str] = set()
        self._links: dict[str, dict[Because, None]] = defaultdict(dict)
        self.kept: dict[str, int] = {}

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return len(self.kept) >= self._limit

    def offer(self, nct_id: str, depth: int, because: Because) -> None:
        """Tell of a link to a trial."""
        self._links[nct_id][because] = None
        if nct_id in self.kept or nct_id in self._dropped:
            return
        if depth > self._deepest:
            self._too_deep.add(nct_id)
            return
        candidate = self._waiting.setdefault(nct_id, Candidate(nct_id, depth))
        candidate.depth = min(candidate.depth, depth)
        candidate.because.append(because)
        heapq.heappush(self._heap, (candidate.key, nct_id))

    def score(self, nct_id: str, closeness: float) -> None:
        """Tell how close a waiting trial's record is to the seeds."""
        candidate = self._waiting.get(nct_id)
        if candidate is not None and candidate.closeness != closeness:
            candidate.closeness = closeness
            heapq.heappush(self._heap, (candidate.key, nct_id))

    def pop(self) -> Candidate | None:
        """Take the best candidate out; None where none waits or the limit is reached."""
        while self._heap and not self.full:
            key, nct_id = heapq.heappop(self._heap)
            candidate = self._waiting.get(nct_id)
            if candidate is not None and candidate.key == key:
                del self._waiting[nct_id]
                return candidate
        return None

    def keep(self, nct_id: str, depth: int) -> None:
        """Count a trial as reached."""
        self.kept[nct_id] = depth
        self._waiting.pop(nct_id, None)

    def drop(self, nct_id: str) -> None:
        """Forget an id that turned out to be no trial of its own."""
        self._dropped.add(nct_id)
        self._waiting.pop(nct_id, None)

    def waiting_named(self) -> list[str]:
        """Ids that wait because something names them, best first: what a batch may as well fetch together."""
        named = sorted(c.key for c in self._waiting.values() if c.key[0] == NAMED)
        return [key[-1] for key in named]

    def because(self, nct_id: str) -> list[Because]:
        """Every link that led to a trial, best first."""
        return sorted(self._links[nct_id], key=lambda link: (RANK[link.kind], link.source or "", link.evidence))

    @property
    def left(self) -> dict[str, int]:
        """How many known trials were left out for the limit, and how many for the depth."""
        waiting = set(self._waiting) - set(self.kept)
        deep = self._too_deep - set(self.kept) - waiting - self._dropped
        return {"limit": len(waiting), "depth": len(deep)}
