"""Device loops: one thread a device, each outage said once when it begins and once when it ends, and never in the way."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from drivers.errors import BadFrame, DeviceError, DeviceTimeout
from kiosk.services.views import DeviceState

logger = logging.getLogger(__name__)

T = TypeVar("T")

_DAMAGED_IN_A_ROW = 5
"""One damaged frame is noise on a cable; this many without a good one between them is an outage."""


class DeviceLoop(Generic[T]):
    """Reads one device for as long as the program runs.

    `read` gives a value, or None when there is nothing to say; it waits by itself, and opens the device anew after an error.
    `deliver` gets the values, `changed` the device's state whenever that changes.
    """

    def __init__(
        self,
        name: str,
        *,
        read: Callable[[], T | None],
        deliver: Callable[[T], None],
        changed: Callable[[DeviceState], None],
        retry_s: float = 0.5,
    ) -> None:
        self.name, self.state = name, DeviceState.OK
        self._read, self._deliver, self._changed, self._retry_s = read, deliver, changed, retry_s
        self._damaged = 0

    def run(self, stop: threading.Event) -> None:
        """Step until `stop` is set."""
        while not stop.is_set():
            pause_s = self.step()
            if pause_s:
                stop.wait(pause_s)

    def step(self) -> float:
        """Read once and hand on what came. Gives the seconds to wait before the next step."""
        try:
            value = self._read()
        except BadFrame as exc:
            self._damaged += 1
            if self._damaged >= _DAMAGED_IN_A_ROW:
                self._enter(DeviceState.DAMAGED, exc)
            return 0.0
        except DeviceTimeout as exc:
            self._enter(DeviceState.SILENT, exc)
            return 0.0
        except DeviceError as exc:
            self._enter(DeviceState.LOST, exc)
            return self._retry_s
        if value is not None:
            self._deliver(value)
        self._damaged = 0
        self._enter(DeviceState.OK, None)
        return 0.0

    def _enter(self, state: DeviceState, why: DeviceError | None) -> None:
        before, self.state = self.state, state
        if before == state:
            return
        if state is DeviceState.OK:
            logger.info("%s is back", self.name)
        elif before is DeviceState.OK:
            logger.warning("%s lost: %s", self.name, why)
        self._changed(state)
