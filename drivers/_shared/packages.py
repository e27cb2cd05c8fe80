"""Says before a device is opened that a package is missing which its driver needs."""

from collections.abc import Callable
from importlib.util import find_spec

from gate.errors import DeviceError
from gate.ports.driver import to_install


def needs(module: str, packages: str) -> Callable[[object], None]:
    """A `DriverSpec.installed`: raises DeviceError where `module` is not there; pip installs it by `packages`."""

    def check(_: object) -> None:
        if find_spec(module) is None:
            raise DeviceError(f"the Python package {module} is not installed", hint=to_install(packages))

    return check
