"""The commands that the device library adds to `gapura`."""

from drivers.cli_decode import bench, decode
from drivers.cli_devices import devices

commands = [devices, decode, bench]
