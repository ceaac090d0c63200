"""The commands about a station."""

import click

from kiosk.cli.badges import badges
from kiosk.cli.guard import guard
from kiosk.cli.journal import journal
from kiosk.cli.run import kiosk
from kiosk.cli.staff import staff

commands: list[click.Command] = [kiosk, staff, badges, guard, journal]
