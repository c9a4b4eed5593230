"""A registry's bad days, for tests: an ASGI layer that answers chosen requests badly and notes every one."""

import asyncio
import gzip
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Call:
    """One request as it arrived. `number` counts from 1, `port` is the connection's at the client's end."""

    number: int
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    port: int
    at: float

    @property
    def url(self) -> str:
        """Path and query as text."""
        asked = "&".join(f"{name}={text}" for name, text in self.query.items())
        return f"{self.path}?{asked}" if asked else self.path

    @property
    def ids(self) -> list[str]:
        """What `filter.ids` asks for."""
        return self.query["filter.ids"].split(",") if "filter.ids" in self.query else []


When: TypeAlias = Callable[[Call], bool]
Fault: TypeAlias = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]


@dataclass
class Script:
    """Which requests fare badly, and what was asked so far. A rule's faults are used up in order."""

    calls: list[Call] = field(default_factory=list)
    _rules: list[tuple[When, list[Fault], bool]] = field(default_factory=list)

    def once(self, when: When, *faults: Fault) -> None:
        """Answer the first requests that match with these faults, one each; later ones are answered well."""
        self._rules.append((when, list(faults), False))

    def always(self, when: When, fault: Fault) -> None:
        """Answer every request that matches with this fault."""
        self._rules.append((when, [fault], True))

    def mend(self) -> None:
        """Answer well from now on."""
        self._rules.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._rules.clear()
        self.calls.clear()

    def fault(self, call: Call) -> Fault | None:
        """Note a call, and tell how it fares."""
        self.calls.append(call)
        for when, faults, endless in self._rules:
            if faults and when(call):
                return faults[0] if endless else faults.pop(0)
        return None

    @property
    def urls(self) -> list[str]:
        """Path and query of every call."""
        return [call.url for call in self.calls]


class FaultLayer:
    """Stands in front of an application as a script tells it to."""

    def __init__(self, app: ASGIApp, script: Script) -> None:
        self._app = app
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer well or badly."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        fault = self._script.fault(_call(scope, len(self._script.calls) + 1))
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await fault(self._app, scope, receive, send)


def _call(scope: Scope, number: int) -> Call:
    return Call(
        number=number,
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
        port=scope["client"][1],
        at=time.monotonic(),
    )


# -- which requests --------------------------------------------------------------------------------------------------


def every(_call: Call) -> bool:
    """Any request."""
    return True


def number(wanted: int) -> When:
    """The request of a number."""
    return lambda call: call.number == wanted


def onward(first: int) -> When:
    """The request of a number and all after it."""
    return lambda call: call.number >= first


def asking(**parts: str) -> When:
    """Requests whose path ends with `path`, and whose parameters hold the others (`_` stands for a dot)."""
    wanted = {name.replace("_", "."): text for name, text in parts.items() if name != "path"}
    return lambda call: (
        call.path.endswith(parts.get("path", "")) and all(text in call.query.get(n, "\0") for n, text in wanted.items())
    )


def any_ids(call: Call) -> bool:
    """A batch by ids."""
    return "filter.ids" in call.query


def any_page(call: Call) -> bool:
    """A page of a query."""
    return any(name.startswith("query.") for name in call.query)


def later_page(call: Call) -> bool:
    """A page that is asked for by its token."""
    return "pageToken" in call.query


def page_over(size: int) -> When:
    """A page of more than so many."""
    return lambda call: int(call.query.get("pageSize", "0")) > size


def naming(*nct_ids: str) -> When:
    """A batch by ids that has any of these."""
    return lambda call: not set(nct_ids).isdisjoint(call.ids)


# -- how they fare ---------------------------------------------------------------------------------------------------


async def _send(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    listed = [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Another answer; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}

    async def fault(_app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
        await _send(send, status, body, {"content-length": str(len(body)), **named})

    return fault


def refused() -> Fault:
    """403, as the edge answers a client it does not like."""
    return answer(403, b"Forbidden")


def too_many(retry_after: str | None = None) -> Fault:
    """429, with or without a `Retry-After`."""
    return answer(429, b"slow down") if retry_after is None else answer(429, b"slow down", retry_after=retry_after)


def html() -> Fault:
    """A proxy's page with status 200."""
    return answer(200, b"<!DOCTYPE html><title>Sign in</title>", content_type="text/html")


def dead_token() -> Fault:
    """400, as for a token of data that was replaced."""
    return answer(400, b"`pageToken` is incorrect")


def empty_page() -> Fault:
    """A page with nothing on it and no token."""
    return answer(200, b'{"studies":[]}', content_type="application/json")


def redirect(to: str) -> Fault:
    """302 to anywhere."""
    return answer(302, location=to)


def gzip_bomb(size: int) -> Fault:
    """Blanks that are small on the wire."""
    return answer(200, gzip.compress(b" " * size), content_encoding="gzip")


def oversized(size: int) -> Fault:
    """Blanks without a word of how many, until the client has enough."""

    async def fault(_app: ASGIApp, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(0, size, 1 << 16):
            await send({"type": "http.response.body", "body": b" " * (1 << 16), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return fault


async def _good(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """How the application would have answered."""
    starts: list[Message] = []
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return starts[0], bytes(body)


def cut_short(part: float = 0.5) -> Fault:
    """The right answer, its length told truly, and the connection closed part way through."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _good(app, scope, receive)
        await send(start)
        await send({"type": "http.response.body", "body": body[: int(part * len(body))], "more_body": True})

    return fault


def cut_json(part: float = 0.5) -> Fault:
    """Half of the right answer, sent whole as far as HTTP can tell."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        _, body = await _good(app, scope, receive)
        half = body[: int(part * len(body))]
        await _send(send, 200, half, {"content-length": str(len(half)), "content-type": "application/json"})

    return fault


def drip(pause_seconds: float, drops: int) -> Fault:
    """The right answer, at first a byte at a time."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _good(app, scope, receive)
        await send(start)
        for at in range(drops):
            await send({"type": "http.response.body", "body": body[at : at + 1], "more_body": True})
            await asyncio.sleep(pause_seconds)
        await send({"type": "http.response.body", "body": body[drops:]})

    return fault


def rewrite(change: Callable[[bytes], bytes]) -> Fault:
    """The right answer, changed."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start, body = await _good(app, scope, receive)
        made = change(body)
        await _send(send, start["status"], made, {"content-length": str(len(made)), "content-type": "application/json"})

    return fault


def with_studies(*bodies: bytes) -> Fault:
    """The right page with other studies before its own."""

    def change(page: bytes) -> bytes:
        told = msgspec.json.decode(page, type=dict[str, msgspec.Raw])
        own = msgspec.json.decode(told["studies"], type=list[msgspec.Raw])
        studies = b",".join([*bodies, *map(bytes, own)])
        return msgspec.json.encode({**told, "studies": msgspec.Raw(b"[" + studies + b"]")})

    return rewrite(change)


def reject_unknown(script: Script, known: Iterable[str]) -> None:
    """Make a batch with an id that is not there fail as a whole with 400, as the registry was seen to do."""
    held = frozenset(known)
    script.always(
        lambda call: any(nct_id not in held for nct_id in call.ids), answer(400, b"`filter.ids` is incorrect")
    )


def hold(arrived: threading.Event) -> Fault:
    """No answer: tell that the request is here, and wait until the client is gone."""

    async def fault(_app: ASGIApp, _scope: Scope, receive: Receive, _send: Send) -> None:
        arrived.set()
        while (await receive())["type"] != "http.disconnect":
            pass

    return fault
