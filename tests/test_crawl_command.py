"""`trialkin crawl` as people and scripts meet it, over real HTTP; and killed at any moment."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from crawler.client import user_agent
from crawler.config import Cache
from tests import faults
from tests.conftest import ROOT, SAMPLE
from tests.crawling import bodies
from tests.running import Ran, Shell
from tests.serving import Served, sample_bodies

pytest_plugins = ("tests.serving", "tests.crawling")

SEED = "NCT05440721"  # names NCT04857515, which its conditions find as well
SENTENCE = "why stopped: The company's plans changed, and what NCT04857515 taught was thought enough."
CONDITIONS = (
    "query.cond=(Nicotine Addiction) OR (Drug Addiction) OR (Drug Dependence) OR (Substance Use Disorder) OR "
    "(Tobacco Dependence)"
)
RELATED = str(ROOT / "tests" / "fixtures" / "related.html")
PAGE = b"<h2>Alike</h2><p><a href='/study/nct04857515'>one</a></p>"

Crawl = Callable[..., Ran]


@pytest.fixture
def crawl(trialkin: Shell, registry: Served, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> Crawl:
    """`trialkin crawl` of the sample's server into an empty cache, for JSON."""
    for name in ("REGISTRY", "PACE", "USER_AGENT", "CACHE"):
        monkeypatch.delenv(f"TRIALKIN_{name}", raising=False)

    def run(*words: str, base: str = registry.base) -> Ran:
        return trialkin(
            "crawl", *words, "--registry", base, "--pace", "0", "--no-index", "--json", "--cache", str(cache.folder)
        )

    return run


def ids(ran: Ran) -> list[str]:
    return [trial["nct_id"] for trial in ran.json["reached"]]


# -- the answer ------------------------------------------------------------------------------------------------------


def test_the_answer_is_one_line_of_json(crawl: Crawl, client: httpx.Client) -> None:
    stamp = client.get("/version").json()["dataTimestamp"]
    ran = crawl(SEED)
    assert (ran.code, ran.err) == (0, "")
    assert ran.stdout.count(b"\n") == 1
    answer: dict[str, Any] = ran.json
    reached = answer.pop("reached")
    assert answer == {
        "run": 1,
        "data_timestamp": stamp,
        "fetched": 2,
        "unchanged": 0,
        "calls": 6,  # the version, the seed, what it names, three queries
        "stopped": None,
        "failed": [],
        "left": {"limit": 0, "depth": 0},
    }
    assert reached[0] == {
        "nct_id": SEED,
        "depth": 0,
        "because": [{"kind": "seed", "from": None, "evidence": f"asked for as {SEED}"}],
    }
    named, found, *rest = reached[1]["because"]
    assert (reached[1]["nct_id"], reached[1]["depth"], rest) == ("NCT04857515", 1, [])
    assert named == {"kind": "mention", "from": SEED, "evidence": SENTENCE}
    assert (found["kind"], found["from"]) == ("neighbour", SEED)
    assert found["evidence"] in {f"{CONDITIONS}, place {place}" for place in (1, 2)}


def test_ids_are_taken_in_any_case_with_spaces_and_once(crawl: Crawl) -> None:
    ran = crawl(" nct05440721", "NCT5440721", SEED, "--depth", "0")
    assert (ran.code, ids(ran)) == (0, [SEED])


@pytest.mark.parametrize(
    ("words", "kept", "left"),
    [
        (("--depth", "0"), [SEED], {"limit": 0, "depth": 1}),
        (("--limit", "1"), [SEED], {"limit": 1, "depth": 0}),
        (("--limit", "2", "--depth", "1"), [SEED, "NCT04857515"], {"limit": 0, "depth": 0}),
    ],
)
def test_a_bound_says_what_it_cut(crawl: Crawl, words: tuple[str, ...], kept: list[str], left: dict[str, int]) -> None:
    ran = crawl(SEED, *words)
    assert (ran.code, ids(ran), ran.json["left"]) == (0, kept, left)


