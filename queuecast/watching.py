"""`--watch`: the stages of a prediction while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from queuecast.operations import OnProgress
from queuecast.results import Prediction
from queuecast.screen import Screen

STAGES = ("queued", "preprocessing", "predicting")


@contextmanager
def watching(screen: Screen) -> Iterator[OnProgress]:
    """Where progress goes: a JSON line, a live line of a terminal, or a line for every stage."""
    if screen.as_json:
        yield lambda prediction: None if prediction.done else screen.document(prediction)
    elif screen.log.is_terminal:
        with Live(console=screen.log, transient=True) as live:
            yield lambda prediction: live.update(Spinner("line", stages(prediction)))
    else:
        yield lambda prediction: screen.note(f"{prediction.id} {_stage(prediction)}")


def stages(prediction: Prediction) -> Text:
    """All stages in their order; what is over is dim, what runs is bold."""
    now = _stage(prediction)
    if now not in STAGES:
        return Text(now, style="bold")
    place = STAGES.index(now)
    styles = ["dim"] * place + ["bold"] + [""] * (len(STAGES) - place - 1)
    return Text(" > ").join(Text(stage, style) for stage, style in zip(STAGES, styles, strict=True))


def _stage(prediction: Prediction) -> str:
    return prediction.status if prediction.done else prediction.stage or prediction.status
