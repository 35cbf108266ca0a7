"""Starts a preprocess worker that counts as deaf after 2 s; with `deaf`, whose ears are closed."""

import sys

from workers import __main__, app, bell_channel, pulse

pulse.DEAF_SECONDS = 2.0

if sys.argv.pop() == "deaf":

    def let_nothing_pass(*_: object) -> None:
        bell_channel.let_pass_only(lambda _message: False, lambda _message: None)

    app.let_pass_only = let_nothing_pass

__main__.main()
