"""What no posting and no column holds, read in the records: each is read once a question, for all that is asked of it.

Only the asked fields of a record are parsed (msgspec skips the rest four times as fast as it would build it). 11,814
records of 10 KB take 0.4 s; answers are kept, so that the same question in a batch, or a page further, reads nothing.
"""

import keyword
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from crawler.countries import other_country_name
from crawler.dates import age_years, first_day
from crawler.errors import RecordInvalid, TrialUnknown
from crawler.record import RawRecord
from index.columns import Columns
from index.errors import RecordsNeeded, WordTooCommon
from index.inverted import Ints
from index.query.areas import path
from index.query.tree import Between, Days, Recorded, Truth, Words, plain
from index.schema import NUMBER_OF_PIECE, TEXT_FIELDS, numbers_of
from index.written import stands

# NCT id and the beginning of a version's digest → that version's record as fetched; TrialUnknown where there is none.
Records = Callable[[str, bytes], RawRecord]
FieldsOf = Callable[[Words], Sequence[tuple[int, Ints]]]  # fields that hold words in any form: number, rows
Path = tuple[str, ...]
Asked = Words | Recorded

KEPT_ANSWERS = 64  # two bytes a trial each
# Records read for a question's exact words, plus looks for a word in one of them: what takes two seconds. Three exact
# words, more than which no question may ask, are so answered of 12,500 trials, whichever words they are.
MOST_LOOKS = 50_000
_MANY = 16  # trials in the index for each record to read, beyond which looking in all its fields is the cheaper way
_PATHS = [text_field.names for text_field in TEXT_FIELDS]
_COUNTRY = NUMBER_OF_PIECE["LocationCountry"]


@dataclass(frozen=True)
class Answer:
    """For each row, whether it was read, and whether what was asked holds there."""

    known: NDArray[np.bool_]
    holds: NDArray[np.bool_]

    @classmethod
    def of(cls, size: int) -> "Answer":
        """Nothing is known yet."""
        return cls(np.zeros(size, np.bool_), np.zeros(size, np.bool_))


class RecordFields:
    """Answers of one generation's records, kept from question to question."""

    def __init__(self, columns: Columns, records: Records | None) -> None:
        self._columns = columns
        self._records = records
        self._answers: dict[Asked, Answer] = {}

    def question(self, asked: Iterable[Asked]) -> "RecordQuestion":
        """Take all that one question reads in the records; which of it is known already stays known."""
        answers = {}
        for test in asked:
            answers[test] = self._answers[test] if test in self._answers else self._fresh(test)
        self._answers = {**{test: a for test, a in self._answers.items() if test not in answers}, **answers}
        # Last asked, last forgotten.
        for oldest in list(self._answers)[: max(0, len(self._answers) - KEPT_ANSWERS)]:
            del self._answers[oldest]
        return RecordQuestion(answers, self._columns, self._records)

    def _fresh(self, test: Asked) -> Answer:
        answer = Answer.of(self._columns.size)
        if isinstance(test, Recorded) and isinstance(test.test, Between):
            ages = {"MinimumAge": self._columns.ages[:, 0], "MaximumAge": self._columns.ages[:, 1]}.get(test.piece)
            if ages is not None:  # 0 may be an age or none given, and no age is infinite
                answer.known[:] = ages > 0
                answer.holds[:] = answer.known & np.isfinite(ages) & _in_range(ages, test.test)
        return answer


def _in_range(values: NDArray[np.float64], wanted: Between) -> NDArray[np.bool_]:
    least = -np.inf if wanted.least is None else wanted.least
    most = np.inf if wanted.most is None else wanted.most
    within: NDArray[np.bool_] = (values >= least) & (values <= most)
    return within


