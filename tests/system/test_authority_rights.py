"""Who can read an authority's files: published ones everybody, all that is secret its owner, whatever the umask."""

from pathlib import Path

import pytest

from tests.commands.process import run_gate


def gate(umask: int, *arguments: str | Path) -> None:
    done = run_gate("authority", *arguments, umask=umask)
    assert done.returncode == 0, done.stderr


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_rights_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    home, medium, table, picture = (tmp_path / name for name in ("authority", "medium", "table.csv", "pass.png"))
    table.write_text("person,status\n123456789012,green\nb,red\n")
    gate(umask, "init", home, "--keys", medium)
    gate(umask, "add-issuer", home, "ashyq")
    gate(umask, "import", home, table)
    gate(umask, "publish", home, "--keys", medium)
    gate(umask, "issue", home, "--issuer", "ashyq", "--idx", "0", "--status", "green", "--png", picture)
    for folder in (home / "private", medium):
        assert rights(folder) == 0o700
        assert {rights(path) for path in folder.iterdir()} == {0o600}
    of_people = [path for path in home.iterdir() if path.name.startswith(("people", "status"))]
    assert len(of_people) > 1
    assert {rights(path) for path in of_people} == {0o600}
    assert rights(picture) == 0o600  # whoever has it has the pass
    published = [home, home / "root.json", home / "public", *(home / "public").rglob("*")]
    assert {rights(path) for path in published if path.is_dir()} == {0o755}
    assert {rights(path) for path in published if path.is_file()} == {0o644}
