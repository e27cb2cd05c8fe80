"""Location and version of symbols in a picture: by the readers' own detection, and by ours where theirs fails.

Its modules take a grey picture, or a part of one, and return places.
"""
