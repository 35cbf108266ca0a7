"""The life of a job as docs/15-promises.md draws it: made from `shared.domain.states`.

`python -m deploy.local.life_drawing` writes it into the page; a test fails while it is stale.
"""

import re
from collections import defaultdict

from deploy.local.paths import ROOT
from shared.domain.states import CHANGES, TERMINAL

PAGE = ROOT / "docs" / "15-promises.md"
BEGIN, END = "<!-- made from shared/domain/states.py -->\n", "<!-- end -->\n"


def drawing() -> str:
    """A state diagram in Mermaid, and a table of every change."""
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for change in CHANGES:
        for after in change.after:
            arrows[change.before or "[*]", after].append(change.name)
    lines = [f"    {a} --> {b}: {', '.join(names)}" for (a, b), names in arrows.items()]
    lines += [f"    {end} --> [*]" for end in sorted(TERMINAL)]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])
    return f"{BEGIN}\n{diagram}\n\n{_table()}\n\n{END}"


def _table() -> str:
    cells = [
        (one.name, one.before or "(new)", ", ".join(one.after), one.who, one.when)
        for one in CHANGES
    ]
    rows = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join(["| change | from | to | by | when |", "|---|---|---|---|---|", *rows])


def main() -> None:
    page = re.sub(f"{BEGIN}.*{END}", lambda _: drawing(), PAGE.read_text(), flags=re.DOTALL)
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
