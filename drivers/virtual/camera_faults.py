"""A camera that does what a script says: pictures, and every way in which real cameras fail. For tests and demonstrations."""

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Event

from drivers.errors import DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.scanners.frames import Frame


@dataclass(frozen=True, slots=True)
class Stuck:
    """A `grab` that does not come back for so long, as V4L2's does for ten seconds; then it times out."""

    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Unplugged:
    """The plug is pulled: `grab` fails, and so does `open` for so many times."""

    failed_opens: int = 1


Act = Frame | DeviceError | Stuck | Unplugged


class ScriptedSource:
    """A `FrameSource` that gives one act of its script for each `grab`.

    A frame is given, an error raised, the others behave as they say. After its end the script goes on with silence,
    or with `for_ever`: the last picture repeated is what some unplugged cameras do.
    """

    name = "scripted camera"

    def __init__(self, script: Iterable[Act], *, for_ever: Act | None = None) -> None:
        self._script = iter(script)
        self._for_ever = for_ever or DeviceTimeout(f"{self.name}: the script is over")
        self._failed_opens = 0
        self._is_open = False
        self._released = Event()
        self.opened = 0
        self.closed = 0

    def open(self) -> None:
        if self._is_open:
            return
        if self._failed_opens:
            self._failed_opens -= 1
            raise DeviceUnavailable(f"{self.name}: no such camera")
        self._is_open = True
        self.opened += 1

    def grab(self) -> Frame:
        if not self._is_open:
            raise DeviceUnavailable(f"{self.name}: not open")
        act = next(self._script, self._for_ever)
        if isinstance(act, DeviceError):
            raise type(act)(*act.args)
        if isinstance(act, Unplugged):
            self._failed_opens = act.failed_opens
            raise DeviceUnavailable(f"{self.name}: unplugged")
        if isinstance(act, Stuck):
            self._released.wait(act.seconds)
            raise DeviceTimeout(f"{self.name}: no frame in {act.seconds:g} s")
        return act

    def close(self) -> None:
        self.closed += self._is_open
        self._is_open = False

    def release(self) -> None:
        """Let a stuck `grab` come back at once."""
        self._released.set()
