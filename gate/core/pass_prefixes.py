"""The prefixes of the texts of passes: by them a reader knows that it has read what matters.  Nothing else is known."""

AQ1 = "AQ1:"

PASS_PREFIXES = (AQ1,)
