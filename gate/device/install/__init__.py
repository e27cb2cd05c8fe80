"""Installing a release on a device, or below the root of an image.

The modules run before anything is installed, out of a bundle or a checkout: they import the standard library, each
other, `installer`, and the few modules of the gate that a bundle carries (scripts/bundling).
"""
