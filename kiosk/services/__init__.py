"""Use-cases: the I/O around the core's decisions. Knows devices by their protocols, and no web, wire or pixels."""