def test_what_is_not_there_fails_only_where_it_was_asked_for(crawl: Crawl) -> None:
    lacking = {"reason": "the registry has no record of it (404)"}
    mentioned = crawl("NCT02797951")
    assert (mentioned.code, mentioned.json["failed"]) == (0, [{"nct_id": "NCT02438826", **lacking}])
    asked = crawl("NCT99999999", SEED)
    assert (asked.code, asked.json["failed"]) == (1, [{"nct_id": "NCT99999999", **lacking}])
    assert ids(asked) == [SEED, "NCT04857515"]
    assert asked.json["stopped"] is None


def test_people_are_told_too(trialkin: Shell, registry: Served, cache: Cache) -> None:
    ran = trialkin(
        "crawl", "NCT02797951", "--registry", registry.base, "--pace", "0", "--cache", str(cache.folder), "--no-index"
    )
    assert ran.code == 0
    assert "NCT02397473" in ran.out
    assert "trialkin: NCT02438826: the registry has no record of it (404)" in ran.err


# -- wrong usage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "give an NCT id to start from, or --page, or --query."),
        (("NCT123456789",), "'NCT123456789' is no NCT id; one is the letters NCT and eight digits, such as"),
        ((SEED, "NCT00000000"), "'NCT00000000' is no NCT id"),
        ((SEED, "--depth", "-1"), "--depth"),
        ((SEED, "--limit", "0"), "--limit"),
        ((SEED, "--pace", "-1"), "--pace"),
        ((SEED, "--registry", "example.org"), "'example.org' is no address"),
        ((SEED, "--registry", "ftp://example.org"), "'ftp://example.org' is no address"),
        ((SEED, "--page", "ftp://example.org/x"), "is no web address"),
    ],
)
def test_wrong_words_are_told_and_nothing_is_asked(
    trialkin: Shell, registry: Served, cache: Cache, words: tuple[str, ...], sentence: str
) -> None:
    settings = () if "--registry" in words else ("--registry", registry.base)
    ran = trialkin("crawl", *words, *settings, "--cache", str(cache.folder))
    assert (ran.code, ran.stdout) == (2, b"")
    assert ran.err.startswith("trialkin: ")
    assert sentence in ran.err
    assert registry.script.calls == []


# -- pages and queries -----------------------------------------------------------------------------------------------


def test_a_page_from_a_file_is_named_as_it_was_given(crawl: Crawl) -> None:
    ran = crawl("NCT05300932", "--page", RELATED, "--depth", "1")
    named = {
        trial["nct_id"]: link["evidence"]
        for trial in ran.json["reached"]
        for link in trial["because"]
        if (link["kind"], link["from"]) == ("page", RELATED)
    }
    title = "A Study Evaluating the Efficacy and Safety of Baricitinib in Systemic Sclerosis"
    assert named == {
        "NCT05300932": f"listed under '{title}'",
        "NCT00004563": "listed under 'Detailed Description'",
        **dict.fromkeys(
            ("NCT06936215", "NCT00853788", "NCT04440592", "NCT03274076", "NCT02339441"),
            "listed under 'Related Clinical Trials'",
        ),
    }


def test_a_page_of_a_site_is_fetched_politely_and_named_by_its_address(crawl: Crawl, registry: Served) -> None:
    registry.script.always(faults.asking(path="/alike.html", of="scleroderma"), faults.answer(200, PAGE))
    address = f"{registry.base.removesuffix('/api/v2')}/alike.html?of=scleroderma"
    ran = crawl("--page", address)
    assert (ran.code, ids(ran)) == (0, ["NCT04857515"])
    assert ran.json["reached"][0]["because"] == [{"kind": "page", "from": address, "evidence": "listed under 'Alike'"}]
    assert {call.headers["user-agent"] for call in registry.script.calls} == {user_agent()}


def test_a_page_that_lists_nothing_is_told(crawl: Crawl, tmp_path: Path) -> None:
    page = tmp_path / "empty.html"
    page.write_text("<p>NCT123</p>", encoding="utf-8")
    ran = crawl(SEED, "--page", str(page))
    assert (ran.code, ids(ran)) == (0, [SEED, "NCT04857515"])
    assert f"trialkin: {page} lists no NCT id." in ran.err


