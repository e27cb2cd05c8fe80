"""Where symbols are in a picture, and which version they are: readers' own detection, and ours where theirs fails.

What belongs here takes a grey picture, or a part of one, and gives places.
"""
