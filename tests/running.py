"""Run the command line in this process, as a shell would see it."""

import io
import json
import sys
from dataclasses import dataclass
from typing import Any

import pytest

import cli


@dataclass(frozen=True)
class Ran:
    """Exit code, stdout and stderr of one run."""

    code: int
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        """Stdout as text."""
        return self.stdout.decode()

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Stdout as one JSON object."""
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[Any]:
        """Stdout as one JSON object a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Shell:
    """Runs `trialkin …`."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]) -> None:
        self._patch = patch
        self._capture = capture

    def __call__(self, *words: str, stdin: str = "") -> Ran:
        """Run a command to its end; a surrogate in `stdin` stands for the byte that it escapes."""
        self._capture.readouterr()
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["trialkin", *words])
            patch.setattr(
                sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode(errors="surrogateescape")), encoding="utf-8")
            )
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = self._capture.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 1, out, err.decode())
