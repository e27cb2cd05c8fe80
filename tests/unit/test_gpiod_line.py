"""A relay through libgpiod: no glitch at the start, every error in one line; and a real chip where there is one."""

import asyncio
import sys
from pathlib import Path

import pytest
from gpiod.line import Bias
from gpiod.line import Direction as LineDirection

from drivers.barriers.gpio_relay import DRIVER
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.testing.barrier_contract import until
from tests.contract.fake_gpiod import Chip, fake_gpiod

OUTPUT, INPUT = LineDirection.OUTPUT, LineDirection.INPUT


def settings(active: str, **others: object) -> dict[str, object]:
    return {"driver": "gpio_relay", "library": "gpiod", "line": 17, "active": active, "pulse": "50ms", **others}


@pytest.mark.parametrize(("active", "pull"), [("high", Bias.PULL_DOWN), ("low", Bias.PULL_UP)])
async def test_the_line_never_shows_the_releasing_level_but_in_a_release(active: str, pull: Bias) -> None:
    on = active == "high"
    with fake_gpiod() as chip:
        async with DRIVER.open(DRIVER.config.model_validate(settings(active))) as barrier:
            assert set(chip.shown) == {(OUTPUT, not on)}  # from its very first moment as an output
            await barrier.release(Direction.ENTRY)
        assert [level for way, level in chip.shown if way is OUTPUT and level is on] == [on]
        assert chip.shown[-1] == (INPUT, None)
        assert (chip.pull, chip.busy) == (pull, False)


async def test_a_line_that_does_not_follow_is_an_error() -> None:
    with fake_gpiod() as chip:
        async with DRIVER.open(DRIVER.config.model_validate(settings("high"))) as barrier:
            chip.stuck = False
            with pytest.raises(DeviceError, match="does not follow"):
                await barrier.release(Direction.ENTRY)


def fail_to_open(chip: Chip | None, path: Path) -> str:
    async def opening() -> None:
        async with DRIVER.open(DRIVER.config.model_validate(settings("high", chip=str(path)))):
            pass

    with pytest.raises(DeviceError) as caught:
        asyncio.run(opening())
    assert chip is None or caught.value.hint
    return str(caught.value)


def test_errors_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gpiod() as chip:
        chip.busy = True
        assert "gpioinfo" in fail_to_open(chip, tmp_path)
        chip.present = False
        assert "is not there" in fail_to_open(chip, tmp_path)
    assert "is not there" in fail_to_open(None, tmp_path / "gpiochip7")  # the library itself
    monkeypatch.setitem(sys.modules, "gpiod", None)
    assert f"{sys.prefix}/bin/pip install gpiod" in fail_to_open(None, tmp_path)  # of this environment


SIMULATED = sorted(Path("/sys/kernel/config/gpio-sim").glob("*/live"))


@pytest.mark.skipif(not SIMULATED, reason="this kernel has no gpio-sim chip that is live (CONFIG_GPIO_SIM, configfs)")
async def test_a_real_character_device() -> None:
    """Line 3 of the first live gpio-sim chip, seen from the other side."""
    folder = SIMULATED[0].parent
    device = (folder / "dev_name").read_text().strip()
    bank = next(folder.glob("gpio-bank*"))
    chip = (bank / "chip_name").read_text().strip()
    value = Path(f"/sys/devices/platform/{device}/{chip}/sim_gpio3/value")

    def high() -> bool:
        return value.read_text().strip() == "1"

    config = settings("high", chip=f"/dev/{chip}", line=3, pulse="200ms")
    async with DRIVER.open(DRIVER.config.model_validate(config)) as barrier:
        assert not high()
        release = asyncio.create_task(barrier.release(Direction.ENTRY))
        await until(high)
        await release
        assert not high()