def test_a_page_that_is_not_there_fails(crawl: Crawl, registry: Served, tmp_path: Path) -> None:
    registry.script.always(faults.asking(path="/gone.html"), faults.answer(404, b"gone"))
    address = f"{registry.base.removesuffix('/api/v2')}/gone.html"
    for page, sentence in ((str(tmp_path / "no.html"), "can't be read"), (address, "answered 404: gone")):
        ran = crawl(SEED, "--page", page)
        assert (ran.code, ran.stdout) == (1, b"")
        assert ran.err.startswith(f"trialkin: {page}")
        assert sentence in ran.err


def test_a_query_is_a_beginning_and_one_that_can_not_be_read_fails(crawl: Crawl) -> None:
    found = crawl("--query", "galcanezumab")
    assert (found.code, sorted(ids(found))) == (0, ["NCT02397473", "NCT02797951"])
    wrong = crawl(SEED, "--query", "(galcanezumab")
    assert (wrong.code, ids(wrong)) == (1, [SEED, "NCT04857515"])
    assert wrong.json["failed"][0]["nct_id"] is None
    assert "Error parsing query in query.term" in wrong.json["failed"][0]["reason"]


# -- which registry, as whom -----------------------------------------------------------------------------------------


def test_the_base_may_be_given_with_or_without_its_path(crawl: Crawl, registry: Served) -> None:
    site = registry.base.removesuffix("/api/v2")
    for base in (site, f"{site}/", registry.base, f"{registry.base}/"):
        assert crawl(SEED, base=base).code == 0
    assert {call.path.split("/")[1] for call in registry.script.calls} == {"api"}


def test_a_cache_belongs_to_one_registry(crawl: Crawl, registry: Served, cache: Cache) -> None:
    assert crawl(SEED).code == 0
    held, count = bodies(cache), len(registry.script.calls)
    for other in ("http://127.0.0.1:9/api/v2", "sample"):
        ran = crawl("NCT00000419", base=other)
        assert (ran.code, ran.stdout) == (1, b"")
        assert ran.err == (
            f"trialkin: this cache was fetched from {registry.base}, not from {other}. "
            "Use another --cache for that registry.\n"
        )
    assert (bodies(cache), len(registry.script.calls)) == (held, count)


def test_a_registry_that_never_answered_has_no_claim_on_a_cache(crawl: Crawl) -> None:
    nobody = crawl(SEED, base="http://127.0.0.1:9")
    assert (nobody.code, nobody.json["reached"]) == (1, [])
    assert "no connection" in nobody.json["stopped"]
    assert crawl(SEED).code == 0


def test_settings_may_come_from_the_environment(
    trialkin: Shell, registry: Served, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "REGISTRY": registry.base,
        "PACE": "0",
        "CACHE": str(cache.folder),
        "USER_AGENT": "lab/1 (+mailto:a@b.org)",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"TRIALKIN_{name}", value)
    assert trialkin("crawl", SEED, "--no-index").code == 0
    assert set(bodies(cache)) == {SEED, "NCT04857515"}
    sent = f"lab/1 (+mailto:a@b.org) python-httpx/{httpx.__version__}"
    assert {call.headers["user-agent"] for call in registry.script.calls} == {sent}


