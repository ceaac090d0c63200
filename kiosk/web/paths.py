"""Where the templates are: beside the packages in a checkout, inside the `kiosk` package in a wheel."""

from pathlib import Path

import kiosk


def templates_folder() -> Path:
    """The absolute folder with the templates, the static files and the catalogs."""
    package = Path(kiosk.__file__).resolve().parent
    inside_wheel = package / "templates"
    return inside_wheel if inside_wheel.is_dir() else package.parent / "templates"
