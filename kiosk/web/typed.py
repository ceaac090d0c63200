"""What people type, made into values or refused."""

import re

LOWEST_C, HIGHEST_C = 30.0, 45.0
_TEMPERATURE = re.compile(r"[0-9]{2}(?:[.,][0-9]{1,2})?")


def parse_temperature(text: str) -> float | None:
    """Degrees Celsius from "36,5", "36.5" or "36"; None for anything else, and for what no forehead has (below 30, above 45)."""
    typed = text.strip().removesuffix("°C").strip()
    if not _TEMPERATURE.fullmatch(typed):
        return None
    celsius = float(typed.replace(",", "."))
    return celsius if LOWEST_C <= celsius <= HIGHEST_C else None
