-- The evidence for and against the system clock (gate.core.kept_time.Evidence), so that a restart believes no clock
-- that the running lane doubts.  NULL: kept by an earlier version, or reset by a person.
ALTER TABLE clock ADD COLUMN behind INTEGER;       -- ms from the system clock to the trusted time; below 0: it is ahead
ALTER TABLE clock ADD COLUMN lags INTEGER;         -- 1: time may have passed that this machine did not count
ALTER TABLE clock ADD COLUMN stood REAL;           -- how far the last step has become steady, 0 to 1
ALTER TABLE clock ADD COLUMN ahead_for INTEGER;    -- ms of running that a leap ahead has stood
ALTER TABLE clock ADD COLUMN healing_for INTEGER;  -- ms of running that a time service has contradicted `steady`
ALTER TABLE clock ADD COLUMN gained INTEGER;       -- ms by which the clock has lately led the running time
ALTER TABLE clock ADD COLUMN stated INTEGER;       -- Unix ms: the latest signed statement itself
