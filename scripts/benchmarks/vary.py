"""`scripts/bench read --vary detect.blurred.LIKELY=2`: the effect of a constant of the decoders."""

import ast
import importlib

from gate.errors import UsageError

DECODERS = "drivers.decoders"


def vary(assignment: str) -> None:
    """Give a constant of a module of the decoders another value, before anything is read.

    Values that its module derived from it at import stay old.  Raises UsageError."""
    place, _, value = assignment.partition("=")
    module_name, _, name = place.rpartition(".")
    hint = "Name a constant as in detect.blurred.LIKELY=2"
    try:
        module = importlib.import_module(f"{DECODERS}.{module_name}")
        known, wanted = getattr(module, name), ast.literal_eval(value)
    except (ImportError, AttributeError, ValueError, SyntaxError) as error:
        raise UsageError(f"{assignment}: {error}", hint=hint) from error
    if not name.isupper() or not isinstance(known, int | float | tuple):
        raise UsageError(f"{assignment}: {name} is no constant", hint=hint)
    if isinstance(known, tuple) != isinstance(wanted, tuple):
        raise UsageError(f"{assignment}: {name} is {known}", hint="Give a value of the same kind")
    setattr(module, name, wanted)
