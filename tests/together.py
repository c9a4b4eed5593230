"""One writer and many readers on one cache: `python -m tests.together read FOLDER`, `… write FOLDER TURNS`.

Every update changes one word in all trials at once, so that an answer that mixes two states shows both words.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from index.build import update
from index.query.parse import parse
from index.search import Index, SearchRequest, open_index
from index.similar.reasons import no_kin
from tests.records import body
from tests.refreshing import dated, ids

TRIALS = 40
WORDS = ("red", "blue")


def bring(cache: Cache, turn: int) -> None:
    """Load all trials with the word of a turn, and bring the index up to them."""
    word = WORDS[turn % 2]
    records = [
        dated(
            number,
            f"2026-{1 + turn // 28 % 12:02d}-{1 + turn % 28:02d}",
            identificationModule={"briefTitle": f"{word} {number * 7919}"},
            conditionsModule={"conditions": [word]},
            sponsorCollaboratorsModule={"leadSponsor": {"name": word}},
            descriptionModule={"briefSummary": f"asthma {word} in people of {number}"},
        )
        for number in range(1, TRIALS + 1)
    ]
    path = cache.folder.with_name("turn.jsonl")
    path.write_bytes(b"\n".join(map(body, records)))
    with Store.writing(cache) as store:
        load(store, [str(path)], lambda _more: None)
        update(store, "tantivy" if turn % 4 < 2 else "whoosh", lambda _more: None)


def words_of(index: Index, store: Store) -> list[tuple[set[str], int]]:
    """The words in each of several answers, and how many trials each has."""
    asked = SearchRequest("asthma", parse("asthma"), facets=True, limit=100)
    page = index.search(asked)
    facets = {str(row.value) for row in page.facets["sponsor"]} | {hit.title.split()[0] for hit in page.hits}
    counted = {row.count for row in page.facets["sponsor"]}
    word = index_word(index, ids(1)[0])
    exact = index.search(SearchRequest(word, parse(f'EXPANSION[None]"{word}"'), limit=100))  # read in the records
    alike = index.similar(ids(1), {}, TRIALS - 1, no_kin)
    trial = store.trial(ids(7)[0])
    return [
        (facets, page.total if counted == {page.total} else -1),
        ({hit.title.split()[0] for hit in exact.hits} or {"none"}, exact.total),
        ({index_word(index, other.nct_id) for other in alike}, len(alike) + 1),
        ({(trial.brief_title or "").split()[0], *trial.conditions, (trial.brief_summary or "").split()[1]}, TRIALS),
    ]


def index_word(index: Index, nct_id: str) -> str:
    """Return the word of a trial as the open generation has it."""
    card = index.card(nct_id)
    return "" if card is None else card.title.split()[0]


def read(cache: Cache, stop: Path) -> None:
    """Ask until it is time to stop; tell the answers, by their words, that were whole, and all that were not."""
    seen: Counter[str] = Counter()
    odd: list[str] = []
    while not stop.exists() and len(odd) < 3:
        with Store.reading(cache) as store, open_index(cache.index, records=store.raw_as) as index:
            for words, count in words_of(index, store):
                if len(words) == 1 and count == TRIALS:
                    seen.update(words)
                else:
                    odd.append(f"{sorted(words)} in {count}")
    sys.stdout.write(json.dumps({"seen": seen, "odd": odd}))


def main() -> None:
    """Read or write."""
    cache = Cache(Path(sys.argv[2]) / "cache")
    stop = Path(sys.argv[2]) / "stop"
    if sys.argv[1] == "read":
        read(cache, stop)
        return
    for turn in range(1, int(sys.argv[3]) + 1):
        bring(cache, turn)
    stop.touch()


if __name__ == "__main__":
    main()
