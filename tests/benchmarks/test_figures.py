from benchmarks import figures


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert figures.percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert figures.p99([float(n) for n in range(1, 201)]) == 198.0


def test_the_percentile_of_few_is_the_largest() -> None:
    assert figures.p99([5.0, 1.0]) == 5.0
    assert figures.p99([5.0]) == 5.0


def test_a_spread_names_both_ends() -> None:
    assert figures.spread([0.5, 0.25, 1.0]) == "0.25–1"
