"""The data folder: who runs in it, and what the other commands can learn of that."""

import stat
from pathlib import Path

import pytest

from cli.data_folder import AlreadyRunningError, DataFolder, Running

_RUNNING = Running(1, "postgresql://a", "redis://b", "a-secret", "http://c", "http://d", "http://e", "http://f")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def test_only_one_run_at_a_time_has_the_folder(folder: DataFolder) -> None:
    with folder.claim():
        with pytest.raises(AlreadyRunningError):
            folder.claim()
        folder.announce(_RUNNING)
        assert folder.running() == _RUNNING
    folder.claim().close()


def test_what_a_killed_run_announced_is_not_taken_for_a_running_hub(folder: DataFolder) -> None:
    with folder.claim():
        folder.announce(_RUNNING)
    assert folder.running() is None
    assert folder.was_left_behind()
    folder.withdraw()
    assert not folder.was_left_behind()


def test_secrets_are_readable_by_their_owner_only_and_made_once(folder: DataFolder) -> None:
    with folder.claim():
        assert folder.jwt_secret() is None
        secret = folder.make_jwt_secret()
        folder.announce(_RUNNING)
        assert folder.jwt_secret() == _RUNNING.jwt_secret
    assert (folder.jwt_secret(), folder.make_jwt_secret()) == (secret, secret)
    assert len(secret) >= 32
    for name in ("jwt_secret", "running.json"):
        assert stat.S_IMODE((folder.path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_asking_whether_a_hub_runs_leaves_no_trace(folder: DataFolder) -> None:
    assert folder.running() is None
    assert not folder.path.exists()
