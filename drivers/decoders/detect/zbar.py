"""zbar's reading of one rectified symbol."""

from pyzbar import pyzbar

from drivers.decoders.failures import contain_failures
from drivers.decoders.rectify.perspective import sharpen_modules
from drivers.decoders.symbols import Grey
from gate.worker.stderr import silenced


@contain_failures(list[str])
def decode_with_zbar(square: Grey) -> list[str]:
    """Return the texts that zbar reads in a rectified symbol.

    zbar guesses the character set and returns UTF-8.  Only ASCII is certain to be exact: other texts are dropped."""
    with silenced():
        symbols = pyzbar.decode(sharpen_modules(square), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [symbol.data.decode() for symbol in symbols if symbol.data.isascii()]
