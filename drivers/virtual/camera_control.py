"""Starts the virtual camera in a process of its own, and tells it what to show."""

import socket
import subprocess
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from threading import Event

import msgspec

from drivers.errors import DeviceUnavailable

_ANSWER_WITHIN_S = 5.0
_READY_WITHIN_S = 20.0


class Fault(StrEnum):
    """What can be wrong with the virtual camera."""

    NONE = "none"
    UNPLUG = "unplug"
    SILENT = "silent"
    GARBAGE = "garbage"
    STUCK = "stuck"


class Show(msgspec.Struct, frozen=True, tag_field="do", tag="show", forbid_unknown_fields=True):
    """Hold a badge up."""

    code: str
    seconds: float


class Clear(msgspec.Struct, frozen=True, tag_field="do", tag="clear", forbid_unknown_fields=True):
    """Take the badge away."""


class MakeFault(msgspec.Struct, frozen=True, tag_field="do", tag="fault", forbid_unknown_fields=True):
    """Begin or end a fault."""

    fault: Fault


Command = Show | Clear | MakeFault


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the camera says to a command."""

    ok: bool
    shown_at_ns: int | None = None
    error: str | None = None


class CommandRefused(ValueError):
    """The camera cannot do that. The message says why."""


class VirtualCameraControl:
    """Drives a virtual camera. Each command has its own connection, so any thread may give one.

    All raise DeviceUnavailable when no camera listens there.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)

    def present(self, code: str, seconds: float) -> int | None:
        """Hold a badge with that code up for so long, in place of any other.

        Gives the monotonic nanoseconds at which the first frame with it was sent, or None when a fault kept it from being seen.

        Raises:
            CommandRefused: the text fits in no code.
        """
        return self._ask(Show(code, seconds)).shown_at_ns

    def clear(self) -> None:
        """Take the badge away."""
        self._ask(Clear())

    def fault(self, name: str) -> None:
        """Begin a fault: "unplug", "silent", "garbage" or "stuck"; or end it: "none".

        Raises:
            CommandRefused: there is no such fault.
        """
        if name not in list(Fault):
            raise CommandRefused(f"{name!r} is no fault of a camera; there are: {', '.join(Fault)}")
        self._ask(MakeFault(Fault(name)))

    def _ask(self, command: Command) -> Answer:
        try:
            with socket.socket(socket.AF_UNIX) as end:
                end.settimeout(_ANSWER_WITHIN_S)
                end.connect(self._path)
                end.sendall(msgspec.json.encode(command) + b"\n")
                with end.makefile("rb") as lines:
                    answer = msgspec.json.decode(lines.readline(), type=Answer)
        except (OSError, msgspec.DecodeError) as exc:
            raise DeviceUnavailable(f"{self._path}: the simulated camera does not answer: {exc}") from exc
        if not answer.ok:
            raise CommandRefused(answer.error or "refused")
        return answer


class VirtualCameraProcess:
    """A virtual camera in a process of its own, with its sockets in a folder. It ends with `close`, or with this process."""

    def __init__(self, folder: Path, *, seed: int = 1, fps: float = 30.0) -> None:
        self.socket_path = folder / "camera.sock"
        self.control_path = folder / "camera-control.sock"
        self.control = VirtualCameraControl(self.control_path)
        arguments = [
            "--socket",
            str(self.socket_path),
            "--control",
            str(self.control_path),
            "--seed",
            str(seed),
            "--fps",
            str(fps),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drivers.virtual.camera", *arguments, "--until-stdin-ends"],
            stdin=subprocess.PIPE,
            # Ctrl-C at a terminal is for this process; it then ends the camera in its own order.
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process's id, for whoever measures it."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it serves frames.

        Raises:
            DeviceUnavailable: it ended, or was not ready in 20 s.
        """
        pause = Event()
        for _ in range(int(_READY_WITHIN_S / 0.05)):
            if self._process.poll() is not None:
                break
            with suppress(DeviceUnavailable):
                if self.socket_path.exists():
                    self.control.clear()
                    return
            pause.wait(0.05)
        raise DeviceUnavailable(f"{self.socket_path}: the simulated camera did not start")

    def close(self) -> None:
        """End the process. Closing twice is no error."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=3.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
