"""What the technician's pages show: the gate's place and parts, its log, its last days, its acceptance."""
