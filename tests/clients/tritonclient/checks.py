"""Triton's client against a running system: `checks.py URL`."""

import sys

import tritonclient.http as triton


def main(url: str) -> None:
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        assert not client.is_model_ready("no-such-model")


if __name__ == "__main__":
    main(sys.argv[1])
