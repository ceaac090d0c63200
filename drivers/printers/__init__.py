"""Receipt printers: what is on a slip, and how it gets onto paper."""
