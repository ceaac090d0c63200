"""What only a browser on the kiosk itself is given."""

from ipaddress import ip_address

from flask import request

from kiosk.core.values import Screen
from kiosk.web.context import the_door


def is_here() -> bool:
    """True for a browser on this machine, in the app that is for it."""
    return not the_door().on_lan and ip_address(request.remote_addr or "0.0.0.0").is_loopback


def own_token(screen: Screen) -> str | None:
    """The token for the button to one's own page on the panel that is drawn now; None where there is to be no such button."""
    found = the_door().duties
    return found.self_check.look(screen) if found is not None and is_here() else None
