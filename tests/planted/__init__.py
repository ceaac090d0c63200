"""The tests of the tests: faults put into a copy of the program on purpose, each of which a check must find."""
