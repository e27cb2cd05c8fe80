"""The pages of staff and technicians: sign-in, sessions, pages, and orders to the lane.  A process of its own."""
