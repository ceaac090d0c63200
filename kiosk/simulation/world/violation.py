"""What a world ends in when a promise is broken."""


class Violation(Exception):
    """Something happened that must never happen; the message says what, in one sentence."""
