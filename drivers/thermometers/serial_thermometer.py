"""A thermometer on a serial port: any decoder over one link."""

from drivers.base import Channel, MonotonicNs, Sample
from drivers.errors import BadFrame, DeviceError, DeviceTimeout, DeviceUnavailable
from drivers.serial_link import SerialLink
from drivers.thermometers.decoding import Decoded, Decoder

_NS = 1_000_000_000
_STALE_NS = _NS // 10


class SerialThermometer:
    """Reads a device that speaks by itself. Keeps the promises of `drivers.base.Thermometer`; belongs to one thread.

    `greeting` is sent each time the port was opened. A sample is never older than a tenth of a second: what arrived while
    nobody was reading is thrown away, because nobody knows when it was measured.
    """

    def __init__(
        self,
        link: SerialLink,
        decoder: Decoder,
        *,
        kind: str,
        channel: Channel,
        timeout_s: float,
        now: MonotonicNs,
        greeting: bytes = b"",
        simulated: bool = False,
    ) -> None:
        self._link = link
        self._decoder = decoder
        self._kind = kind
        self._channel = channel
        self._timeout_s = timeout_s
        self._now = now
        self._greeting = greeting
        self._simulated = simulated
        self._looked_at_ns = now()

    @property
    def kind(self) -> str:
        """The protocol's name."""
        return self._kind

    @property
    def simulated(self) -> bool:
        """True when no real warmth is measured."""
        return self._simulated

    def read(self) -> Sample:
        """Give the newest complete sample; wait for one for up to `timeout_s`. The numbers are as the device sent them.

        Raises:
            DeviceUnavailable, DeviceTimeout, BadFrame. After each the port is closed, and the next call opens it anew.
        """
        try:
            self._start()
            return self._wait_for_sample()
        except DeviceError:
            self.close()
            raise

    def close(self) -> None:
        """Let the port go. Closing twice, or a port that is gone, is no error."""
        self._link.close()
        self._decoder.reset()

    def _start(self) -> None:
        if not self._link.is_open:
            self._link.open()
            if self._greeting:
                self._link.write(self._greeting)
        elif self._now() - self._looked_at_ns > _STALE_NS:
            # Read and forgotten, not flushed: the beginning of the next frame may be the last of it.
            self._decoder.feed(self._link.read(timeout_s=0))

    def _wait_for_sample(self) -> Sample:
        ends_ns = self._now() + round(self._timeout_s * _NS)
        damage = 0
        while (left_ns := ends_ns - self._now()) > 0:
            data = self._link.read(timeout_s=left_ns / _NS)
            self._looked_at_ns = self._now()
            decoded = self._decoder.feed(data)
            if decoded.readings:
                return self._sample(decoded)
            if decoded.complaint:
                raise DeviceUnavailable(f"{self._link.port}: {decoded.complaint}")
            damage += decoded.damage
            if not data:
                break
        if damage or self._decoder.pending:
            raise BadFrame(f"{self._link.port}: what arrives is damaged or no {self._kind}; check baud rate, kind and wiring")
        raise DeviceTimeout(f"{self._link.port}: no reading within {self._timeout_s:g} s; check power, wiring and baud rate")

    def _sample(self, decoded: Decoded) -> Sample:
        newest = decoded.readings[-1]
        return Sample(
            channel=self._channel,
            at_ns=self._looked_at_ns,
            object_c=newest.object_c,
            ambient_c=newest.ambient_c,
            body_c=newest.body_c,
        )
