"""Batches of records analysed in processes of their own, given back in order.

A worker knows nothing but its standard input: when the writer dies, however it dies, that ends, and so does it.
"""

import gc
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import IO

import msgspec

from crawler.record import RawRecord
from index.batch import Batch, Texts, analysed
from index.document import Document
from index.errors import WorkerDied

BATCH = 1000  # trials: half a second of work, some 50 MB
WORTH_IT = 2000  # trials from which starting processes (a third of a second) pays
MOST = 4  # workers; one thread takes what they make

_DOCUMENTS = msgspec.msgpack.Decoder(tuple[list[Document], list[Texts]])


def batches(records: Iterable[RawRecord], expected: int) -> Iterator[Batch]:
    """Analyse records, batch by batch, in their order; by other processes where there are many."""
    bodies = (raw.body for raw in records)
    workers = min(MOST, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    if expected < WORTH_IT or workers == 1:
        while some := list(islice(bodies, BATCH)):
            yield analysed([RawRecord(body) for body in some])
        return
    with _started(workers) as idle:
        busy: deque[subprocess.Popen[bytes]] = deque()
        for some in iter(lambda: list(islice(bodies, BATCH)), []):
            worker, batch = (idle.pop(), None) if idle else _taken(busy)
            _give(worker, some)  # before the batch is used, so that the worker never waits for it
            busy.append(worker)
            if batch is not None:
                yield batch
        while busy:
            _, batch = _taken(busy)
            yield batch


@contextmanager
def _started(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-P", "-m", "index.workers"]  # a folder `index` where we stand is not ours
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - ours
        for _ in range(count)
    ]
    try:
        yield list(workers)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def _give(worker: subprocess.Popen[bytes], bodies: list[bytes]) -> None:
    try:
        pickle.dump(bodies, _pipe(worker.stdin), pickle.HIGHEST_PROTOCOL)
        _pipe(worker.stdin).flush()
    except OSError:
        raise WorkerDied(worker.poll()) from None


def _taken(busy: "deque[subprocess.Popen[bytes]]") -> tuple[subprocess.Popen[bytes], Batch]:
    """Wait for the worker that was given its batch first."""
    worker = busy.popleft()
    try:
        documents, inverted, learner = pickle.load(_pipe(worker.stdout))  # noqa: S301 - what our own process wrote
    except (EOFError, pickle.UnpicklingError):
        raise WorkerDied(worker.wait()) from None
    return worker, Batch(*_DOCUMENTS.decode(documents), inverted, learner)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError(pipe)
    return pipe


def _work() -> None:
    gc.disable()  # a batch is gone before the next one is read, and has no cycles
    while True:
        try:
            bodies: list[bytes] = pickle.load(sys.stdin.buffer)  # noqa: S301 - what our own parent wrote
        except EOFError:
            return
        batch = analysed([RawRecord(body) for body in bodies])
        documents = msgspec.msgpack.encode((batch.documents, batch.texts))  # five times as fast as pickle's objects
        pickle.dump((documents, batch.inverted, batch.learner), sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    try:
        _work()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
