"""Ask the type checker about a mutant that no test notices: `scripts/test` runs it, too."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.making import Mutant


def breaks_types(root: Path, cache: Path, mutant: Mutant) -> bool:
    """Whether mypy finds a fault in the mutated module."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as mutated:
        mutated.write(mutant.code)
        mutated.flush()
        file = str(mutant.file)
        command = [sys.executable, "-m", "mypy", "--cache-dir", str(cache), "--shadow-file", file, mutated.name, file]
        return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode == 1
