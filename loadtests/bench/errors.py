"""What ends a measurement."""


class ArmFailed(Exception):
    """An arm did not do what it was asked: its figures would mean nothing."""
