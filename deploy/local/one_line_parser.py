"""Arguments of commands: what is wrong with them is said in one line."""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from deploy.local.terminal import note


class OneLineParser(argparse.ArgumentParser):
    """Errors in one line: the usage is one --help away."""

    def error(self, message: str) -> NoReturn:
        note(f"{message}; ./run --help lists the commands")
        sys.exit(2)


def number(least: int, most: int) -> Callable[[str], int]:
    """For `type`: a whole number within these bounds."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return parse
