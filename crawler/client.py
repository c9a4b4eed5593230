"""Polite HTTP to one site: one connection, a pace, retries within a budget, size limits. httpx and tenacity live here.

429, everything above 500, broken connections and broken bodies are asked again, 500 twice; `Retry-After` is obeyed;
403 is final for the run; other refusals are final for the request.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Generic, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import tenacity

from crawler.config import BODY_LIMIT_BYTES, HOME, PACE_SECONDS, SLOWEST_PACE_SECONDS, program_version
from crawler.errors import (
    BodyTooLarge,
    RecordRefused,
    RedirectRefused,
    RegistryFailed,
    RequestRejected,
    UsageError,
)

T = TypeVar("T")

TRIES = 6
TRIES_BY_CAUSE = {"500": 3, "connect": 3}  # what does not pass by waiting is given up sooner
PATIENCE_SECONDS = 300.0  # in all, for one request
DEADLINE_SECONDS = 120.0  # for one answer, from the first byte sent to the last received
REDIRECTS = 5
REASON_CHARACTERS = 300

_OK, _NOT_MODIFIED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR, _UNAVAILABLE = 200, 304, 403, 429, 500, 503
_REDIRECTED = {301, 302, 303, 307, 308}
_ENCODINGS = ("gzip", "deflate")  # a piece of these grows a thousandfold at most; others, or two at once, without bound


@dataclass(frozen=True)
class Response(Generic[T]):
    """A checked answer: what the body parsed to (None where it is not modified), where it came from, its ETag."""

    value: T | None
    url: str
    etag: str | None


@dataclass(eq=False)
class _AskAgain(Exception):
    """An answer that may be better next time."""

    reason: str
    cause: str
    retry_after_seconds: float | None = None


def user_agent(given: str | None = None) -> str:
    """Name the program, an address and the library, truthfully; UsageError for one that poses as a browser."""
    library = f"python-httpx/{httpx.__version__}"
    if given is None:
        return f"trialkin/{program_version()} (+{HOME}) {library}"
    if "mozilla" in given.lower():
        raise UsageError("TRIALKIN_USER_AGENT poses as a browser; name the program and an address instead.")
    return given if library in given else f"{given} {library}"


class Client:
    """One connection to one site; `calls` counts the requests sent."""

    def __init__(
        self,
        base_url: str,
        *,
        pace_seconds: float = PACE_SECONDS,
        agent: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_limit_bytes: int = BODY_LIMIT_BYTES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.agent = user_agent(agent)
        self.pace_seconds = pace_seconds
        self.calls = 0
        self._deadline_seconds = deadline_seconds
        self._body_limit_bytes = body_limit_bytes
        self._sleep = sleep
        self._next_call = 0.0
        self._http = httpx.Client(
            headers={
                "User-Agent": self.agent,
                "Accept": "application/json, text/html;q=0.5, */*;q=0.1",
                "Accept-Encoding": ", ".join(_ENCODINGS),
            },
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            timeout=httpx.Timeout(30.0, connect=10.0),
            trust_env=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(
        self,
        path: str,
        parameters: dict[str, str] | None = None,
        *,
        check: Callable[[bytes], T],
        etag: str | None = None,
    ) -> Response[T]:
        """Ask for a path under the base and return what `check` makes of the body (it raises ValueError on rubbish).

        Raises RecordRefused (403), RequestRejected (400, 404 …), BodyTooLarge, RedirectRefused, or RegistryFailed
        once the budget of tries is spent.
        """
        url = _address(f"{self.base_url}{path}", parameters)
        headers = {} if etag is None else {"If-None-Match": etag}
        waited = 0.0
        tries: Counter[str] = Counter()

        def wait(state: tenacity.RetryCallState) -> float:
            nonlocal waited
            error = None if state.outcome is None else state.outcome.exception()
            asked = error.retry_after_seconds if isinstance(error, _AskAgain) else None
            backoff = self.pace_seconds * 2.0 ** (state.attempt_number - 1)
            seconds = random.uniform(0.5, 1.0) * backoff if asked is None else asked  # noqa: S311 - jitter
            waited += seconds
            return seconds

        def spent(state: tenacity.RetryCallState) -> bool:
            error = None if state.outcome is None else state.outcome.exception()
            if not isinstance(error, _AskAgain):
                return True
            tries[error.cause if error.cause in TRIES_BY_CAUSE else "any"] += 1
            return waited > PATIENCE_SECONDS or any(count >= TRIES_BY_CAUSE.get(c, TRIES) for c, count in tries.items())

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AskAgain), wait=wait, stop=spent, sleep=self._sleep, reraise=True
        )
        try:
            return retrying(self._once, url, headers, check)
        except _AskAgain as error:
            raise RegistryFailed(url, error.reason) from None

    def _once(self, url: str, headers: dict[str, str], check: Callable[[bytes], T]) -> Response[T]:
        seen = {url}
        while True:
            status, answer, body = self._exchange(url, headers)
            if status not in _REDIRECTED:
                return self._judged(url, status, answer, body, check, asked_whole=not headers)
            location = answer.get("location", "")
            target = _redirected(url, location)
            if target is None or target in seen or len(seen) > REDIRECTS:
                raise RedirectRefused(url, location)
            seen.add(target)
            url = target

    def _exchange(self, url: str, headers: dict[str, str]) -> tuple[int, httpx.Headers, bytes]:
        """Send one request in its time and read the answer whole."""
        self._keep_pace()
        self.calls += 1
        begun = time.monotonic()
        try:
            with self._http.stream("GET", url, headers=headers) as response:
                encoding = response.headers.get("content-encoding", "").lower()
                if encoding not in {"", "identity", *_ENCODINGS}:
                    raise _AskAgain(f"a body encoded as {encoding!r}, which was not asked for", "broken")
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._body_limit_bytes:
                        raise BodyTooLarge(url, self._body_limit_bytes)
                    if time.monotonic() - begun > self._deadline_seconds:
                        raise _AskAgain(f"the answer took over {self._deadline_seconds:g} s", "slow")
                return response.status_code, response.headers, bytes(body)
        except httpx.ConnectError as error:
            raise _AskAgain(f"no connection ({error})", "connect") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _AskAgain(f"the connection broke ({error})", "broken") from None

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if now < self._next_call:
            self._sleep(self._next_call - now)
        self._next_call = max(now, self._next_call) + self.pace_seconds

    def _judged(
        self,
        url: str,
        status: int,
        headers: httpx.Headers,
        body: bytes,
        check: Callable[[bytes], T],
        *,
        asked_whole: bool,
    ) -> Response[T]:
        if status == _OK:
            try:
                return Response(check(body), url, headers.get("etag"))
            except (ValueError, RecursionError) as error:  # brackets within brackets without end are rubbish too
                raise _AskAgain(f"a broken body ({error})", "broken") from None
        if status == _NOT_MODIFIED and not asked_whole:
            return Response(None, url, headers.get("etag"))
        if status == _NOT_MODIFIED:
            raise _AskAgain("304 to a request for the whole", "broken")
        if status == _FORBIDDEN:
            raise RecordRefused(url, self.agent)
        reason = body[:REASON_CHARACTERS].decode("utf-8", "replace").strip() or "no reason given"
        if status == _TOO_MANY or status > _SERVER_ERROR:
            if status in {_TOO_MANY, _UNAVAILABLE}:
                self.pace_seconds = min(2 * self.pace_seconds, max(SLOWEST_PACE_SECONDS, self.pace_seconds))
            raise _AskAgain(f"{status}: {reason}", str(status), _retry_after_seconds(headers.get("retry-after")))
        if status == _SERVER_ERROR:
            raise _AskAgain(f"{status}: {reason}", "500")
        raise RequestRejected(url, status, reason)


def _address(url: str, parameters: dict[str, str] | None) -> str:
    """Write an address with its parameters; UsageError where it is none."""
    try:
        made = httpx.URL(url, params=parameters) if parameters else httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UsageError(f"{url!r} is no web address ({error}).") from None
    if made.scheme not in {"http", "https"} or not made.host:
        raise UsageError(f"{url!r} is no web address; give http(s)://….")
    return str(made)


def _redirected(url: str, location: str) -> str | None:
    """Where a redirect leads; None where that is another site or no address at all."""
    try:
        target = urljoin(url, location)
        return target if _same_site(url, target) else None
    except ValueError:
        return None


def _same_site(url: str, target: str) -> bool:
    """Same host and port; from http to https is the same site too."""
    here, there = urlsplit(url), urlsplit(target)
    if here.hostname != there.hostname:
        return False
    same = (here.scheme, here.port) == (there.scheme, there.port)
    return same or (here.scheme == "http" and there.scheme == "https" and here.port is None and there.port is None)


def _retry_after_seconds(header: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for, given as such or as a date; None where it is absent or unreadable."""
    if header is None:
        return None
    try:
        if header.strip().isdecimal():
            return float(header)
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def fetch_page(url: str, *, pace_seconds: float, agent: str | None) -> bytes:
    """Fetch one web page, whatever site it is on; the same errors and patience as `Client.get`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is no web address; give http(s)://… or a file.")
    path = url[len(f"{parts.scheme}://{parts.netloc}") :]
    with Client(f"{parts.scheme}://{parts.netloc}", pace_seconds=pace_seconds, agent=agent) as client:
        return client.get(path or "/", check=bytes).value or b""
