"""Orders of staff to this lane: who may give them, how they are carried out, and the state that staff see."""
