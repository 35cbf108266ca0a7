from loadtests.chaos.soak import Sample, growth


def test_growth_is_the_slope_behind_the_warm_up() -> None:
    warming = [Sample("api 1", float(at), 1000.0 - at, 5) for at in range(0, 900, 60)]
    steady = [Sample("api 1", float(at), 50.0 + at / 60, 20) for at in range(900, 3601, 60)]
    found = growth([*warming, *steady])["api 1"]
    assert round(found.resident_mib_an_hour, 6) == 60.0
    assert (found.open_files, found.open_files_an_hour) == ((20, 20), 0.0)


def test_a_process_that_was_hardly_seen_has_no_slope() -> None:
    assert growth([Sample("api 1", 0.0, 1.0, 1)]) == {}
