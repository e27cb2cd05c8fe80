"""The texts of the technician's pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gate.core.language import LANGUAGES
from gate.desk.pages import words_of

TEXTS = Path(__file__).parent / "texts"


def technician_words(language: str, languages: Sequence[str]) -> tuple[Mapping[str, str], str]:
    """Return the texts in a language, or in the first of `languages` where there is none; and that language."""
    chosen = language if language in LANGUAGES else languages[0]
    return words_of(chosen, TEXTS), chosen
