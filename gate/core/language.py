"""The languages of the page.  Another one is a name here and a file in gate/kiosk/texts."""

from typing import Literal, get_args

Language = Literal["kk", "ru", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The country's two, and English: also what a venue shows that names none."""
