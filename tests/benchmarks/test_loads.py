from pathlib import Path

from benchmarks import seed, wrk


def test_a_request_is_written_as_it_goes_over_the_wire() -> None:
    assert wrk.request("GET", "/bare", {"Authorization": "Bearer x"}) == (
        b"GET /bare HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\n\r\n"
    )
    assert wrk.request("POST", "/bare", {}, b"{}").endswith(
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


def test_rates_are_compared_round_by_round() -> None:
    def results(*rates: float) -> list[wrk.Result]:
        return [wrk.Result(rate=rate, p50_ms=1.0, p99_ms=2.0, rejected_share=0.0) for rate in rates]

    measured = {"hub": results(50, 10, 60), "limit": results(100, 100, 100)}
    assert wrk.ratio(measured, "hub", "limit") == 0.5


def test_every_membership_of_an_invented_directory_leads_somewhere(tmp_path: Path) -> None:
    platform = seed.Platform("p", people=20, extra=("more",))
    seed.write_files(tmp_path / "directory", platform)

    def lines(name: str) -> list[list[str]]:
        text = (tmp_path / "directory" / name).read_text(encoding="utf-8")
        return [line.split(",") for line in text.splitlines()[1:]]

    clinics = {line[0] for line in lines("clinics.csv")}
    memberships = lines("memberships.csv")
    assert len(clinics) == platform.clinics
    assert {line[2] for line in memberships if line[1] == "clinic"} <= clinics
    assert len(memberships) == len({tuple(line) for line in memberships}) == 1 + 1 + 20 + 2
    assert len(lines("users.csv")) == platform.users
