"""The commands that the device library adds to `gapura`."""

from drivers.cli_devices import devices

commands = [devices]
