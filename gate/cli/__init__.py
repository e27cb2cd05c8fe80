"""The commands: options in, text out.  What they do is below."""
