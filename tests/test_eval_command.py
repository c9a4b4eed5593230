"""`eval` on the bundled sample, with truth made by hand around what `similar` answers."""

from collections.abc import Callable, Sequence
from math import log2
from pathlib import Path

import pytest

from crawler.config import Cache
from tests.indexes import keep
from tests.naive import DOCUMENTS
from tests.records import raw
from tests.running import Ran, Shell
from tests.serving import Served

pytest_plugins = ["tests.serving"]

SEED, OTHER = "NCT05300932", "NCT04320277"
ABSENT = "NCT09999999"
METRICS = ("ndcg@5", "ndcg@10", "p@1", "p@10", "r@5", "r@100", "map")

Line = tuple[str, str, str, float]
Ask = Callable[..., Ran]


@pytest.fixture
def ask(trialkin: Shell, tmp_path: Path, sample_cache: Cache) -> Ask:
    """`eval` of lines of truth, on the sample unless told."""

    def asked(lines: Sequence[Line], *flags: str, cache: Cache = sample_cache) -> Ran:
        path = tmp_path / "truth.tsv"
        told = ["\t".join(map(str, line)) for line in (("group", "query", "candidate", "gain"), *lines)]
        path.write_text("\n".join(told), encoding="utf-8")
        return trialkin("eval", str(path), "--cache", str(cache.folder), *flags)

    return asked


@pytest.fixture
def nearest(trialkin: Shell, sample_cache: Cache) -> list[str]:
    """Trials like the seed, best first."""
    words = ("similar", SEED, "--format", "ids", "--limit", "100", "--cache", str(sample_cache.folder))
    return trialkin(*words).out.split()


def test_the_figures_are_those_of_what_similar_answers(ask: Ask, nearest: list[str]) -> None:
    lines = [("a", SEED, nearest[0], 2), ("a", SEED, nearest[3], 1), ("a", SEED, ABSENT, 1)]
    told = ask(lines, "--json", "--no-baselines").json
    ndcg = (3 + 1 / log2(5)) / (3 + 1 / log2(3) + 1 / 2)
    assert {name: told[name] for name in METRICS} == pytest.approx(
        {"ndcg@5": ndcg, "ndcg@10": ndcg, "p@1": 1, "p@10": 0.2, "r@5": 2 / 3, "r@100": 2 / 3, "map": (1 + 2 / 4) / 3}
    )
    assert told["missing"] == [ABSENT]
    assert (told["groups"], told["queries"], told["queries_scored"], told["queries_incomplete"]) == (1, 1, 1, 1)
    assert told["baselines"] == {}
    assert told["intervals"] is None


def test_a_query_with_a_candidate_of_gain_0_ranks_just_those_listed(ask: Ask, nearest: list[str]) -> None:
    lines = [("a", SEED, nearest[9], 1), ("a", SEED, nearest[4], 0), ("a", SEED, nearest[20], 0)]
    told = ask(lines, "--json", "--no-baselines").json
    assert (told["p@1"], told["map"], told["r@5"]) == (0, 0.5, 1)  # second of three; tenth of all


def test_groups_count_alike_however_many_queries_they_have(ask: Ask, nearest: list[str]) -> None:
    lines = [
        ("a", SEED, nearest[0], 1),
        ("b", SEED, nearest[0], 1),
        ("b", nearest[0], ABSENT, 1),
        ("b", nearest[1], ABSENT, 1),
    ]
    told = ask(lines, "--json", "--no-baselines").json
    assert told["p@1"] == pytest.approx((1 + 1 / 3) / 2)
    assert told["by_group"]["b"]["queries"] == told["by_group"]["b"]["queries_scored"] == 3
    assert told["by_group"]["b"]["p@1"] == pytest.approx(1 / 3)
    low, high = told["intervals"]["p@1"]
    assert (low, high) == pytest.approx((1 / 3, 1))


def test_an_alias_is_its_trial_and_no_trial_its_own_candidate(ask: Ask) -> None:
    told = ask([("a", "NCT00182910", "NCT00000620", 1), ("a", "NCT00000620", SEED, 1)], "--json", "--no-baselines").json
    assert (told["queries"], told["queries_scored"], told["missing"]) == (2, 1, [])


def test_baselines_and_differences_stand_beside_ours(ask: Ask, nearest: list[str]) -> None:
    told = ask([(group, SEED, nearest[at], 1) for group, at in (("a", 0), ("b", 1), ("c", 30))], "--json").json
    assert list(told["baselines"]) == ["random", "tfidf", "bm25"]
    for baseline in told["baselines"].values():
        for metric in METRICS:
            apart = baseline["differences"][metric]
            assert apart["mean"] == pytest.approx(told[metric] - baseline[metric])
            assert apart["low"] - 1e-9 <= apart["mean"] <= apart["high"] + 1e-9
            assert 0 <= baseline["intervals"][metric][0] <= baseline["intervals"][metric][1] <= 1
    assert told["baselines"]["random"]["p@1"] == pytest.approx(1 / (len(DOCUMENTS) - 1))
    assert told["bootstrap"] == {"over": "groups", "draws": 10_000, "seed": 1, "confidence": 0.95}


