"""Code that runs in the worker process of a camera, and only there: opening, capture, decoding, reports.

`main`, `picamera_main` and `check_main` are programs; the daemon's end is in `drivers/readers`.
"""
