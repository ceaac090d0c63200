"""What can go wrong with a device. Absent, silent, damaged and waiting are four different repairs.

DeviceError
├── DeviceUnavailable   not there, gone, or held by another program: look at the cable and the port
├── DeviceTimeout       there, but silent: look at power, wiring, baud rate
├── BadFrame            it spoke, and what it said is damaged: look at noise, baud rate, kind of device
└── NotReady            it works, and waits for a person: look at its paper and its cover
"""


class DeviceError(Exception):
    """Any trouble with a device. The message names the port and says what happened."""


class DeviceUnavailable(DeviceError):
    """The device is not there, was unplugged, or another program holds it."""


class DeviceTimeout(DeviceError):
    """The device is there and said nothing in its time."""


class BadFrame(DeviceError):
    """The device spoke, and the bytes are damaged or of another protocol."""


class NotReady(DeviceError):
    """The device works, and waits for somebody to do something, as it says itself."""
