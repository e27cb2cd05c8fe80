"""The examiner of cameras for `gate doctor`, in a worker process: drivers hang and crash here as in the lane."""

import asyncio
from pathlib import Path
from typing import Any

from drivers.readers.camera import CameraConfig, shown_address
from drivers.readers.camera_check_messages import EXAMINATION, BeginCheck, Examined, ReportWords
from drivers.readers.camera_config import LiveConfig
from drivers.readers.picamera import PicameraConfig
from gate.errors import DeviceError
from gate.ports.camera_report import CameraReport, OnReport
from gate.ports.reader import ReaderConfig
from gate.worker.process import WorkerProcess

_GRACE = 3.0  # seconds: a first frame is slow, a picture is written


class CameraExaminer:
    """An examiner for the drivers `camera` and `picamera`.  Implements `gate.ports.camera_report.Examiner`."""

    def examine(self, config: ReaderConfig, seconds: float, picture: Path | None, on_report: OnReport) -> CameraReport:
        if not isinstance(config, LiveConfig):
            raise TypeError(f"{config.driver!r} is no camera of ours")
        try:
            return asyncio.run(self._examine(config, seconds, picture, on_report))
        finally:
            if picture is not None and picture.exists() and not picture.stat().st_size:
                picture.unlink()  # the worker created it, and wrote nothing

    async def _examine(
        self, config: LiveConfig, seconds: float, picture: Path | None, on_report: OnReport
    ) -> CameraReport:
        device = _device(config)
        name = f"{config.driver} {shown_address(device)}"
        settings: dict[str, Any] = {
            key: getattr(config, key) for key in type(config).model_fields if key != "direction"
        }
        settings |= {"name": name, "device": device, "seconds": seconds, "picture": str(picture or "")}
        worker = await WorkerProcess.start(name, EXAMINATION, settings)
        try:
            await worker.receive(config.open_deadline + _GRACE)
            worker.send(BeginCheck())
            while True:
                message = await worker.receive(config.frame_deadline + _GRACE)
                if not isinstance(message, Examined):
                    continue
                words = on_report(message.report)
                if message.last:
                    worker.send(ReportWords(tuple(words)))
                    await worker.receive(_GRACE)
                    return message.report
        except TimeoutError:
            raise DeviceError(
                f"{name}: no picture comes", hint="Check its cable, power and network; is it the right device?"
            ) from None
        finally:
            await worker.stop()


def _device(config: LiveConfig) -> str:
    match config:
        case CameraConfig():
            return config.device
        case PicameraConfig():
            return str(config.camera)
        case _:
            raise TypeError(f"{config.driver!r} is no camera of ours")
