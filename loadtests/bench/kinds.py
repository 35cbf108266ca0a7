"""The kinds of jobs that the scenarios send."""

from loadtests.bench import questions
from loadtests.bench.jobs import Kind

WINE = Kind("wine", "wine", questions.wine)
DIGITS = Kind("digits", "digits", questions.digits)
RESNET18 = Kind("resnet18-shaped", "resnet18-shaped", questions.resnet18_shaped)
TRANSFORMER = Kind("transformer-shaped", "transformer-shaped", questions.transformer_shaped)


def payload(size: int) -> Kind:
    """Bodies of at most `size` bytes."""
    return Kind(f"payload-{size}", "payload", questions.payload(size))
