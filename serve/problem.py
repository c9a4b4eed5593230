"""An error as the web tells it: a status and a sentence, the same for a page and for JSON."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException

from crawler.config import Cache
from crawler.errors import CacheEmpty, TrialkinError, TrialUnknown, UsageError
from index.errors import IndexMissing

_TITLES = {
    400: "That can’t be read",
    404: "Not here",
    405: "Not done that way",
    503: "Can’t answer now",
}
_STATUSES: tuple[tuple[type[TrialkinError], int], ...] = ((UsageError, 400), (TrialUnknown, 404))  # any other: 503
_FAULT = "Something failed here, and it is a fault of trialkin. The server's own log has the traceback."


@dataclass(frozen=True)
class Problem:
    """What to answer instead of what was asked for."""

    status: int
    sentence: str

    @property
    def title(self) -> str:
        """A few words for it."""
        return _TITLES.get(self.status, "Something failed")

    @property
    def headline(self) -> str:
        """The sentence's first line; what a caret points into stands below it."""
        return self.sentence.partition("\n")[0]

    @property
    def place(self) -> str:
        """The lines below the first, empty for most."""
        return self.sentence.partition("\n")[2]


def problem(error: Exception, cache: Cache) -> Problem:
    """Tell of an error: 400 for what was asked wrongly, 404 for what is not here, 503 for what can't answer yet."""
    if isinstance(error, IndexMissing) and not cache.database.exists():
        return Problem(503, str(CacheEmpty(cache.folder)))
    if isinstance(error, TrialkinError):
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 503)
        return Problem(status, str(error))
    if isinstance(error, HTTPException):
        return Problem(error.status_code, _http_sentence(error))
    if isinstance(error, OSError):
        return Problem(503, f"{error.filename or 'a file'}: {error.strerror or error}. Run `trialkin verify`.")
    return Problem(500, _FAULT)


def _http_sentence(error: HTTPException) -> str:
    return {
        404: "There is nothing at this address.",
        405: "Only GET and HEAD are answered: nothing can be changed from here.",
    }.get(error.status_code, error.detail)
