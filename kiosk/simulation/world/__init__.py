"""Seeded worlds: kiosks and a server, the real code, in one process, on a clock, a network and disks that chance decides.

One seed, one world: the same seed gives the same steps, and so the same end.
"""
