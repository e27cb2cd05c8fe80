"""What is wrong with a form reaches people in the gate's own words."""

import json
import re
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gate.core.form_error import first_error
from gate.core.reason import Reason

LIBRARY = re.compile(r"Input|should|Field|permitted|Value error|Invalid|valid |pydantic|expected", re.IGNORECASE)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")] = "abc"
    count: Annotated[int, Field(ge=1, lt=9)] = 1
    share: float = 0.5
    on: bool = True
    kind: Literal["in", "out"] = "in"
    reason: Annotated[Reason, Field(strict=False)] = Reason.ADMITTED
    places: Annotated[tuple[int, ...], Field(max_length=2, strict=False)] = ()
    more: dict[str, int] = {}

    @field_validator("share")
    @classmethod
    def _not_all(cls, share: float) -> float:
        if share == 1:
            raise ValueError("leave something: at most 0.99")
        return share


class Whole(BaseModel):
    part: Part
    version: int


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON, from line 1, column 1 on"),
        ("[]", "must be an object {...}"),
        ('{"version": 1}', "part: is missing"),
        ('{"part": 3, "version": 1}', "part: must be an object {...}"),
        ('{"part": {"colour": 1}, "version": 1}', "part.colour: is not known here"),
        ('{"part": {"name": 1}, "version": 1}', "part.name: must be text"),
        ('{"part": {"name": "a"}, "version": 1}', "part.name: must have at least 2 characters"),
        ('{"part": {"name": "abcde"}, "version": 1}', "part.name: must have at most 4 characters"),
        ('{"part": {"name": "AB"}, "version": 1}', "part.name: must be written as ^[a-z]+$"),
        ('{"part": {"count": 1.5}, "version": 1}', "part.count: must be a whole number"),
        ('{"part": {"count": 0}, "version": 1}', "part.count: must be at least 1"),
        ('{"part": {"count": 9}, "version": 1}', "part.count: must be less than 9"),
        ('{"part": {"share": "x"}, "version": 1}', "part.share: must be a number"),
        ('{"part": {"share": 1}, "version": 1}', "part.share: leave something: at most 0.99"),
        ('{"part": {"on": "x"}, "version": 1}', "part.on: must be true or false"),
        ('{"part": {"kind": "up"}, "version": 1}', "part.kind: must be 'in' or 'out'"),
        ('{"part": {"places": 3}, "version": 1}', "part.places: must be a list"),
        ('{"part": {"places": [1, 2, 3]}, "version": 1}', "part.places: must have at most 2 entries"),
        ('{"part": {"more": []}, "version": 1}', "part.more: must be an object {...}"),
    ],
)
def test_it_says_where_and_what(text: str, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate_json(text)
    assert first_error(caught.value) == words


@pytest.mark.parametrize("key", Part.model_fields)
@pytest.mark.parametrize("value", [None, "x" * 9, -1, 0.5, True, [], [None], {}, {"a": "b"}])
def test_no_word_of_the_library_reaches_people(key: str, value: object) -> None:
    try:
        Whole.model_validate_json(json.dumps({"part": {key: value}, "version": 1}))
    except ValidationError as error:
        words = first_error(error)
        assert not LIBRARY.search(words), words
        assert "\n" not in words
