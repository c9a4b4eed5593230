"""Errors that write their own sentence: what failed, on which thing, what to do next.

TrialkinError
├── UsageError          the caller's words are off            (exit 2)
│   ├── IdMalformed
│   └── FileForeign     (exit 1: the file is, not the words)
├── CrawlError          talking to a registry
│   ├── RecordRefused   403, final for the run
│   ├── RegistryFailed  no good answer within the budget
│   ├── RequestRejected 400, 404: asked wrongly or not there
│   ├── BodyTooLarge
│   ├── RedirectRefused
│   └── AnswerUnsound   fewer trials than can be true
├── RecordInvalid       a record that breaks the registry's own rules
├── StoreError          the cache on disk
│   ├── StoreLocked
│   ├── StoreUnusable
│   ├── CacheEmpty
│   ├── TrialUnknown
│   └── RegistryDiffers
└── IndexError_         see index/errors.py
"""

from dataclasses import dataclass
from pathlib import Path


class TrialkinError(Exception):
    """Anything a person can be told in one sentence."""

    exit_code = 1


class UsageError(TrialkinError):
    """The command's words are wrong."""

    exit_code = 2


@dataclass(eq=False)
class IdMalformed(UsageError):
    """A text that is no NCT id."""

    text: str

    def __str__(self) -> str:
        return f"{self.text!r} is no NCT id; one is the letters NCT and eight digits, such as NCT05300932."


@dataclass(eq=False)
class FileForeign(TrialkinError):
    """A file that holds no records we can read."""

    source: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.source}: {self.reason}. Give json, jsonl, gz or zip files of ClinicalTrials.gov records "
            "(API v2 shape), such as the site's own download."
        )


@dataclass(eq=False)
class IdsUnreadable(UsageError):
    """A file that is no list of NCT ids."""

    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}. Give a text file of NCT ids, with white space or commas between them."


class CrawlError(TrialkinError):
    """Talking to a registry failed."""


@dataclass(eq=False)
class RecordRefused(CrawlError):
    """The registry answered 403; a client it refuses once it refuses always."""

    url: str
    user_agent: str

    def __str__(self) -> str:
        return (
            f"{self.url} refused this client (403, sent as {self.user_agent!r}). "
            "Nothing was lost; set TRIALKIN_USER_AGENT or try from another network."
        )


@dataclass(eq=False)
class RegistryFailed(CrawlError):
    """No good answer within the budget of tries."""

    url: str
    reason: str

    @property
    def by_the_server(self) -> bool:
        """Whether it is a 500 for good: this request's own failure, while others may be answered."""
        return self.reason.startswith("500:")

    def __str__(self) -> str:
        return f"{self.url} gave no good answer: {self.reason}. What was fetched is kept; run the same command again."


@dataclass(eq=False)
class RequestRejected(CrawlError):
    """A request the registry will not answer, however often it is asked."""

    url: str
    status: int
    reason: str

    def __str__(self) -> str:
        return f"{self.url} answered {self.status}: {self.reason}"


@dataclass(eq=False)
class BodyTooLarge(CrawlError):
    """An answer over the size limit."""

    url: str
    limit_bytes: int

    def __str__(self) -> str:
        return f"{self.url} sent more than {self.limit_bytes // 1024**2} MB; it was cut off and not kept."


@dataclass(eq=False)
class RedirectRefused(CrawlError):
    """A redirect that leaves the site or runs in a circle."""

    url: str
    location: str

    def __str__(self) -> str:
        return f"{self.url} redirects to {self.location!r}, which is another site or a circle; it was not followed."


@dataclass(eq=False)
class AnswerUnsound(CrawlError):
    """A registry's answer that can't be the whole truth; nothing is concluded from it."""

    reason: str
    advice: str

    def __str__(self) -> str:
        return f"{self.reason}. Nothing was concluded from it; {self.advice}."


@dataclass(eq=False)
class RecordInvalid(TrialkinError):
    """A record that breaks the registry's own rules."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class StoreError(TrialkinError):
    """The cache on disk."""


@dataclass(eq=False)
class StoreLocked(StoreError):
    """Another process writes to this cache."""

    folder: Path
    holder: str

    def __str__(self) -> str:
        return f"{self.folder} is being written by {self.holder}. Wait for it to end, or use another --cache."


@dataclass(eq=False)
class StoreUnusable(StoreError):
    """The database can't be opened, read or written."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. Free space, mend the permissions, or use another --cache."


@dataclass(eq=False)
class StoreDamaged(StoreError):
    """Stored bytes are not what was written."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} is damaged: {self.reason}. Run `trialkin verify` to see how far."


@dataclass(eq=False)
class CacheEmpty(StoreError):
    """Nothing was fetched into this cache yet."""

    folder: Path

    def __str__(self) -> str:
        return (
            f"{self.folder} holds no trials yet. Fetch some with `trialkin crawl NCT05300932`, "
            "read a download with `trialkin load FILE`, or look around with `trialkin demo`."
        )


@dataclass(eq=False)
class TrialUnknown(StoreError):
    """An id that this cache doesn't hold."""

    nct_id: str

    def __str__(self) -> str:
        return f"{self.nct_id} is not in this cache; `trialkin crawl {self.nct_id}` fetches it."


@dataclass(eq=False)
class VersionUnknown(StoreError):
    """No version of a trial is so old."""

    nct_id: str
    oldest: str

    def __str__(self) -> str:
        return (
            f"the oldest version of {self.nct_id} here is of {self.oldest}; "
            f"`trialkin history {self.nct_id} --fetch` asks the registry for those before."
        )


@dataclass(eq=False)
class RegistryDiffers(StoreError):
    """A cache belongs to one registry."""

    held: str
    asked: str

    def __str__(self) -> str:
        return f"this cache was fetched from {self.held}, not from {self.asked}. Use another --cache for that registry."
