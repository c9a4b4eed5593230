"""The web application, and ways to run it: in this process for `serve`, on a thread of its own for a crawl."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from crawler.config import Cache
from crawler.errors import TrialkinError
from serve.api import Api
from serve.headers import SecurityHeaders
from serve.mirror import Mirror
from serve.pages import Pages
from serve.registry_api import RegistryApi

LOOPBACK = "127.0.0.1"


@dataclass(eq=False)
class AddressTaken(TrialkinError):
    """The port can't be listened on."""

    host: str
    port: int
    reason: str

    def __str__(self) -> str:
        return f"can't listen on {self.host}:{self.port} ({self.reason}). Choose another --port."


def application(cache: Cache) -> Starlette:
    """The registry's API under `/api/v2` and `/api/int`, JSON under `/api`, pages for people; all from a cache."""
    mirror = Mirror(cache)

    @asynccontextmanager
    async def closing(_application: Starlette) -> AsyncIterator[None]:
        yield
        mirror.close()  # here, for SQLite wants to be closed on the thread that opened it

    registry = RegistryApi(mirror)
    routes = [
        Mount("/api/v2", routes=registry.routes()),
        Mount("/api/int", routes=registry.internal_routes()),
        Mount("/api", Api(cache, mirror).application()),
        Mount("/", Pages(cache, mirror).application()),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)], lifespan=closing)


def listen(host: str, port: int) -> socket.socket:
    """Bind a socket; AddressTaken where it can't be had. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, for asyncio switches Nagle's algorithm off only there: it costs 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # who connects before the server runs waits instead of being refused
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressTaken(host, port, str(error)) from None
    return listener


def run(application_: Starlette, listener: socket.socket) -> None:
    """Serve until interrupted."""
    config = uvicorn.Config(application_, log_level="warning", access_log=False, lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])


class _Background(uvicorn.Server):
    """A server on a thread: the main thread keeps its signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


@contextmanager
def serving(application_: Starlette) -> Iterator[str]:
    """Serve on a free loopback port while the block runs; yields the address."""
    listener = listen(LOOPBACK, 0)
    config = uvicorn.Config(application_, log_level="error", access_log=False, lifespan="on")
    server = _Background(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
