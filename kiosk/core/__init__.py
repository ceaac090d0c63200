"""Decisions at the door. Pure: values in, values out; no clock, file, thread, log or web."""
