"""Cells of CSV files that spreadsheets open: nothing in one is taken for a formula. Pure."""

import re

# Where Windows is set to Indonesian, Excel parts cells at ";" and at no ",", so a cell of ours may begin anywhere behind one of
# these. A quote in between would begin it too, and its reader takes it away.
_FORMULA = re.compile(r"""((?:^|[;,\t\r\n])[\s"]*)(?=[=+\-@])""")


def guarded(words: str) -> str:
    """The words with an apostrophe before each character that would begin a formula, whatever cells are parted by."""
    return _FORMULA.sub(r"\1'", words)
