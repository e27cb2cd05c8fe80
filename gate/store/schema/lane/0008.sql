-- What else a trusted clock begins with (gate.core.trusted_time.Kept).  NULL: kept by an earlier version.
ALTER TABLE clock ADD COLUMN steady INTEGER;       -- Unix ms: the time before the last step of the clock, carried on
ALTER TABLE clock ADD COLUMN signed INTEGER;       -- Unix ms: what was signed, carried on
ALTER TABLE clock ADD COLUMN ticks INTEGER;        -- ms since the machine's start when the row was written
ALTER TABLE clock ADD COLUMN boot TEXT;            -- names that start of the machine
ALTER TABLE clock ADD COLUMN synchronised INTEGER; -- 1: a time service kept the system clock
ALTER TABLE clock ADD COLUMN resets INTEGER;       -- number of the last signed reset of the time that was obeyed