class RecordQuestion:
    """What one question asks of the records."""

    def __init__(self, answers: dict[Asked, Answer], columns: Columns, records: Records | None) -> None:
        self._answers = answers
        self._columns = columns
        self._records = records
        self._reader: _Reader | None = None
        self._words = [each for each in answers if isinstance(each, Words)]
        self._spots: dict[Words, Spots] = {}
        self._looks = 0

    def held(self, test: Asked) -> NDArray[np.bool_]:
        """Rows known to pass a test; for rows that nothing asked about, False says nothing."""
        return self._answers[test].holds

    def holding(self, test: Asked, rows: Ints, fields_of: FieldsOf) -> Ints:
        """Rows, of some, that pass a test; RecordsNeeded or WordTooCommon where they have to be read and can't be."""
        answer = self._answers[test]
        unknown = rows[~answer.known[rows]]
        if unknown.size:
            self._read(test, unknown, fields_of)
        return rows[answer.holds[rows]]

    def _read(self, test: Asked, rows: Ints, fields_of: FieldsOf) -> None:
        if self._records is None:
            raise RecordsNeeded(test.piece if isinstance(test, Recorded) else f'"{_said(test)}"')
        if isinstance(test, Words):
            self._looks += rows.size * (1 + len(self._words))
            if self._looks > MOST_LOOKS:
                raise WordTooCommon(_said(test), rows.size, MOST_LOOKS // (1 + len(self._words)))
        if self._reader is None:
            self._reader = _Reader({path for each in self._answers for path in paths_of(each)})
        numbers = {each: self._numbers(each, rows, fields_of) for each in self._words}
        for at, row in enumerate(rows.tolist()):
            try:
                digest = self._columns.digests[row].tobytes()
                fields = self._reader.fields(self._records(self._columns.nct_id(row), digest))
            except TrialUnknown:
                fields = Fields({})  # the index is ahead of the records
            for each, answer in self._answers.items():
                if not answer.known[row]:
                    answer.known[row] = True
                    if isinstance(each, Recorded):
                        answer.holds[row] = passes(each, fields)
                    else:
                        answer.holds[row] = _stands(each, fields, numbers[each][at])

    def _numbers(self, words: Words, rows: Ints, fields_of: FieldsOf) -> list[Sequence[int]]:
        """For each row, the numbers of its fields to look in."""
        if rows.size * _MANY < self._columns.size:
            return [numbers_of(words.area)] * rows.size
        spots = self._spots.get(words)
        if spots is None:
            spots = self._spots[words] = Spots.of(fields_of(plain(words)))
        return spots.fields(rows)


def _stands(words: Words, fields: "Fields", numbers: Sequence[int]) -> bool:
    return any(stands(words, text) for number in numbers for text in _texts(fields, number))


def _said(words: Words) -> str:
    return words.said or " ".join(words.terms)


@dataclass(frozen=True)
class Spots:
    """Which fields of which rows hold words in any form: the others need not be read."""

    rows: Ints
    numbers: NDArray[np.uint8]

    @classmethod
    def of(cls, fields: Sequence[tuple[int, Ints]]) -> "Spots":
        """Sort what each field holds by row."""
        rows = np.concatenate([np.zeros(0, np.int32), *(rows for _, rows in fields)])
        numbers = np.repeat(np.array([n for n, _ in fields], np.uint8), [rows.size for _, rows in fields])
        order = np.argsort(rows, kind="stable")
        return cls(rows[order], numbers[order])

    def fields(self, rows: Ints) -> list[Sequence[int]]:
        """Numbers of the fields of each of some rows."""
        begins, ends = np.searchsorted(self.rows, rows).tolist(), np.searchsorted(self.rows, rows + 1).tolist()
        return [self.numbers[begin:end].tolist() for begin, end in zip(begins, ends, strict=True)]


class Fields:
    """Values of the asked fields in one record, each looked up once."""

    def __init__(self, record: object) -> None:
        self._record = record
        self._values: dict[Path, list[Any]] = {}

    def values(self, names: Path) -> list[Any]:
        """Everything at a path, lists within lists included; null is nothing."""
        found = self._values.get(names)
        if found is None:
            found = _at(self._record, names)
            self._values[names] = found
        return found


def paths_of(test: Asked) -> list[Path]:
    """Places in a record that a test looks at."""
    if isinstance(test, Recorded):
        return [path(test.piece)]
    return [_PATHS[number] for number in numbers_of(test.area)]


def passes(test: Recorded, fields: Fields) -> bool:
    """Tell whether a field passes a test."""
    values = fields.values(path(test.piece))
    wanted = test.test
    if wanted is None:
        return not any(isinstance(value, bool | int | float) or value for value in values)
    if isinstance(wanted, Words):
        return any(stands(wanted, text) for text in values if isinstance(text, str))
    if isinstance(wanted, Truth):
        return any(value is wanted.value for value in values)
    if isinstance(wanted, Days):
        return any(_is_day_in(value, wanted) for value in values)
    return any(_is_number_in(value, wanted) for value in values)


def _texts(fields: Fields, number: int) -> Iterator[str]:
    """Texts of a field of the schema; a renamed country's other name too."""
    for value in fields.values(_PATHS[number]):
        if isinstance(value, str):
            yield value
            if number == _COUNTRY and (other := other_country_name(value)):
                yield other


def _is_day_in(value: object, wanted: Days) -> bool:
    try:
        day = first_day(str(value))
    except ValueError:
        return False
    return (wanted.begin is None or wanted.begin <= day) and (wanted.end is None or day <= wanted.end)


def _is_number_in(value: object, wanted: Between) -> bool:
    if isinstance(value, str):
        try:
            value = age_years(value, "")
        except RecordInvalid:
            return False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (wanted.least is None or wanted.least <= value) and (wanted.most is None or value <= wanted.most)


# -- parsing no more than is asked -----------------------------------------------------------------------------------


def _attribute(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _at(record: object, names: Path) -> list[Any]:
    """Values at a path below parsed structs, dicts and lists; lists leave no mark in it."""
    level = _flat([record])
    for name in names:
        attribute = _attribute(name)
        below = [getattr(value, attribute) for value in level if isinstance(value, msgspec.Struct)]
        level = _flat(below or [value.get(name) for value in level if isinstance(value, dict)])
    return level


def _flat(values: list[Any]) -> list[Any]:
    """The same without lists and nulls."""
    while any(isinstance(value, list) for value in values):
        values = [item for value in values for item in (value if isinstance(value, list) else (value,))]
    return [value for value in values if value is not None]


class _Reader:
    """Parses the asked paths of a record."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_shape(frozenset(paths)))

    def fields(self, raw: RawRecord) -> Fields:
        """Read one record; one of another shape than the registry's own is parsed whole."""
        try:
            return Fields(self._decoder.decode(raw.body))
        except msgspec.DecodeError:
            return Fields(raw.data)


def _shape(paths: frozenset[Path]) -> Any:  # noqa: ANN401 - a type made of what is asked
    """Make a type that has the asked paths alone; a list may stand wherever a value may."""
    if () in paths:
        return Any
    below: dict[str, set[Path]] = {}
    for names in paths:
        below.setdefault(names[0], set()).add(names[1:])
    fields = [(_attribute(name), _shape(frozenset(rest)), None) for name, rest in below.items()]
    renamed = {_attribute(name): name for name in below}
    made = msgspec.defstruct("Part", fields, rename=renamed)
    return made | list[made] | None  # type: ignore[valid-type]
