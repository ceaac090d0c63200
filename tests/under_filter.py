"""Runs a program under a unit's system call filter and its ban on memory that is written and then run, as systemd sets them.

Usage: under_filter.py UNIT PROGRAM [ARGUMENT...]. It needs no running systemd: what `SystemCallFilter=` names is put into the
kernel through the same libseccomp that systemd uses.
"""

import ctypes
import errno
import mmap
import os
import subprocess
import sys
from pathlib import Path

_ALLOW = 0x7FFF0000
_EPERM = 0x00050000 | errno.EPERM
_MASKED_EQ = 7
_WRITE_AND_RUN = mmap.PROT_WRITE | mmap.PROT_EXEC


class _Compare(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64))


def allowed(unit: str) -> set[str]:
    """The system calls that a unit's SystemCallFilter= lines leave, read as systemd reads them: one after the other."""
    names: set[str] = set()
    for line in unit.splitlines():
        key, _, value = line.partition("=")
        if key == "SystemCallFilter":
            found = {call for word in value.removeprefix("~").split() for call in _expanded(word)}
            names = names - found if value.startswith("~") else names | found
    return names


def _expanded(word: str) -> set[str]:
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
    words = {line.strip() for line in listed.splitlines()[1:] if line.strip() and not line.strip().startswith("#")}
    return {call for inner in words for call in _expanded(inner)}


def apply(calls: set[str], *, shut_memory: bool) -> None:
    """Allow this process, and what it starts, `calls` alone; with `shut_memory` no memory that is written and then run."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    for default in (_ALLOW, _EPERM) if shut_memory else (_EPERM,):
        context = ctypes.c_void_p(lib.seccomp_init(default))
        if default == _EPERM:
            for name in calls:
                number = lib.seccomp_syscall_resolve_name(name.encode())
                if number != -1:
                    lib.seccomp_rule_add(context, _ALLOW, number, 0)
        else:
            _deny(lib, context, b"mmap", _WRITE_AND_RUN)
            _deny(lib, context, b"mprotect", mmap.PROT_EXEC)
        if lib.seccomp_load(context) != 0:
            raise SystemExit("under_filter: the kernel did not take the filter")


def _deny(lib: ctypes.CDLL, context: ctypes.c_void_p, name: bytes, protection: int) -> None:
    compare = _Compare(2, _MASKED_EQ, protection, protection)
    number = lib.seccomp_syscall_resolve_name(name)
    if lib.seccomp_rule_add_array(context, _EPERM, number, 1, ctypes.byref(compare)) != 0:
        raise SystemExit(f"under_filter: no rule for {name.decode()}")


if __name__ == "__main__":
    unit = Path(sys.argv[1]).read_text(encoding="utf-8")
    apply(allowed(unit), shut_memory="\nMemoryDenyWriteExecute=yes\n" in unit)
    os.execv(sys.argv[2], sys.argv[2:])
