"""The prefixes of the texts of passes: by them a reader knows that it has read what matters.  Nothing else is known."""

AQ1 = "AQ1:"
HC1 = "HC1:"  # EU DCC, WHO GDHCN
SHC = "shc:/"  # SMART Health Cards; in small letters

PASS_PREFIXES = (AQ1, HC1, SHC)
