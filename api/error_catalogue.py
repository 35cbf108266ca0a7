"""The catalogue of errors: what `shared/errors.py` and `shared/domain/failures.py` say of each.

It stands in docs/13-errors.md, and page by page at the problems' `type` URLs.
"""

from inspect import cleandoc

from shared import errors
from shared.domain.failures import Failure
from shared.errors import QueuecastError

INTRODUCTION = """\
# Errors

<!-- Made from shared/errors.py and shared/domain/failures.py: delete it, run tests/contract. -->

Every error is `application/problem+json` (RFC 9457), whatever `Accept` says:

```json
{
  "type": "/problems/invalid-input",
  "title": "The input is not valid",
  "status": 422,
  "detail": "/input/hue: Field is required",
  "instance": "/api/v1/predictions",
  "request_id": "…",
  "errors": [{"pointer": "/input/hue", "detail": "Field is required"}]
}
```

`type` is the name to decide by. It is relative to the service, which answers at that path with
what stands here: in HTML to a browser, else in Markdown; `/problems` has all of it. `errors` names
the fields or parameters that were refused. `request_id` is also the answer's `X-Request-ID`, and
the word to look for in the logs. What you sent is never repeated.

A refused request stores nothing and queues nothing. `Retry-After` comes with every answer after
which the same request may be accepted later.

```sh
curl -s http://127.0.0.1:8000/problems/invalid-input
```
"""

FAILURES = """\
## Failed jobs

A job that was accepted and fails is data, no HTTP error: its `status` is `failed`, `error` says why
in words, and `error_code` is one of these.

| `error_code` | the job |
|---|---|
"""


def answers() -> list[type[QueuecastError]]:
    """Every error that a request can be answered with, by status."""
    named = (one for one in vars(errors).values() if isinstance(one, type))
    found = (one for one in named if issubclass(one, QueuecastError) and "type" in vars(one))
    return sorted(found, key=lambda one: (one.status, one.type))


def explanation(error: type[QueuecastError]) -> str:
    """What it means to the caller: one paragraph."""
    text = " ".join(cleandoc(error.__doc__ or "").split())
    return f"{text} Send it again after `Retry-After`." if error.retryable else text


def entry(error: type[QueuecastError]) -> str:
    """Markdown, below a heading of the error's name."""
    return f"`{error.status}` **{error.title}.** {explanation(error)}\n"


def catalogue() -> str:
    """All of it, in Markdown."""
    problems = "\n".join(f"### {one.type}\n\n{entry(one)}" for one in answers())
    failures = "".join(f"| `{one.value}` | {one.meaning} |\n" for one in Failure)
    return f"{INTRODUCTION}\n## Problems\n\n{problems}\n{FAILURES}{failures}"
