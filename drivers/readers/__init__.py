"""Drivers of readers: cameras and scanners.  `camera_worker` holds what runs in a camera's own process."""
