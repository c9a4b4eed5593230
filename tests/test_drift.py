from typing import Any

from crawler.config import Cache
from crawler.drift import EXAMPLE_CHARACTERS, Drift, Example, Fallen, Unknown, drift
from crawler.store import Store
from tests.past import fetched, loaded, state
from tests.running import Shell

PHASES: dict[str, Any] = {"designModule": {"phases": ["PHASE2"]}}


def found(cache: Cache) -> Drift:
    with Store.reading(cache) as store:
        return drift(store, lambda _more: None)


def test_unknown_fields_come_with_counts_and_examples(cache: Cache) -> None:
    odd: dict[str, Any] = {"armsInterventionsModule": {"armGroups": [{"label": "A"}, {"label": "B", "colour": "red"}]}}
    fetched(
        cache,
        state("2024-01-01", nct_id="NCT00000002", **odd),
        *(state("2024-01-01", nct_id=f"NCT0000000{number}", top={"novel": "x" * 200}) for number in range(3, 8)),
        state("2024-01-01"),
    )
    cut = f'"{"x" * (EXAMPLE_CHARACTERS - 2)}…'
    assert found(cache).unknown == [
        Unknown("novel", 5, [Example(f"NCT0000000{number}", cut) for number in (3, 4, 5)]),
        Unknown("protocolSection.armsInterventionsModule.armGroups.colour", 1, [Example("NCT00000002", '"red"')]),
    ]


def test_known_fields_that_records_lost_are_told_with_both_shares(cache: Cache) -> None:
    ids = [f"NCT0000000{number}" for number in range(1, 5)]
    fetched(cache, *(state("2024-01-01", nct_id=ident, **PHASES) for ident in ids), state("2024", nct_id="NCT00000009"))
    fetched(
        cache, *(state("2024-02-01", nct_id=ident) for ident in ids[:3]), state("2024-02-01", nct_id=ids[3], **PHASES)
    )
    assert found(cache) == Drift(
        [],
        [Fallen("protocolSection.designModule.phases", 1.0, 0.25, 3, ["NCT00000001", "NCT00000002", "NCT00000003"])],
        4,
    )


def test_a_field_that_some_lost_and_others_won_has_not_fallen(cache: Cache) -> None:
    fetched(cache, state("2024-01-01", **PHASES), state("2024-01-01", nct_id="NCT00000002"))
    fetched(cache, state("2024-02-01"), state("2024-02-01", nct_id="NCT00000002", **PHASES))
    assert found(cache) == Drift([], [], 2)


def test_a_stale_import_is_no_drift(cache: Cache) -> None:
    loaded(cache, state("2024-01-01", **PHASES))
    loaded(cache, state("2020-01-01"))
    assert found(cache) == Drift([], [], 0)


def test_a_record_that_is_no_object_any_more_is_stepped_over(cache: Cache) -> None:
    fetched(cache, state("2024-01-01", **PHASES))
    fetched(cache, state("2024-02-01", designModule={"phases": "PHASE2"}))
    assert found(cache) == Drift([], [], 1)


def test_the_command_adds_it_to_what_it_tells(trialkin: Shell, cache: Cache) -> None:
    fetched(cache, state("2024-01-01", top={"novel": "\x1b[31m"}, **PHASES))
    fetched(cache, state("2024-02-01", top={"novel": "\x1b[31m"}))
    at = ("--cache", str(cache.folder))
    assert "fields" not in trialkin("status", "--json", *at).json
    told = trialkin("status", "--fields", "--json", *at).json
    assert told["versions"] == 2
    assert told["fields"] == {
        "unknown": [
            {"path": "novel", "trials": 1, "examples": [{"nct_id": "NCT00000001", "value": '"\\u001b[31m"'}]},
        ],
        "fallen": [
            {
                "path": "protocolSection.designModule.phases",
                "before": 1.0, "now": 0.0, "lost": 1, "examples": ["NCT00000001"],
            },
        ],
        "compared": 1,
    }  # fmt: skip
    out = trialkin("status", "--fields", *at).out
    assert "protocolSection.designModule.phases: filled in 100.0% before, 0.0% now  NCT00000001" in out
    assert "\x1b" not in out


def test_an_empty_cache_has_no_fields(trialkin: Shell, cache: Cache) -> None:
    told = trialkin("status", "--fields", "--json", "--cache", str(cache.folder)).json
    assert told["fields"] == {"unknown": [], "fallen": [], "compared": 0}
    assert "Every field is in the registry's list." in trialkin("status", "--fields", "--cache", str(cache.folder)).out
