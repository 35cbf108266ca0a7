"""The client's own version; the wheel's metadata says the same (tests/architecture)."""

__version__ = "0.1.0"
