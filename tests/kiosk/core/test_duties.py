import pytest

from kiosk.core.duties import Duty, Role, may

ALLOWED = {
    #                     guard  desk   head   administrator
    "watch":              (True,  True,  True,  True),
    "decide":             (True,  False, False, True),
    "record_presence":    (True,  False, False, True),
    "evacuate":           (True,  True,  True,  True),
    "keep_log":           (True,  True,  False, True),
    "hand_over":          (True,  False, False, True),
    "print_sheet":        (True,  False, True,  True),
    "decide_corrections": (False, False, True,  True),
    "run_room":           (True,  True,  False, True),
    "administer":         (False, False, False, True),
}  # fmt: skip
ROLES = ("guard", "desk", "head", "administrator")


@pytest.mark.parametrize(
    ("duty", "role", "allowed"), [(d, r, a) for d, row in ALLOWED.items() for r, a in zip(ROLES, row, strict=True)]
)
def test_who_may_do_what(duty: str, role: str, allowed: bool):
    """Each role has its duties and no other."""
    assert may(role, Duty(duty)) is allowed


def test_the_table_is_whole():
    """Every duty and every role stands in the table above."""
    assert (set(ALLOWED), set(ROLES)) == ({duty.value for duty in Duty}, {role.value for role in Role})


@pytest.mark.parametrize("role", ["", "Guard", "root", "guard ", "administrator\n"])
def test_a_role_nobody_knows_has_no_duty(role: str):
    """A role of a newer server, or none, opens nothing."""
    assert not any(may(role, duty) for duty in Duty)
