import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from tests.past import fetched, loaded, set_gone, state
from tests.running import Shell

ONE, TWO, THREE = "NCT00000001", "NCT00000002", "NCT00000003"
ATOM = "{http://www.w3.org/2005/Atom}"


def about(
    nct_id: str,
    condition: str,
    posted: str = "2024-01-01",
    status: str = "RECRUITING",
    **modules: Any,  # noqa: ANN401 - the registry's JSON
) -> RawRecord:
    return state(posted, status, nct_id, conditionsModule={"conditions": [condition]}, **modules)


def index(cache: Cache, *, rebuild: bool = False) -> None:
    with Store.writing(cache) as store:
        update(store, "auto", lambda _more: None, rebuild=rebuild)


@pytest.fixture
def at(cache: Cache) -> tuple[str, str]:
    """`--cache` of three trials, two of lupus, indexed."""
    fetched(cache, about(ONE, "Lupus"), about(TWO, "Lupus"), about(THREE, "Gout"))
    index(cache)
    return "--cache", str(cache.folder)


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["nct_id"] for item in items]


def told(news: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    return ids(news["entered"]), ids(news["left"]), ids(news["changed"])


def test_the_first_run_is_a_baseline_and_a_second_without_news_none(trialkin: Shell, at: tuple[str, str]) -> None:
    assert trialkin("watch", "add", "lupus", "cond:lupus", *at).code == 0
    ran = trialkin("watch", "run", "--json", *at)
    assert (ran.code, ran.json["baseline"], ran.json["members"], told(ran.json)) == (0, True, 2, ([], [], []))
    again = trialkin("watch", "run", "--json", *at)
    assert (again.code, again.json) == (
        0, {"name": "lupus", "entered": [], "left": [], "changed": [], "data_timestamp": None, "members": 2},
    )  # fmt: skip


def test_what_entered_left_and_changed_is_told_once_with_exit_3(
    trialkin: Shell, cache: Cache, at: tuple[str, str]
) -> None:
    trialkin("watch", "add", "lupus", "cond:lupus", *at)
    trialkin("watch", "run", *at)
    fetched(cache, about(ONE, "Lupus", "2024-02-01", "TERMINATED"), about(THREE, "Lupus", "2024-02-01"))
    set_gone(cache, TWO, "2026-08-19")
    index(cache)
    ran = trialkin("watch", "run", "--json", *at)
    assert (ran.code, told(ran.json)) == (3, ([THREE], [TWO], [ONE]))
    assert ran.json["changed"] == [
        {"nct_id": ONE, "title": f"Trial {ONE}", "severity": "high", "reasons": ["status RECRUITING → TERMINATED"]}
    ]
    assert ran.json["left"][0]["reasons"] == ["gone from the registry since 2026-08-19"]
    assert ran.json["entered"][0]["reasons"] == ["changed: conditions"]
    assert trialkin("watch", "run", *at).code == 0


def test_a_stale_import_is_no_news(trialkin: Shell, cache: Cache, at: tuple[str, str]) -> None:
    trialkin("watch", "add", "lupus", "cond:lupus", *at)
    trialkin("watch", "add", "near", "--near", ONE, *at)
    trialkin("watch", "run", *at)
    loaded(cache, about(ONE, "Gout", "2020-01-01", "SUSPENDED"))
    index(cache)
    ran = trialkin("watch", "run", "--json", *at)
    assert (ran.code, [told(line) for line in ran.lines]) == (0, [([], [], []), ([], [], [])])


def test_a_trial_that_enters_the_closest_is_news(trialkin: Shell, cache: Cache, at: tuple[str, str]) -> None:
    trialkin("watch", "add", "near", "--near", " nct1", "--closest", "1", *at)
    assert trialkin("watch", "run", "--json", *at).json["members"] == 1
    index(cache, rebuild=True)
    assert trialkin("watch", "run", *at).code == 0
    title = {"briefTitle": f"Trial {ONE}"}
    closer = about("NCT00000004", "Lupus", identificationModule=title)
    fetched(cache, closer)
    index(cache)
    ran = trialkin("watch", "run", "near", "--json", *at)
    assert (ran.code, told(ran.json)) == (3, (["NCT00000004"], [TWO], []))
    assert ran.json["left"][0]["reasons"] == ["others changed, and the order of the closest with them"]


def test_a_digest_is_markdown_that_no_record_steers(trialkin: Shell, cache: Cache, at: tuple[str, str]) -> None:
    trialkin("watch", "add", "all", "RECRUITING OR trial", *at)
    assert "This is the baseline" in trialkin("watch", "run", *at).out
    assert "Nothing new." in trialkin("watch", "run", *at).out
    fetched(cache, state("2024-02-01", identificationModule={"briefTitle": "Trial [x](http://evil) <b>\x1b[31m"}))
    index(cache)
    ran = trialkin("watch", "run", *at)
    assert ran.code == 3
    assert "## all" in ran.out
    assert "### 1 changed" in ran.out
    assert rf"[{ONE}](https://clinicaltrials.gov/study/{ONE}) Trial \[x\](http://evil) \<b\> \[31m (low)" in ran.out


def test_feeds_hold_the_news_of_all_runs(trialkin: Shell, cache: Cache, at: tuple[str, str], tmp_path: Path) -> None:
    empty = ET.fromstring(trialkin("watch", "feed", *at).stdout)  # noqa: S314 - our own
    assert (empty.tag, empty.findall(f"{ATOM}entry")) == (f"{ATOM}feed", [])
    trialkin("watch", "add", "lupus", "cond:lupus", *at)
    trialkin("watch", "run", *at)
    hostile = {"briefTitle": "A & B <i>\x00"}
    fetched(
        cache,
        about(THREE, "Lupus", "2024-02-01"),
        about(ONE, "Lupus", "2024-02-01", "TERMINATED", identificationModule=hostile),
    )
    index(cache)
    trialkin("watch", "run", *at)
    atom = ET.fromstring(trialkin("watch", "feed", *at).stdout)  # noqa: S314 - our own
    titles = [entry.findtext(f"{ATOM}title") for entry in atom.findall(f"{ATOM}entry")]
    assert titles == [f"{THREE} entered “lupus”: Trial {THREE}", f"{ONE} changed in “lupus”: A & B <i> "]
    file = tmp_path / "feed.json"
    assert trialkin("watch", "feed", "--format", "json", "-o", str(file), *at).out == ""
    feed = json.loads(file.read_text(encoding="utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in feed["items"]] == titles
    found = [entry.findtext(f"{ATOM}id") for entry in atom.findall(f"{ATOM}entry")]
    assert [item["id"] for item in feed["items"]] == found
    assert len(set(found)) == 2


def test_a_watch_that_fails_is_told_and_the_others_run(trialkin: Shell, cache: Cache, at: tuple[str, str]) -> None:
    trialkin("watch", "add", "near", "--near", TWO, *at)
    trialkin("watch", "add", "x", "lupus", *at)
    set_gone(cache, TWO, "2026-08-19")
    index(cache)
    ran = trialkin("watch", "run", "--json", *at)
    assert ran.code == 1
    assert [line["name"] for line in ran.lines] == ["near", "x"]
    assert "gone from the registry since 2026-08-19" in ran.lines[0]["error"]
    assert ran.lines[1]["baseline"] is True


def test_watches_are_listed_and_removed(trialkin: Shell, at: tuple[str, str]) -> None:
    trialkin("watch", "add", "lupus", "cond:lupus", *at)
    trialkin("watch", "add", "near", "--near", ONE, *at)
    listed = trialkin("watch", "list", "--json", *at).lines
    assert [(one["name"], one["query"], one["near"], one["ran_at"], one["members"]) for one in listed] == [
        ("lupus", "cond:lupus", None, None, 0), ("near", None, ONE, None, 0),
    ]  # fmt: skip
    assert all(one["data_timestamp"] is None for one in listed)
    assert trialkin("watch", "list", *at).out == (
        f"lupus: cond:lupus (not run yet)\nnear: the 20 closest to {ONE} (not run yet)\n"
    )
    assert trialkin("watch", "remove", "lupus", *at).code == 0
    assert [one["name"] for one in trialkin("watch", "list", "--json", *at).lines] == ["near"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("add",), 2, "needs the watch's name"),
        (("add", "a"), 2, "needs a query, or --near ID"),
        (("add", "a", "x", "--near", ONE), 2, "and not both"),
        (("add", "a", "x:("), 2, "the query can't be read"),
        (("add", "a", "--near", "NCT00000009"), 1, "NCT00000009 is not in this cache"),
        (("add", "a\nb", "x"), 2, "needs the watch's name"),
        (("remove",), 2, "needs the watch's name"),
        (("remove", "a"), 1, "there is no watch named 'a'"),
        (("run", "a"), 1, "there is no watch named 'a'"),
        (("run", "a", "b"), 2, "takes no query"),
        (("list", "a"), 2, "takes no name"),
        (("walk",), 2, "'walk' is not one of"),
    ],
)
def test_mistakes_are_told(
    trialkin: Shell, at: tuple[str, str], words: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = trialkin("watch", *words, *at)
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


def test_nothing_watched_is_said(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("watch", "run", *at)
    assert (ran.code, ran.out) == (0, "")
    assert "nothing is watched" in ran.err


def test_an_empty_cache_watches_nothing(trialkin: Shell, cache: Cache) -> None:
    ran = trialkin("watch", "add", "a", "x", "--cache", str(cache.folder))
    assert (ran.code, ran.out) == (1, "")
    assert "holds no trials yet" in ran.err
