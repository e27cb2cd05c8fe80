"""Looks at a changed picture, or at a part of one: what is found lies where it does in the whole, unchanged one."""

from dataclasses import replace

import numpy as np

from drivers.decoders.looking import Found, Grey, Located, look
from drivers.decoders.regions import Region
from drivers.decoders.variants import Variant


def moved(symbol: Located, region: Region) -> Located:
    """From the region to the picture."""
    return Located(symbol.corners + np.array((region.left, region.top), np.float32), symbol.size)


def in_region(grey: Grey, region: Region, variant: Variant) -> Found:
    found = varied(region.of(grey), variant)
    symbols, located = (tuple(moved(one, region) for one in part) for part in (found.symbols, found.located))
    return replace(found, symbols=symbols, located=located)


def varied(grey: Grey, variant: Variant) -> Found:
    """A look at the changed picture; symbols lie where they do in the unchanged one."""
    found = scaled(look(variant.change(grey), variant.binarizer, again=False), 1 / variant.factor)
    return replace(found, step=variant.name if found.texts else "")


def scaled(found: Found, factor: float) -> Found:
    """As it lies in a picture that is so many times larger."""
    symbols, located = (
        tuple(Located(np.asarray((one.corners + 0.5) * factor - 0.5, np.float32), one.size) for one in part)
        for part in (found.symbols, found.located)
    )
    return replace(found, symbols=symbols, located=located)