def test_posing_as_a_browser_is_wrong_usage(crawl: Crawl, registry: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALKIN_USER_AGENT", "Mozilla/5.0")
    ran = crawl(SEED)
    assert (ran.code, ran.stdout, registry.script.calls) == (2, b"", [])
    assert "poses as a browser" in ran.err


# -- stopped ---------------------------------------------------------------------------------------------------------


def test_a_refusal_stops_with_a_sentence_keeps_what_there_is_and_the_same_command_goes_on(
    crawl: Crawl, registry: Served, cache: Cache
) -> None:
    registry.script.once(faults.any_page, faults.refused())
    stopped = crawl(SEED)
    assert (stopped.code, ids(stopped)) == (1, [SEED, "NCT04857515"])
    sentence = stopped.json["stopped"]
    assert sentence.endswith("Nothing was lost; set TRIALKIN_USER_AGENT or try from another network.")
    assert stopped.err == f"trialkin: stopped after 2 of 200 trials: {sentence}\n"
    assert set(bodies(cache)) == {SEED, "NCT04857515"}
    again = crawl(SEED)
    assert (again.code, again.json["run"], again.json["fetched"], again.json["stopped"]) == (0, 1, 2, None)


def test_what_was_kept_before_a_stop_is_indexed(trialkin: Shell, registry: Served, cache: Cache) -> None:
    held = ("--cache", str(cache.folder))
    registry.script.once(faults.any_page, faults.refused())
    assert trialkin("crawl", SEED, "--registry", registry.base, "--pace", "0", "--json", *held).code == 1
    assert [hit["nct_id"] for hit in trialkin("search", "clickotine", "--json", *held).json["hits"]] != []
    assert trialkin("crawl", SEED, "--registry", registry.base, "--pace", "0", "--json", *held).code == 0
    assert trialkin("verify", "--json", *held).json["sound"] is True


# -- killed ----------------------------------------------------------------------------------------------------------

KILLED = ("NCT05300932", "NCT02797951")
ALL_CALLS = 10  # the version, the seeds, what one of them names, one that is not there, six queries


@contextmanager
def running(registry: Served, cache: Cache) -> Iterator[subprocess.Popen[bytes]]:
    """A crawl in a process of its own."""
    words = ("crawl", *KILLED, "--registry", registry.base, "--pace", "0", "--json", "--cache", str(cache.folder))
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        yield process


def test_killed_while_it_waits_for_an_answer_it_goes_on_where_it_was(
    crawl: Crawl, registry: Served, cache: Cache, trialkin: Shell
) -> None:
    for request in (2, 3, 5, 4):  # the seeds, what one names, the second query, in the last session the fourth
        registry.script.clear()
        arrived = threading.Event()
        registry.script.once(faults.number(request), faults.hold(arrived))
        with running(registry, cache) as process:
            assert arrived.wait(timeout=30)
            process.kill()
    registry.script.clear()
    whole = crawl(*KILLED)
    other = trialkin(
        "crawl", *KILLED, "--registry", registry.base, "--pace", "0", "--json", "--no-index",
        "--cache", str(cache.folder.with_name("whole")),
    )  # fmt: skip
    assert (whole.code, other.code) == (0, 0)
    assert whole.json == {**other.json, "calls": whole.json["calls"]}
    assert (whole.json["calls"], other.json["calls"]) == (4, ALL_CALLS)  # the version again, and three queries
    held = sample_bodies(SAMPLE)
    assert bodies(cache) == {nct_id: held[nct_id] for nct_id in sorted(ids(whole))}
    assert trialkin("verify", "--json", "--cache", str(cache.folder)).json["sound"] is True


@pytest.mark.parametrize("delay_seconds", [0.0, 0.1, 0.4])
def test_killed_while_it_writes_it_ends_the_same(
    trialkin: Shell, registry: Served, cache: Cache, delay_seconds: float
) -> None:
    with running(registry, cache) as process:
        while len(registry.script.calls) < ALL_CALLS and process.poll() is None:
            time.sleep(0.002)
        time.sleep(delay_seconds)  # from the last answer on: storing, then indexing; or it has ended
        process.kill()
    held = ("--cache", str(cache.folder))
    ran = trialkin("crawl", *KILLED, "--registry", registry.base, "--pace", "0", "--json", *held)
    assert (ran.code, len(ran.json["reached"])) == (0, 24)
    assert list(bodies(cache)) == sorted(ids(ran))
    told = trialkin("verify", "--json", *held).json
    assert (told["sound"], told["problems"]) == (True, [])
    assert json.loads(trialkin("status", "--json", *held).stdout)["indexed"] == 24
