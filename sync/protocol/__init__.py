"""What both ends must agree on. Pure: values in, values out; no clock, file, thread or log."""
