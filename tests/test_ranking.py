"""Diverse rankings: near-copies don't fill the list, scores stay what they are."""

from collections.abc import Iterator

import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from index.search import Index
from index.similar.aspects import Comparison
from tests.indexes import indexed
from tests.records import raw

DIVERSE = Comparison(diverse=True)
SEED = "NCT00000001"
COPIES = [f"NCT{number:08d}" for number in range(2, 14)]
OTHERS = ["NCT00000020", "NCT00000021", "NCT00000022"]


def told(nct_id: str, title: str, summary: str) -> RawRecord:
    return raw(
        nct_id,
        identificationModule={"briefTitle": title},
        conditionsModule={"conditions": ["Gout"]},
        descriptionModule={"briefSummary": summary},
    )


@pytest.fixture
def copied(cache: Cache) -> Iterator[Index]:
    """A seed with twelve near-copies, three others on the same condition, and some far away."""
    title, summary = "Colchicine in acute gout", "Colchicine tablets twice a day in acute gout of the foot"
    far = (told(f"NCT{number:08d}", "Mumps vaccine", "Children are vaccinated") for number in range(30, 60))
    others = zip(OTHERS, ("Allopurinol", "Febuxostat", "Cherry juice"), strict=True)
    with indexed(
        cache,
        told(SEED, title, summary),
        *(told(nct_id, title, summary) for nct_id in COPIES),
        *(told(nct_id, f"{drug} in acute gout", f"{drug} every morning in acute gout") for nct_id, drug in others),
        *far,
    ) as index:
        yield index


def test_near_copies_fill_the_plain_list_and_not_the_diverse_one(copied: Index) -> None:
    plain = [trial.nct_id for trial in copied.similar([SEED], {}, 10, None)]
    assert plain == COPIES[:10]
    diverse = [trial.nct_id for trial in copied.similar([SEED], {}, 10, None, DIVERSE)]
    assert diverse[0] == COPIES[0]
    assert set(OTHERS) <= set(diverse)


def test_the_scores_shown_are_the_plain_ones(copied: Index) -> None:
    plain = {trial.nct_id: trial.score for trial in copied.similar([SEED], {}, 100, None)}
    diverse = {trial.nct_id: trial.score for trial in copied.similar([SEED], {}, 100, None, DIVERSE)}
    assert diverse == plain


@pytest.mark.parametrize("limit", [0, 1, 5, 15])
def test_a_limit_cuts_the_same_order(copied: Index, limit: int) -> None:
    whole = copied.similar([SEED], {}, 100, None, DIVERSE)
    assert copied.similar([SEED], {}, limit, None, DIVERSE) == whole[:limit]


def test_beyond_the_pool_the_order_is_the_plain_one(copied: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.similar.ranking.POOL", 5)
    plain = copied.similar([SEED], {}, 100, None)
    diverse = copied.similar([SEED], {}, 100, None, DIVERSE)
    assert diverse[5:] == plain[5:]
    assert sorted(diverse[:5], key=lambda trial: trial.nct_id) == sorted(plain[:5], key=lambda trial: trial.nct_id)


def test_it_goes_with_unlike(copied: Index) -> None:
    assert copied.similar([SEED], {}, 10, None, Comparison(unlike="condition", diverse=True)) == []
