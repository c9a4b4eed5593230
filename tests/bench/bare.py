"""What tantivy alone takes: `python tests/bench/bare.py FOLDER TERM …` asks an index of ours without a line of ours.

It finds the ten best trials that hold all terms (stems, as the index has them), reads their cards, counts them all and
their facets. Beside it stands what a command, and a question within one process, take here.
"""

import sys
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console
from tantivy import Index, Occur, Query

FACETS = (
    "status",
    "phase",
    "type",
    "country",
    "condition_mesh",
    "intervention_type",
    "sponsor_class",
    "sponsor",
    "start_year",
    "age_group",
    "results",
)
SHOWN = 10
VALUES = 20  # of a facet


class Bare:
    """An index, open."""

    def __init__(self, folder: str) -> None:
        self._index = Index.open(folder)
        self._searcher = self._index.searcher()

    def ask(self, found: Query, ranked: Query) -> tuple[int, list[Any], dict[str, list[dict[str, object]]]]:
        """Total, cards of the first ten as a query ranks them, buckets by facet of what another finds."""
        best: Any = self._searcher.search(ranked, SHOWN)
        cards = [self._searcher.doc(place).get_first("card") for _, place in best.hits]
        counted = self._searcher.aggregate(found, {key: {"terms": {"field": key, "size": VALUES}} for key in FACETS})
        return best.count, cards, {key: counted[key]["buckets"] for key in FACETS}

    def standing(self, terms: Iterable[str]) -> Query:
        """Trials that hold all terms, ranked by the field of all text."""
        schema = self._index.schema
        return Query.boolean_query([(Occur.Must, Query.term_query(schema, "everywhere", term)) for term in terms])


@click.command()
@click.argument("folder")
@click.argument("terms", nargs=-1)
def main(folder: str, terms: tuple[str, ...]) -> None:
    """Ask, and show what came."""
    index = Bare(folder)
    query = index.standing(terms)
    total, cards, facets = index.ask(query, query)
    out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    shown = [f"{total:,} trials", *map(repr, cards)]
    shown += [f"{key} {bucket['key']} {bucket['doc_count']}" for key in FACETS for bucket in facets[key]]
    out.print("\n".join(shown), markup=False)


if __name__ == "__main__":
    main()
