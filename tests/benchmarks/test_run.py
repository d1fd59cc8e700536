"""The command line of the benchmarks, without a hub."""

import sys
from pathlib import Path

import pytest

from benchmarks import report, run


def test_without_wrk_the_rest_is_measured_and_what_is_left_out_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    measured: list[str] = []

    def measure(chosen: list[str], _size: str, result: run.Run, _console: object) -> None:
        measured.extend(chosen)
        result.answers |= {name: report.Answer(name, []) for name in chosen}

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(run, "_measure", measure)
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["run", "--only", "fanout,polling"])
    run.main()
    assert measured == ["fanout"]
    assert "Left out: polling" in capsys.readouterr().out
