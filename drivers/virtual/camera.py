"""A camera that is a process of its own: it draws frames, sends them to whoever connects, and does as its control socket says.

    python -m drivers.virtual.camera --socket PATH --control PATH

It stands where a USB camera stands, so that whoever measures the kiosk does not measure the drawing. The control socket takes one
JSON object a line and answers each with one (see `camera_control` for the client):

    {"do": "show", "code": text, "seconds": number}   -> {"ok": true, "shown_at_ns": monotonic ns of the first frame, or null}
    {"do": "clear"}                                   -> {"ok": true}
    {"do": "fault", "fault": name of a `Fault`}       -> {"ok": true}
    anything else                                     -> {"ok": false, "error": text}
"""

import signal
import socketserver
import sys
import time
from pathlib import Path
from threading import Condition, Event, Thread

import click
import cv2
import msgspec
import numpy as np

from drivers.base import MonotonicNs
from drivers.virtual.camera_control import Answer, Clear, Command, Fault, MakeFault, Show
from drivers.virtual.camera_source import HEADER
from drivers.virtual.scene import Presentation, Scene, TooLongForACode

_SHOW_WITHIN_S = 1.0
_CLEAR_WITHIN_S = 0.2
_GARBAGE_BYTES = 30_000
_MAX_LINE = 16_384


