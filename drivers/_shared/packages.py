"""A check for the packages that a driver needs, before its device is opened."""

from collections.abc import Callable
from importlib.util import find_spec

from gate.errors import DeviceError
from gate.ports.driver import to_install


def needs(module: str, packages: str, extra: str) -> Callable[[object], None]:
    """Return a `DriverSpec.installed` that raises DeviceError where `module` is missing; pip installs it by
    `packages`, the gate's installer by `extra`."""

    def check(_: object) -> None:
        if find_spec(module) is None:
            raise DeviceError(f"the Python package {module} is not installed", hint=to_install(packages, extra))

    return check
