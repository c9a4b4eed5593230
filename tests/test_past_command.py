from pathlib import Path

import pytest

from crawler import severity
from crawler.config import Cache
from crawler.store import Store
from serve.commands import past
from tests.past import fetched, set_gone, state
from tests.running import Shell

ONE, TWO = "NCT00000001", "NCT00000002"


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    """`--cache` of two trials, one of which changed, and one of which is gone."""
    cache = Cache(tmp_path / "cache")
    fetched(cache, state("2022-01-01", "RECRUITING"), state("2023-01-01", nct_id=TWO))
    hostile = {"briefTitle": "Red \x1b[31m title"}
    fetched(cache, state("2024-01-01", "TERMINATED", identificationModule=hostile))
    set_gone(cache, TWO, "2026-08-19")
    return "--cache", str(cache.folder)


def test_history_is_an_object_a_version(trialkin: Shell, at: tuple[str, str]) -> None:
    first, second = trialkin("history", " nct1 ", "--json", *at).lines
    assert {name: first[name] for name in ("nct_id", "version", "last_update_posted", "fields", "data_timestamp")} == {
        "nct_id": ONE, "version": 1, "last_update_posted": "2022-01-01", "fields": [],
        "data_timestamp": "2026-08-17T09:00:05",
    }  # fmt: skip
    assert second["version"] == 2
    assert second["fields"][1] == {"field": "status", "from": "RECRUITING", "to": "TERMINATED"}
    assert second["seen_at"].endswith("Z")


def test_history_for_people_holds_nothing_that_steers_a_terminal(trialkin: Shell, at: tuple[str, str]) -> None:
    out = trialkin("history", ONE, *at).out
    assert "version 1 of 2022-01-01" in out
    assert "status: RECRUITING → TERMINATED" in out
    assert "(held now)" in out
    assert "\x1b" not in out


def test_history_says_whose_it_is_and_that_the_trial_is_gone(trialkin: Shell, at: tuple[str, str]) -> None:
    alias = "NCT00000009"
    with Store.writing(Cache(Path(at[1]))) as store, store.transaction():
        store.tell_alias(alias, TWO)
    ran = trialkin("history", alias, *at)
    assert ran.out.startswith("version 1 of 2023-01-01")
    assert ran.err.splitlines() == [
        f"trialkin: {alias} is an obsolete id of {TWO}; these are the versions of that.",
        f"trialkin: {TWO} is gone from the registry since 2026-08-19.",
    ]
    assert trialkin("history", ONE, *at).err == ""


def test_changes_are_an_object_a_change_newest_first(trialkin: Shell, at: tuple[str, str]) -> None:
    gone, changed = trialkin("changes", "--json", *at).lines
    assert (gone["nct_id"], gone["kind"], gone["severity"]) == (TWO, "gone", "high")
    assert gone["fields"] == [{"field": "gone", "from": None, "to": "2026-08-19"}]
    assert (changed["nct_id"], changed["kind"], changed["severity"]) == (ONE, "changed", "high")
    assert [field["field"] for field in changed["fields"]] == ["brief_title", "status"]
    assert changed["reasons"] == [{"rule": "terminated", "severity": "high", "text": "status RECRUITING → TERMINATED"}]


def test_changes_for_people_say_why(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("changes", "--id", ONE, *at)
    head, title, why, _ = ran.out.splitlines()
    assert head.endswith("Z  NCT00000001  changed  high")  # a line of its own, to be searched by grep
    assert (title, why) == ("    Red [31m title", "    • status RECRUITING → TERMINATED")
    assert "in brief title, status" in ran.out
    assert "\x1b" not in ran.out
    assert TWO not in ran.out


def test_the_command_knows_every_severity() -> None:
    assert past.SEVERITIES == severity.SEVERITIES


def test_nothing_happened_is_said_and_is_no_failure(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("changes", "--since", "2999", *at)
    assert (ran.code, ran.out, ran.err) == (0, "", "trialkin: nothing happened since 2999-01-01.\n")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("changes", "--since", "soon"), 2, "'soon' is no date; write 2026-08-19, 2026-08 or 2026."),
        (("changes", "--severity", "dire"), 2, "'dire' is not one of"),
        (("changes", "--id", "NCT00000007"), 1, "NCT00000007 is not in this cache"),
        (("changes", "--id", "seven"), 2, "seven"),
        (("history", "NCT00000007"), 1, "NCT00000007 is not in this cache"),
        (("show", ONE, "--as-of", "2022-13"), 2, "'2022-13' is no date"),
        (("show", ONE, "--as-of", "2021"), 1, "the oldest version of NCT00000001 here is of 2022-01-01"),
    ],
)
def test_mistakes_are_told(
    trialkin: Shell, at: tuple[str, str], words: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = trialkin(*words, *at)
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err


def test_show_as_of_a_day_is_the_version_of_that_day(trialkin: Shell, at: tuple[str, str]) -> None:
    for day, status, version in (
        ("2022", "RECRUITING", 1),
        ("2023-12-31", "RECRUITING", 1),
        ("2024-01", "TERMINATED", 2),
    ):
        told = trialkin("show", ONE, "--as-of", day, "--json", *at).json
        assert (told["status"], told["version"], told["data_timestamp"]) == (status, version, "2026-08-17T09:00:05")
    assert b'"RECRUITING"' in trialkin("show", ONE, "--as-of", "2023", "--raw", *at).stdout
    assert [line["status"] for line in trialkin("show", "-", "--as-of", "2023", *at, stdin=f"{ONE}\n").lines] == [
        "RECRUITING"
    ]


def test_people_are_told_which_version_they_see(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("show", ONE, "--as-of", "2023", *at)
    assert ran.err == f"trialkin: version 1 of {ONE}, there since 2022-01-01.\n"
    assert "RECRUITING" in ran.out


def test_a_gone_trial_is_not_gone_as_of_a_day_before(trialkin: Shell, at: tuple[str, str]) -> None:
    gone = [trialkin("show", TWO, "--as-of", day, "--json", *at).json["gone"] for day in ("2026-08-18", "2026-08-19")]
    assert gone == [None, "2026-08-19"]
    assert trialkin("history", TWO, "--json", *at).code == 0


def test_a_trial_that_came_back_was_gone_in_between(trialkin: Shell, at: tuple[str, str]) -> None:
    cache = Cache(Path(at[1]))
    set_gone(cache, TWO, None)
    with Store.writing(cache) as store, store.transaction():
        store.db.execute("UPDATE event SET seen_at = '2026-09-09T00:00:00Z' WHERE kind = 'back'")
    days = ("2026-08-18", "2026-09-08", "2026-09-09")
    gone = [trialkin("show", TWO, "--as-of", day, "--json", *at).json["gone"] for day in days]
    assert gone == [None, "2026-08-19", None]