def test_the_same_words_give_the_same_bytes(ask: Ask, nearest: list[str]) -> None:
    lines = [("a", SEED, nearest[2], 1), ("b", OTHER, nearest[5], 1)]
    assert ask(lines, "--json").stdout == ask(lines, "--json").stdout


def test_people_read_a_table(ask: Ask, nearest: list[str]) -> None:
    ran = ask([("a", SEED, nearest[0], 1), ("b", OTHER, nearest[3], 1), ("b", SEED, ABSENT, 1)])
    assert ran.code == 0
    for words in (
        "3 of 3 queries scored, in 2 of 2 groups",
        "ndcg@10",
        "ours - BM25",
        "95% interval over groups",
        f"1 trial of the table not held ({ABSENT})",
        "lack some of their candidates here: 1",
    ):
        assert words in ran.out
    one = ask([("a", SEED, nearest[0], 1)])
    assert "One group alone has no interval." in one.out


def test_a_truth_of_which_nothing_is_held_is_told_as_that(ask: Ask) -> None:
    ran = ask([("a", ABSENT, SEED, 1), ("b", SEED, OTHER, 0)], "--json")
    assert ran.code == 0
    told = ran.json
    assert (told["queries"], told["queries_scored"], told["groups_scored"]) == (2, 0, 0)
    assert {name: told[name] for name in METRICS} == dict.fromkeys(METRICS)
    assert told["by_group"]["a"] == {"queries": 1, "queries_scored": 0, **dict.fromkeys(METRICS)}
    assert (told["baselines"], told["intervals"]) == ({}, None)
    assert "nothing to score" in ask([("a", ABSENT, SEED, 1)]).out


def test_a_bad_table_is_a_usage_error_before_any_cache_is_opened(trialkin: Shell, tmp_path: Path) -> None:
    path = tmp_path / "truth.tsv"
    path.write_text("group\tquery\tcandidate\tscore\n", encoding="utf-8")
    ran = trialkin("eval", str(path), "--cache", str(tmp_path / "none"))
    assert (ran.code, ran.stdout) == (2, b"")
    assert "it has a column 'score', which is unknown" in ran.err
    assert trialkin("eval", str(tmp_path / "no-file"), "--cache", str(tmp_path / "none")).code == 2


def test_a_cache_without_trials_says_how_to_have_some(ask: Ask, cache: Cache) -> None:
    ran = ask([("a", SEED, OTHER, 1)], cache=cache)
    assert ran.code == 1
    assert "trialkin crawl" in ran.err


# -- fetching --------------------------------------------------------------------------------------------------------


def test_missing_trials_are_fetched_kept_and_indexed(ask: Ask, registry: Served, cache: Cache) -> None:
    lines = [("a", SEED, OTHER, 1), ("a", SEED, "NCT00182910", 1), ("a", SEED, ABSENT, 1)]
    flags = ("--fetch", "--registry", registry.base, "--pace", "0", "--no-baselines", "--json")
    ran = ask(lines, *flags, cache=cache)
    assert ran.code == 0
    told = ran.json
    assert told["fetched"] == {"kept": 3, "unusable": [], "stopped": None}
    assert told["missing"] == [ABSENT]
    assert told["queries_scored"] == 1
    assert told["data_timestamp"] is not None
    again = ask(lines, *flags, cache=cache).json
    assert again["fetched"]["kept"] == 0
    assert {name: again[name] for name in METRICS} == {name: told[name] for name in METRICS}


def test_what_is_held_is_scored_where_the_registry_does_not_answer(ask: Ask, cache: Cache, trialkin: Shell) -> None:
    keep(cache, raw("NCT00000001"), raw("NCT00000002"))
    trialkin("index", "--cache", str(cache.folder))
    lines = [("a", "NCT00000001", "NCT00000002", 1), ("a", "NCT00000001", SEED, 1)]
    flags = ("--fetch", "--registry", "http://127.0.0.1:9", "--pace", "0", "--no-baselines", "--json")
    ran = ask(lines, *flags, cache=cache)
    assert ran.code == 1
    assert ran.json["queries_scored"] == 1
    assert "127.0.0.1:9" in ran.json["fetched"]["stopped"]
    assert "not everything was fetched" in ran.err


def test_a_cache_of_another_registry_is_refused(ask: Ask, registry: Served, cache: Cache) -> None:
    lines = [("a", SEED, OTHER, 1)]
    flags = ("--fetch", "--pace", "0", "--no-baselines", "--json")
    ask(lines, *flags, "--registry", registry.base, cache=cache)
    ran = ask([("a", SEED, ABSENT, 1)], *flags, "--registry", "http://127.0.0.1:9", cache=cache)
    assert (ran.code, ran.stdout) == (1, b"")
    assert "was fetched from" in ran.err
