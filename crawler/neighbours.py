"""Pure: seeds → queries by which the registry itself finds their neighbours."""

import re
from collections.abc import Sequence

from crawler.trial import Trial

# With more seeds than this, one query stands for several of them, so that calls don't grow with the seeds.
SEEDS_ALONE = 5
NAMES_A_QUERY = 8
NAME_CHARACTERS = 120
_RESERVED = re.compile(r'[\[\](),:"]')  # a colon after a word is a short form's, where the mirror answers
_OPERATORS = re.compile(r"\b(AND|OR|NOT|AREA|RANGE|MISSING|SEARCH|EXPANSION|COVERAGE)\b")
# What an arm is compared with is no clue to what is tried (a condition such as Birth Control is one).
INERT = re.compile(r"\b(placebos?|standard of care|usual care|control|sham)\b", re.IGNORECASE)


def queries(seeds: Sequence[Trial], asked: Sequence[str]) -> list[tuple[dict[str, str], str | None]]:
    """Parameters of `/studies` for each query, and the seed that it is made from (None for one that was asked).

    The narrowest first: the seed's conditions with its interventions, then either alone.
    """
    made: dict[tuple[tuple[str, str], ...], str | None] = {}
    for text in asked:
        made.setdefault((("query.term", text),), None)
    for group in _groups(seeds):
        conditions = _either([name for seed in group for name in seed.conditions])
        given = [i.name for seed in group for i in seed.interventions if i.name is not None]
        interventions = _either([name for name in given if not INERT.search(name)])
        both = (("query.cond", conditions), ("query.intr", interventions))
        for parameters in (both, both[:1], both[1:]):
            if all(text for _, text in parameters):
                made.setdefault(parameters, group[0].nct_id)
    return [(dict(parameters), source) for parameters, source in made.items()]


def _groups(seeds: Sequence[Trial]) -> list[Sequence[Trial]]:
    size = 1 if len(seeds) <= SEEDS_ALONE else -(-len(seeds) // SEEDS_ALONE)
    return [seeds[at : at + size] for at in range(0, len(seeds), size)]


def _either(names: list[str]) -> str:
    """Names as one query: any of them; what the query language reserves is taken out."""
    plain = (_OPERATORS.sub(" ", _RESERVED.sub(" ", name)) for name in names)
    kept = list(dict.fromkeys(" ".join(name.split())[:NAME_CHARACTERS] for name in plain))
    kept = [name for name in kept if any(letter.isalnum() for letter in name)][:NAMES_A_QUERY]
    return kept[0] if len(kept) == 1 else " OR ".join(f"({name})" for name in kept)
