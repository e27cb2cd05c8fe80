"""The demo: simulated people, camera and turnstile around a real daemon."""