class VirtualCamera:
    """What the camera sees, frame by frame. `step` makes one; the commands may come from other threads."""

    def __init__(self, scene: Scene, *, now: MonotonicNs) -> None:
        self._scene = scene
        self._now = now
        self._rng = np.random.default_rng(0)
        self._changed = Condition()
        # Guarded by _changed.
        self._seq = 0
        self._frame = b""
        self._fault = Fault.NONE
        self._held: Presentation | None = None
        self._held_for_s = 0.0
        self._shown_at_ns: int | None = None
        self._visible: Presentation | None = None

    @property
    def unplugged(self) -> bool:
        """True while nobody may see frames."""
        return self._fault is Fault.UNPLUG

    def show(self, code: str, seconds: float) -> int | None:
        """Hold a badge with that code up for so long, in place of any other. Gives when the first frame with it was sent.

        None when a fault kept it from being seen; nobody holds it up any longer then.

        Raises:
            TooLongForACode
        """
        presentation = self._scene.presentation(code)
        with self._changed:
            self._held, self._held_for_s, self._shown_at_ns = presentation, seconds, None
            self._changed.wait_for(lambda: self._shown_at_ns is not None or self._held is not presentation, _SHOW_WITHIN_S)
            if self._held is not presentation:
                return None
            if self._shown_at_ns is None:
                self._held = None
            return self._shown_at_ns

    def clear(self) -> None:
        """Take the badge away. On return no frame shows it any longer, unless a fault keeps frames back."""
        with self._changed:
            self._held = None
            self._changed.wait_for(lambda: self._visible is None, _CLEAR_WITHIN_S)

    def fail(self, fault: Fault) -> None:
        """Begin a fault, or end it with `Fault.NONE`."""
        with self._changed:
            self._fault = fault

    def step(self) -> None:
        """Make the next frame and hand it to all who wait."""
        with self._changed:
            fault, held, shown_at_ns = self._fault, self._held, self._shown_at_ns
        if fault in (Fault.SILENT, Fault.UNPLUG):
            return
        frame = self._frame if fault is Fault.STUCK and self._frame else self._drawn(fault, held, shown_at_ns)
        with self._changed:
            self._seq, self._frame = self._seq + 1, frame
            if fault is Fault.NONE:
                self._visible = held
                self._follow_badge()
            self._changed.notify_all()

    @property
    def seq(self) -> int:
        """The newest frame's number."""
        return self._seq

    def next_frame(self, after: int, timeout_s: float) -> tuple[int, bytes] | None:
        """The newest frame with its number, once there is one above `after`. None when there was none in time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._seq > after, timeout_s):
                return None
            return self._seq, self._frame

    def _drawn(self, fault: Fault, held: Presentation | None, shown_at_ns: int | None) -> bytes:
        if fault is Fault.GARBAGE:
            return self._rng.bytes(_GARBAGE_BYTES)
        now_ns = self._now()
        if held is None:
            return self._scene.empty_jpeg(now_ns / 1e9)
        return self._scene.badge_jpeg(held, (now_ns - (shown_at_ns or now_ns)) / 1e9, now_ns / 1e9)

    def _follow_badge(self) -> None:
        if self._held is None or self._held is not self._visible:
            return
        now_ns = self._now()
        if self._shown_at_ns is None:
            self._shown_at_ns = now_ns
        elif now_ns - self._shown_at_ns >= self._held_for_s * 1e9:
            self._held = None


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, camera: VirtualCamera, handler: type[socketserver.BaseRequestHandler], stop: Event) -> None:
        path.unlink(missing_ok=True)
        super().__init__(str(path), handler)
        self.camera, self.stop, self.path = camera, stop, path
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        """Refuse new readers and forget the address."""
        self.shutdown()
        self.server_close()
        self.path.unlink(missing_ok=True)


class _Stream(socketserver.BaseRequestHandler):
    """Sends one reader the newest frame whenever there is one, until it leaves or the plug is pulled."""

    server: _Server

    def handle(self) -> None:
        self.request.settimeout(2.0)
        camera = self.server.camera
        seq = camera.seq
        while not (self.server.stop.is_set() or camera.unplugged):
            newest = camera.next_frame(seq, timeout_s=0.1)
            if newest is None:
                continue
            seq, frame = newest
            try:
                self.request.sendall(HEADER.pack(len(frame)) + frame)
            except OSError:
                return


class _Control(socketserver.StreamRequestHandler):
    """Answers commands, one a line."""

    server: _Server

    def handle(self) -> None:
        while line := self.rfile.readline(_MAX_LINE):
            try:
                self.wfile.write(msgspec.json.encode(self._answer(line)) + b"\n")
            except OSError:
                return

    def _answer(self, line: bytes) -> Answer:
        try:
            command = msgspec.json.decode(line, type=Command)
            return Answer(ok=True, shown_at_ns=self._do(command))
        except (msgspec.DecodeError, TooLongForACode, UnicodeDecodeError) as exc:
            return Answer(ok=False, error=str(exc))

    def _do(self, command: Command) -> int | None:
        match command:
            case Show(code=code, seconds=seconds):
                return self.server.camera.show(code, seconds)
            case Clear():
                self.server.camera.clear()
            case MakeFault(fault=fault):
                self.server.camera.fail(fault)
        return None


def serve(camera: VirtualCamera, socket_path: Path, control_path: Path, *, now: MonotonicNs, fps: float, stop: Event) -> None:
    """Run the camera until told to stop: frames at a steady rate, one socket for readers, one for commands."""
    control = _Server(control_path, camera, _Control, stop)
    stream: _Server | None = None
    due_ns = now()
    while not stop.is_set():
        if camera.unplugged and stream is not None:
            stream.end()
            stream = None
        elif stream is None and not camera.unplugged:
            stream = _Server(socket_path, camera, _Stream, stop)
        camera.step()
        due_ns = max(due_ns + int(1e9 / fps), now())
        stop.wait((due_ns - now()) / 1e9)
    control.end()
    if stream is not None:
        stream.end()


@click.command()
@click.option("--socket", "socket_path", type=click.Path(path_type=Path), required=True, help="Where readers get frames.")
@click.option("--control", "control_path", type=click.Path(path_type=Path), required=True, help="Where commands are taken.")
@click.option("--fps", type=click.FloatRange(1, 120), default=30.0, show_default=True, help="Frames a second.")
@click.option("--seed", type=int, default=1, show_default=True, help="How badges are held is drawn by lot from this.")
@click.option("--until-stdin-ends", is_flag=True, help="End with the process that holds the other end of standard input.")
def main(socket_path: Path, control_path: Path, fps: float, seed: int, *, until_stdin_ends: bool) -> None:
    """A simulated camera, 640x480."""
    cv2.setNumThreads(1)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if until_stdin_ends:
        Thread(target=_stop_with_stdin, args=(stop,), daemon=True).start()
    camera = VirtualCamera(Scene(seed), now=time.monotonic_ns)
    serve(camera, socket_path, control_path, now=time.monotonic_ns, fps=fps, stop=stop)


def _stop_with_stdin(stop: Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


if __name__ == "__main__":
    main()
