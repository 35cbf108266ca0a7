from loadtests.baselines import bare_loop
from loadtests.bench.answers import Direct, require_equal
from loadtests.bench.questions import wine
from shared.settings import BUNDLED_MODELS_DIR

INPUTS = [wine(number) for number in range(301)]  # more than one batch each, and an odd one


def test_the_processes_together_give_every_direct_answer_in_order():
    part = bare_loop.Part([BUNDLED_MODELS_DIR], "wine", INPUTS, threads=1)
    looped = bare_loop.run(part, processes=2)
    require_equal(looped.outputs, Direct().answers("wine", INPUTS))
    assert looped.seconds > 0
    assert looped.cpu_seconds > 0
