"""Why pip or uv failed, in one line."""

NO_NETWORK = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "dns error",
    "ProxyError",
    "error sending request",
)
LONGEST_LINE = 200


def explain(output: str) -> str:
    """The cause where it is known, else the last line that names an error."""
    if "No space left on device" in output:
        return "the disk is full"
    if any(sign in output for sign in NO_NETWORK):
        return "no network: the package index cannot be reached"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [
        line
        for line in lines
        if line.lower().startswith(("error", "fatal", "\N{MULTIPLICATION SIGN}", "╰"))
    ]
    return (errors or lines or ["it failed without a word"])[-1][:LONGEST_LINE]
