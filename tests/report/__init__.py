"""The report of the manager: its figures, its forms, its folder."""
