"""The page for visitors, staff and technicians, and its process."""
