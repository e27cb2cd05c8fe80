"""The languages of the page.  A further one is a name here and a file in gate/texts."""

from typing import Literal, get_args

Language = Literal["kk", "ru", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The country's two, and English: also the default of a venue that names none."""
