"""What synonyms bring, on the real records: `python -m tests.bench.synonyms`.

Learned from one half of the trials (even ids) and judged on the other, so that no pair is judged by what it was
learned from. A trial found by the synonyms alone is accepted by fields that had no say in finding it:

- a condition: the summary, the descriptions or the criteria have all words of the condition asked for;
- an intervention: the trial carries a MeSH term that most trials of that name carry (in the half learned from).

The share accepted of what the words themselves find is the most that such a judge can give; of any trials, the least.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from crawler.files import read_source
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.trial import Trial
from index import synonyms
from index.document import document
from index.inverted import Ints, Inverter
from index.learning import Learner
from index.phrases import Phrases
from index.schema import CONDITION, INTERVENTION
from index.synonyms import Form, Learned
from tests.bench.__main__ import FILES, SHARED

_ELSEWHERE = ("BriefSummary", "DetailedDescription", "EligibilityCriteria", "StudyPopulation")
_OWN = {CONDITION: ("ConditionMeshTerm",), INTERVENTION: ("InterventionName", "InterventionOtherName")}
_NONE = np.zeros(0, np.int32)
_COMMON = 0.5  # of the trials of a name carry a MeSH term: it is the name's
_HEAD = "| threshold | forms | newly found | recall | of the new, own | accepted | of the words' own | of any |"
SETTINGS: tuple[dict[str, float], ...] = (
    {},
    {"SUPPORT": 2},
    {"SUPPORT": 5},
    {"SHARE": 0.6},
    {"SHARE": 0.95},
    {"WRITTEN": 0.0},
    {"WRITTEN": 0.3},
    {"WRITTEN": 0.7},
    {"WRITTEN": 0.9},
    {"OWN": 0.0},
    {"OWN": 0.5},
    {"OWN": 0.95},
)


class Judge:
    """Judges what was learned from even ids by the trials of odd ones."""

    def __init__(self, trials: list[Trial], phrases: Phrases) -> None:
        self._phrases = phrases
        self._trials = trials
        odd = np.array([int(trial.nct_id[3:]) % 2 for trial in trials], np.bool_)
        self._rows = {"learned": np.flatnonzero(~odd).astype(np.int32), "judged": np.flatnonzero(odd).astype(np.int32)}
        self._learner = Learner()
        for row in self._rows["learned"].tolist():
            self._learner.add(trials[row])

    def learned(self) -> Learned:
        """Learn from one half with the thresholds as they stand."""
        return self._learner.finish(lambda area, form: self._find(area, form, "learned"))

    def _find(self, area: str, form: Form, half: str = "judged") -> Ints:
        return np.intersect1d(self._phrases.rows(area, form), self._rows[half], assume_unique=True)

    def _any(self, areas: Iterable[str], form: Form) -> Ints:
        return reduce(np.union1d, (self._find(area, form) for area in areas), _NONE)

    def accepted(self, area: str, asked: Form, rows: Ints) -> int | None:
        """How many of some rows the independent fields accept; None where they can't tell."""
        if area == CONDITION:
            words = (self._any(_ELSEWHERE, (term,)) for term in asked)
            return int(reduce(np.intersect1d, words, rows).size)
        wanted = self._mesh_of(asked)
        if not wanted:
            return None
        return sum(bool(wanted & {mesh.term for mesh in self._trials[row].intervention_mesh}) for row in rows.tolist())

    def _mesh_of(self, name: Form) -> set[str | None]:
        rows = reduce(np.union1d, (self._find(area, name, "learned") for area in _OWN[INTERVENTION]), _NONE).tolist()
        counted = Counter(term for row in rows for term in {mesh.term for mesh in self._trials[row].intervention_mesh})
        return {term for term, count in counted.items() if count >= _COMMON * len(rows)}

    def table(self, area: str, learned: Learned) -> str:
        """One row of figures for an area."""
        told: dict[str, int] = defaultdict(int)
        everything = self._rows["judged"]
        for form, phrases in learned[area].items():
            asked = tuple(form.split(" "))
            before = self._find(area, asked)
            also = reduce(np.union1d, (self._find(area, phrase.terms) for phrase in phrases), _NONE)
            new = np.setdiff1d(also, before)
            names = [phrase.terms for phrase in phrases] + ([asked] if area == INTERVENTION else [])
            relevant = reduce(np.union1d, (self._any(_OWN[area], name) for name in names), _NONE)
            told["forms"] += 1
            told["relevant"] += relevant.size
            told["had"] += np.intersect1d(before, relevant).size
            told["have"] += np.intersect1d(np.union1d(before, new), relevant).size
            told["new"] += new.size
            told["own"] += np.intersect1d(new, relevant).size
            accepted = self.accepted(area, asked, new)
            if accepted is not None:
                told["judged"] += new.size
                told["right"] += accepted
                told["before"] += before.size
                told["before_right"] += self.accepted(area, asked, before) or 0
                told["any"] += everything.size
                told["any_right"] += self.accepted(area, asked, everything) or 0
        return (
            f"| {told['forms']} | {told['new']} "
            f"| {_share(told, 'had', 'relevant')} → {_share(told, 'have', 'relevant')} | {_share(told, 'own', 'new')} "
            f"| {_share(told, 'right', 'judged')} of {told['judged']} | {_share(told, 'before_right', 'before')} "
            f"| {_share(told, 'any_right', 'any')} |"
        )


def _share(told: dict[str, int], part: str, whole: str) -> str:
    return f"{told[part] / told[whole]:.3f}" if told[whole] else "–"


def read(folder: Path) -> tuple[list[Trial], Phrases]:
    """Read the real records, invert them; `folder` keeps what is mapped."""
    records = {}
    for name in FILES:
        for _, item in read_source(str(SHARED / name)):
            if isinstance(item, RawRecord):
                trial = normalise(item)
                records[trial.nct_id] = (trial, item)
    inverter = Inverter()
    for trial, raw in records.values():
        inverter.add(document(trial, raw))
    phrases = Phrases(folder)
    phrases.add(inverter.finish())
    return [trial for trial, _ in records.values()], phrases


def main() -> None:
    """Print a table for each area: the thresholds as they stand, then one at a time another."""
    with TemporaryDirectory() as folder:
        trials, phrases = read(Path(folder))
    judge = Judge(trials, phrases)
    for area, apart in ((CONDITION, {"OWN"}), (INTERVENTION, {"SHARE", "WRITTEN"})):
        print(f"\n{area}\n\n{_HEAD}\n{'|---' * _HEAD.count(' | ')}|---|")
        for setting in SETTINGS:
            if set(setting) & apart:
                continue
            kept = {name: getattr(synonyms, name) for name in setting}
            for name, value in setting.items():
                setattr(synonyms, name, value)
            label = ", ".join(f"{name} {value}" for name, value in setting.items()) or "as it stands"
            print(f"| {label} {judge.table(area, judge.learned())}", flush=True)
            for name, value in kept.items():
                setattr(synonyms, name, value)


if __name__ == "__main__":
    main()
