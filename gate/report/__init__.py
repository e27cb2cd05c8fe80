"""The report for whom the gate works: figures over journals, and how they are shown.  Changes nothing."""
