"""What is measured, one question per file."""

from loadtests.bench.scenarios.arrivals import ARRIVALS
from loadtests.bench.scenarios.cache import CACHE
from loadtests.bench.scenarios.database import DATABASE
from loadtests.bench.scenarios.depth import DEPTH
from loadtests.bench.scenarios.heavy import RESNET18_SHAPED, TRANSFORMER_SHAPED
from loadtests.bench.scenarios.idle import IDLE
from loadtests.bench.scenarios.image import IMAGE
from loadtests.bench.scenarios.payloads import PAYLOADS
from loadtests.bench.scenarios.rows import ROWS
from loadtests.bench.scenarios.tabular import TABULAR

ALL = (
    TABULAR, IDLE, IMAGE, PAYLOADS, CACHE, TRANSFORMER_SHAPED, RESNET18_SHAPED, ARRIVALS, DATABASE,
    DEPTH, ROWS,
)  # fmt: skip
