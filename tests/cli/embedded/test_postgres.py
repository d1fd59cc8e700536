"""The embedded PostgreSQL: real servers, started the way `message-hub run` starts them."""

import contextlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest

from cli.embedded import files, postgres, server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a server's data are kept, below a folder that only its owner may enter. Made once; each test starts it."""
    parent = tmp_path_factory.mktemp("embedded") / "private"
    parent.mkdir(mode=0o700)
    postgres.prepare(parent / "pg")
    return parent / "pg"


def _show(url: str, setting: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SHOW {setting}").fetchone()
    assert row is not None
    return str(row[0])


def test_what_was_committed_is_there_after_a_restart_on_the_same_port(folder: Path, tmp_path: Path) -> None:
    first = postgres.prepare(folder)
    with server.running(first, log=tmp_path / "log"), psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    again = postgres.prepare(folder)
    assert again.url == first.url
    with server.running(again, log=tmp_path / "log"), psycopg.connect(again.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_it_is_durable_and_sorts_by_code_point_unless_told_otherwise(folder: Path, tmp_path: Path) -> None:
    prepared = postgres.prepare(folder)
    with server.running(prepared, log=tmp_path / "log"):
        shown = {name: _show(prepared.url, name) for name in ("fsync", "synchronous_commit", "full_page_writes", "jit")}
        assert shown == {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "jit": "off"}
        assert _show(prepared.url, "server_version").startswith("18")
        assert (_show(prepared.url, "listen_addresses"), _show(prepared.url, "unix_socket_directories")) == (
            "127.0.0.1",
            "",
        )


def test_its_log_tells_of_errors_and_quotes_nothing_that_was_to_be_stored(folder: Path, tmp_path: Path) -> None:
    prepared, log = postgres.prepare(folder), tmp_path / "log"
    with server.running(prepared, log=log), psycopg.connect(prepared.url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE t (key text PRIMARY KEY, body text CHECK (char_length(body) < 9), at timestamptz)"
        )
        for values in (
            ("planted", "b", None),
            ("planted", "b", None),
            ("k", "planted body", None),
            ("l", "b", "planted"),
        ):
            with contextlib.suppress(psycopg.errors.IntegrityError, psycopg.errors.DataError):
                connection.execute("INSERT INTO t VALUES (%s, %s, %s)", values, prepare=True)
        with contextlib.suppress(psycopg.errors.DataError), connection.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write_row(("m", "b", "planted"))
    told = log.read_text()
    for error in ("duplicate key", "check constraint", "type timestamp"):
        assert error in told
    assert "STATEMENT:  INSERT INTO t VALUES ($1, $2, $3)" in told
    assert "planted" not in told.replace('zone: "planted"', ""), (
        "but for a text that is no time, which no service sends"
    )


def test_it_lets_nobody_in_without_its_password(postgres: server.Server) -> None:
    address = psycopg.conninfo.conninfo_to_dict(postgres.url)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**{**address, "password": "wrong"})
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(**{**address, "password": None})


def test_no_parent_folder_is_opened_to_others(folder: Path, tmp_path: Path) -> None:
    with server.running(postgres.prepare(folder), log=tmp_path / "log"):
        folders = [folder.parent, folder, folder / "cluster"]
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * 3
        assert {folder.stat().st_uid for folder in folders[:2]} == {os.getuid()}
        assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")
def test_binaries_in_a_folder_that_only_root_may_enter_can_be_run(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    binary = shutil.copy("/bin/true", private)
    prefix = postgres.unprivileged_prefix()
    for command in (["test", "-r", binary], ["test", "-x", binary], [binary]):
        subprocess.run([*prefix, *command], check=True)
    assert subprocess.run([*prefix, "id", "-u"], check=True, capture_output=True, text=True).stdout != "0\n"


def test_another_port_is_chosen_when_the_remembered_one_is_taken(postgres: server.Server, tmp_path: Path) -> None:
    taken = psycopg.conninfo.conninfo_to_dict(postgres.url)["port"]
    (tmp_path / "port").write_text(str(taken))
    chosen = files.kept_port(tmp_path / "port")
    assert str(chosen) != str(taken)
    assert files.kept_port(tmp_path / "port") == chosen


def test_an_initdb_that_was_cut_off_is_begun_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "pg" / "cluster.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    postgres.prepare(tmp_path / "pg")
    assert not unfinished.exists()
    assert (tmp_path / "pg" / "cluster" / "global" / "pg_control").exists()


def test_data_of_another_version_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pg" / "cluster").mkdir(parents=True)
    (tmp_path / "pg" / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(server.EmbeddedError, match=r"made by PostgreSQL 17, and this is 18: use another data folder"):
        postgres.prepare(tmp_path / "pg")


def test_a_server_that_cannot_start_is_shown_with_its_last_lines(folder: Path, tmp_path: Path) -> None:
    prepared = postgres.prepare(folder, settings={"no_such_setting": "1"})
    with (
        pytest.raises(server.EmbeddedError, match="no_such_setting"),
        server.running(prepared, log=tmp_path / "log"),
    ):
        raise AssertionError("it started")


def test_as_root_without_setpriv_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(server.EmbeddedError, match=r"setpriv \(package util-linux\)"):
        postgres.prepare(tmp_path / "pg")
    assert not (tmp_path / "pg").exists()
