"""Looks at a changed picture, or at a part of one: what is found lies where it does in the whole, unchanged one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import zxingcpp

from drivers.decoders.detect.regions import Region
from drivers.decoders.detect.zxing import Found, Grey, Located, each_once, look, scaled
from drivers.decoders.preprocess import Variant


def moved(symbol: Located, region: Region) -> Located:
    """From the region to the picture."""
    return Located(symbol.corners + np.array((region.left, region.top), np.float32), symbol.size)


def in_region(grey: Grey, region: Region, variant: Variant) -> Found:
    return _whole(varied(region.of(grey), variant), region)


def in_regions(grey: Grey, regions: Sequence[Region], variant: Variant, *others: zxingcpp.Binarizer) -> Iterator[Found]:
    """A look at all of them, then another one at the same changed pictures with each of the `others`."""
    changed = [variant.change(region.of(grey)) for region in regions]
    for binarizer in (variant.binarizer, *others):
        looks = (_seen(one, variant, binarizer) for one in changed)
        parts = [_whole(found, region) for found, region in zip(looks, regions, strict=True)]
        texts = each_once(text for part in parts for text in part.texts)
        located = tuple(one for part in parts for one in part.located)
        yield Found(texts, variant.name if texts else "", located=located)


def varied(grey: Grey, variant: Variant) -> Found:
    """A look at the changed picture; symbols lie where they do in the unchanged one."""
    return _seen(variant.change(grey), variant, variant.binarizer)


def _seen(changed: Grey, variant: Variant, binarizer: zxingcpp.Binarizer) -> Found:
    found = scaled(look(changed, binarizer, again=False), 1 / variant.factor)
    return replace(found, step=variant.name if found.texts else "")


def _whole(found: Found, region: Region) -> Found:
    """As it lies in the picture of which this is a region."""
    symbols, located = (tuple(moved(one, region) for one in part) for part in (found.symbols, found.located))
    return replace(found, symbols=symbols, located=located)
