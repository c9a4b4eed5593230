"""A tantivy index, open for reading: the few calls that are made of it, whose failures are told as damage."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from tantivy import DocAddress, Index, Order, Query, Schema, Searcher

from index.engines.tantivy.layout import CARD, EVERYWHERE, NUMBER
from index.errors import IndexDamaged

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST_REASON = 200  # tantivy tells the whole content of a file that it can't read


@dataclass(frozen=True)
class Found:
    """Exact total, and the best hits as (score, where it is), best first."""

    total: int
    hits: list[tuple[float, DocAddress]]


class Searching:
    """One index. ValueError at opening where a file is missing or not tantivy's; IndexDamaged for all that follows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            with _lockable(folder) as place:
                self._open(place)
        except ValueError as error:
            raise ValueError(reason(error)) from None

    def _open(self, folder: Path) -> None:
        index = quietly(Index.open, str(folder))
        quietly(index.config_reader, "Manual")  # a generation never changes: nothing to look out for
        self._searcher: Searcher = quietly(index.searcher)
        self.schema: Schema = index.schema
        quietly(self._searcher.doc_freq, EVERYWHERE, "")  # opens postings, which tantivy does when it needs them

    def _asked(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return quietly(call, *args, **kwargs)
        except ValueError as error:
            raise IndexDamaged(self._folder, reason(error)) from None

    @property
    def trials(self) -> int:
        """How many trials it holds."""
        return self._searcher.num_docs

    @property
    def segments(self) -> int:
        """How many segments it has: within one, hits of equal score come in order of NCT id."""
        return self._searcher.num_segments

    def best(self, query: Query, limit: int, offset: int = 0) -> Found:
        """Count what a query finds; its best hits, at least one of which must be asked for."""
        trials = max(1, self.trials)  # the library makes room for all that it is asked for
        result: Any = self._asked(self._searcher.search, query, min(limit, trials), offset=min(offset, trials))
        return Found(result.count, result.hits)

    def count(self, query: Query) -> int:
        """How many trials a query finds."""
        return self.best(Query.const_score_query(query, 0.0), 1).total

    def in_order(self, query: Query, limit: int) -> list[tuple[int, DocAddress]]:
        """What a query finds, so much of it, in order of NCT id: the id's number and where it is."""
        search = self._searcher.search
        result: Any = self._asked(search, query, max(1, limit), count=False, order_by_field=NUMBER, order=Order.Asc)
        hits: list[tuple[int, DocAddress]] = result.hits
        return hits

    def numbers(self, places: list[DocAddress]) -> list[int]:
        """Numbers of the NCT ids of trials."""
        values: list[Any] = self._asked(self._searcher.fast_field_values, NUMBER, places)
        return values

    def aggregate(self, query: Query, asked: Mapping[str, object]) -> dict[str, Any]:
        """Count what a query finds, by the library's own request form."""
        return self._asked(self._searcher.aggregate, query, dict(asked))

    def stands(self, field: str, term: str) -> bool:
        """Tell whether any trial may hold a term in a field (one that was taken out may have held it)."""
        return self._asked(self._searcher.doc_freq, field, term) > 0

    def cards(self, places: Sequence[DocAddress]) -> list[bytes]:
        """Cards of trials, as they were written."""
        documents: list[Any] = [self._asked(self._searcher.doc, place) for place in places]
        return [each.get_first(CARD) for each in documents]

    def close(self) -> None:
        """Let go of files: the library does when nobody holds the searcher any more."""
        del self._searcher


@contextmanager
def _lockable(folder: Path) -> Iterator[Path]:
    """Give a folder that tantivy can open: it writes a lock even to read, and all that it opens it keeps open."""
    if os.access(folder, os.W_OK) or not folder.is_dir():
        yield folder
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="trialkin-") as aside:
        for path in folder.iterdir():
            if path.suffix != ".lock":  # somebody left it who could write
                Path(aside, path.name).symlink_to(path.resolve())
        yield Path(aside)


def reason(error: BaseException) -> str:
    """What the library said, short and in one line."""
    return " ".join(str(error).split())[:_LONGEST_REASON]


def quietly(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call the library; a panic of it is a ValueError as its other failures are. Python would take it for an exit."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(reason(error)) from None
