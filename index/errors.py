"""Errors of questions and of indexes; each writes its own sentence with the next step."""

from dataclasses import dataclass
from pathlib import Path

from crawler.errors import TrialkinError, UsageError


@dataclass(eq=False)
class QueryError(UsageError):
    """A query that can't be read: where, and what was expected there."""

    text: str
    position: int
    expected: str

    def __str__(self) -> str:
        return f"the query can't be read: expected {self.expected}{_pointed(self.text, self.position)}"


def _pointed(text: str, position: int) -> str:
    """A query and a caret under a place in it, as two lines more."""
    # A long query is shown around the place; tabs and newlines would move the caret.
    begin = max(0, position - 60)
    shown = "".join(letter if letter.isprintable() else " " for letter in text[begin : position + 40])
    return f"\n  {shown}\n  {' ' * (position - begin)}^"


@dataclass(eq=False)
class ValueUnknown(UsageError):
    """A value that a closed list doesn't have."""

    name: str
    value: str
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        near = nearest(self.value.upper().replace(" ", "_"), self.allowed)
        hint = f"; did you mean {near}?" if near else ""
        return f"{self.name} has no value {self.value!r}{hint or '.'} One of: {', '.join(self.allowed)}."


@dataclass(eq=False)
class RangeMalformed(UsageError):
    """A range, or an age, that can't be read."""

    name: str
    value: str
    form: str

    def __str__(self) -> str:
        return f"{self.name}: {self.value!r} can't be read; write {self.form}."


@dataclass(eq=False)
class RecordsNeeded(UsageError):
    """A question that the index alone can't answer, and nothing else is at hand."""

    asked: str

    def __str__(self) -> str:
        return (
            f"{self.asked} is not in the index: it is read in the records, and there are none beside this index. "
            "Ask where the cache has its records, or leave it out."
        )


class DistanceUnmeasured(UsageError):
    """A sort by distance from nowhere."""

    def __str__(self) -> str:
        return "sorting by distance needs a point to measure from: --near LAT,LON,50mi."


def nearest(value: str, known: tuple[str, ...] | list[str]) -> str | None:
    """Return the known value that looks most like this one, None where none does."""
    from difflib import get_close_matches  # noqa: PLC0415 - every start would pay for it

    folded = {other.casefold(): other for other in known}
    found = get_close_matches(value.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


@dataclass(eq=False)
class WordTooCommon(UsageError):
    """Words asked for as written, or at an end of a value: too many records would have to be read."""

    said: str
    records: int
    most: int
    text: str = ""

    def __str__(self) -> str:
        told = (
            f"EXPANSION[None] or COVERAGE of {self.said!r} has to be looked up in {self.records:,} records, and one "
            f"question may read {self.most:,}. Add a rarer word or a filter, or leave it out"
        )
        position = self.text.find(self.said)
        return f"{told}." if position < 0 else f"{told}.{_pointed(self.text, position)}"


class IndexUnusable(TrialkinError):
    """The index can't answer."""


@dataclass(eq=False)
class IndexMissing(IndexUnusable):
    """Records are here, an index is not."""

    folder: Path

    def __str__(self) -> str:
        return f"{self.folder} holds no index yet. Build it with `trialkin index`."


@dataclass(eq=False)
class IndexOutdated(IndexUnusable):
    """An index that another version made."""

    reason: str

    def __str__(self) -> str:
        return f"the index was made {self.reason}. Build it anew with `trialkin index --rebuild`."


@dataclass(eq=False)
class EngineDiffers(IndexUnusable):
    """Another engine was asked for than the index has."""

    held: str
    asked: str

    def __str__(self) -> str:
        return (
            f"the index here is {self.held}'s, not {self.asked}'s. Move it with `trialkin index --engine {self.asked}`."
        )


@dataclass(eq=False)
class EngineUnknown(UsageError):
    """An engine that this version doesn't have."""

    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        return f"there is no engine {self.name!r}; one of: {', '.join(self.known)}."


@dataclass(eq=False)
class WorkerDied(TrialkinError):
    """A process that analysed records for a build ended before its work did."""

    code: int | None

    def __str__(self) -> str:
        return (
            f"a process that analysed records died (exit {self.code}); was there memory enough? "
            "The old index stands; try `trialkin index` again."
        )


@dataclass(eq=False)
class IndexDamaged(IndexUnusable):
    """Files of the index are missing or not what was written."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} is damaged ({self.reason}). Build the index anew with `trialkin index --rebuild`."


@dataclass(eq=False)
class DayUnbuildable(IndexUnusable):
    """An index as of a day that is not there, in a cache that nobody may write to."""

    folder: Path
    day: str

    def __str__(self) -> str:
        return (
            f"{self.folder} has no index as of {self.day} and can't be written. "
            "Mend the permissions, or ask a copy of it with --cache."
        )


class ClusterError(IndexUnusable):
    """What an engine asks of a cluster, and does not get."""


class ClientMissing(ClusterError):
    """The library that speaks to a cluster is an extra."""

    def __str__(self) -> str:
        return "the engine opensearch needs opensearch-py. Install it with `pip install 'trialkin[opensearch]'`."


class ClusterUnnamed(ClusterError):
    """The engine is asked for, and nobody says where its cluster is."""

    def __str__(self) -> str:
        return "the engine opensearch needs a cluster's address. Name it with --opensearch URL or TRIALKIN_OPENSEARCH."


@dataclass(eq=False)
class AddressMalformed(UsageError):
    """A text that is no cluster's address."""

    text: str

    def __str__(self) -> str:
        return f"{self.text!r} is no cluster's address; write http://host:9200, several of them joined by commas."


@dataclass(eq=False)
class ClusterUnreachable(ClusterError):
    """No node gave an answer in the time that there is for one."""

    addresses: str
    reason: str

    def __str__(self) -> str:
        return (
            f"no OpenSearch answers at {self.addresses} ({self.reason}). "
            "See that it runs, or name another address with --opensearch URL or TRIALKIN_OPENSEARCH."
        )


@dataclass(eq=False)
class ClusterIncomplete(ClusterError):
    """Some of the index's shards do not answer: there is no whole answer, and a part of one is none."""

    index: str
    reason: str

    def __str__(self) -> str:
        return (
            f"a part of the index {self.index} does not answer ({self.reason}). "
            "Bring the cluster's nodes back, or build the index anew with `trialkin index --rebuild`."
        )


@dataclass(eq=False)
class ClusterForeign(ClusterError):
    """The cluster does not hold what the index's own files say."""

    index: str
    reason: str

    def __str__(self) -> str:
        return f"the cluster's index {self.index} {self.reason}. Build it anew with `trialkin index --rebuild`."


@dataclass(eq=False)
class ClusterRefused(ClusterError):
    """The cluster answered, and it was no."""

    addresses: str
    reason: str

    def __str__(self) -> str:
        return f"the OpenSearch at {self.addresses} refused: {self.reason}. See its rights, its version and its log."
