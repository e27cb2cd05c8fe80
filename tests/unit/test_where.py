"""Where commands look when nothing is named."""

from pathlib import Path

import pytest

from gate.cli import where
from gate.errors import ConfigError, UsageError


def test_staff_who_may_not_read_the_configuration_find_the_lane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "USUAL", tmp_path / "gate.toml")
    monkeypatch.setattr(where, "DEFAULT_RUN", tmp_path / "run")
    with pytest.raises(UsageError, match="--config"):
        where.run_directory(None, None)
    (tmp_path / "run").mkdir()
    assert where.run_directory(None, None) == tmp_path / "run"
    assert where.run_directory(None, tmp_path / "state") == tmp_path / "state"


def test_staff_find_each_of_several_lanes_by_the_name_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "USUAL", tmp_path / "gate.toml")
    monkeypatch.setattr(where, "DEFAULT_RUN", tmp_path / "run")
    (tmp_path / "run").mkdir()
    assert where.run_directory(tmp_path / "gate.toml", None) == tmp_path / "run"
    assert where.run_directory(tmp_path / "lanes/left.toml", None) == tmp_path / "run/left"
    with pytest.raises(ConfigError, match=r"elsewhere\.toml"):
        where.run_directory(tmp_path / "elsewhere.toml", None)
