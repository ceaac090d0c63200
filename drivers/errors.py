"""What can go wrong with a device. Absent, silent and damaged are three different repairs.

DeviceError
├── DeviceUnavailable   not there, gone, or held by another program: look at the cable and the port
├── DeviceTimeout       there, but silent: look at power, wiring, baud rate
└── BadFrame            it spoke, and what it said is damaged: look at noise, baud rate, kind of device
"""


class DeviceError(Exception):
    """Any trouble with a device. The message names the port and says what happened."""


class DeviceUnavailable(DeviceError):
    """The device is not there, was unplugged, or another program holds it."""


class DeviceTimeout(DeviceError):
    """The device is there and said nothing in its time."""


class BadFrame(DeviceError):
    """The device spoke, and the bytes are damaged or of another protocol."""
