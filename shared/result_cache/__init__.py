"""The result cache: which job answered an input, or is about to."""
