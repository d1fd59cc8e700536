import io

import rich.console

from benchmarks import report


def test_a_target_is_met_at_its_bound() -> None:
    assert report.Target("rate", 0.9, 0.9).is_met
    assert not report.Target("rate", 0.89, 0.9).is_met
    assert report.Target("time", 1.2, 1.2, at_most=True).is_met
    assert not report.Target("time", 1.21, 1.2, at_most=True).is_met


def test_what_is_kept_says_what_was_wanted_and_whether_it_was_met() -> None:
    answer = report.Answer(
        "Rate", [report.Table("Rates", [{"way": "a", "rate": 5}])], [report.Target("rate", 1.0, 2.0)]
    )
    assert report.as_document(answer) == {
        "question": "Rate",
        "tables": [{"title": "Rates", "note": "", "rows": [{"way": "a", "rate": 5}]}],
        "targets": [{"what": "rate", "measured": 1.0, "bound": 2.0, "at_most": False, "met": False}],
    }


def test_a_missed_target_stands_out() -> None:
    shown = io.StringIO()
    console = rich.console.Console(file=shown, width=100)
    tables = [report.Table("Rates", [{"way": "a", "entries_per_second": 12345, "share": None}], "In turn.")]
    report.show(console, report.Answer("Rate", tables, [report.Target("rate", 1.0, 2.0)]))
    assert "12,345" in shown.getvalue()
    assert "MISSED" in shown.getvalue()


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert report.percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert report.p99([float(n) for n in range(1, 201)]) == 198.0


def test_the_percentile_of_few_is_the_largest() -> None:
    assert report.p99([5.0, 1.0]) == 5.0
    assert report.p99([5.0]) == 5.0


def test_a_spread_names_both_ends() -> None:
    assert report.spread([0.5, 0.25, 1.0]) == "0.25–1"
