"""What the other doors of the site ask of this one: who it believes inside."""

from flask import Blueprint, Response, abort, request

from kiosk.services.neighbours import PATH
from kiosk.web.access import public
from kiosk.web.context import duties

neighbours = Blueprint("neighbours", __name__)


@neighbours.get(PATH)
@public
def presence() -> Response:
    """The sealed answer for whoever proves to have the site's secret; 404 without a site, 403 without the proof."""
    evacuation = duties().evacuation
    key, nonce = evacuation.site_key, request.headers.get("X-Gapura-Nonce", "")
    if key is None:
        abort(404)
    if not key.is_ours(nonce, request.headers.get("X-Gapura-Mac", "")):
        duties().neighbours.refused(str(request.remote_addr))
        abort(403)
    return Response(key.seal(nonce, evacuation.answer()), mimetype="application/octet-stream")
