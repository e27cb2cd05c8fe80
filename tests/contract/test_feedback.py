"""Every feedback driver that is registered, held to the contract."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from gate.ports.driver import AnySpec
from gate.ports.feedback import Feedback
from gate.testing.feedback_contract import FeedbackContract, FeedbackRig
from tests.contract.mock_gpio import Board, mock_gpio

DRIVERS = {entry.name: entry for entry in entry_points(group="gate.feedback")}
LINES = {"green": 5, "red": 6, "amber": 13, "buzzer": 19}


def spec(name: str) -> AnySpec:
    loaded: AnySpec = DRIVERS[name].load()
    return loaded


class LampsRig:
    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def open(self) -> AbstractAsyncContextManager[Feedback]:
        return spec("lamps").open(
            spec("lamps").config.model_validate({"driver": "lamps", "library": "gpiozero", **LINES})
        )

    def seen(self) -> object:
        pins = {lamp: self._factory.pin(line) for lamp, line in LINES.items()}
        return [lamp for lamp, pin in pins.items() if pin.shown[-1] == ("output", True)]

    def lose(self) -> None:
        Board.present = False


class FakeRig:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "shown.jsonl"
        self._feedback: Any = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Feedback]:
        settings = {"driver": "fake", "path": str(self._path)}
        async with spec("fake").open(spec("fake").config.model_validate(settings)) as self._feedback:
            yield self._feedback

    def seen(self) -> object:
        return [signal for _, signal in self._feedback.history][-1:]

    def lose(self) -> None:
        self._path.unlink(missing_ok=True)
        self._path.mkdir()  # from now on no line can be written


RIGS: dict[str, Callable[[ExitStack, Path], FeedbackRig]] = {
    "lamps": lambda stack, _: LampsRig(stack.enter_context(mock_gpio())),
    "fake": lambda _, folder: FakeRig(folder),
}


class TestEveryFeedback(FeedbackContract):
    @pytest.fixture(params=sorted(RIGS))
    def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FeedbackRig]:
        with ExitStack() as stack:
            yield RIGS[request.param](stack, tmp_path)

    @pytest.fixture(autouse=True)
    def blocking_calls_of_drivers_fail(self) -> Iterator[None]:
        with blockbuster_ctx(scanned_modules=["drivers"]):
            yield


def test_no_registered_feedback_is_left_out() -> None:
    assert set(RIGS) == set(DRIVERS)
