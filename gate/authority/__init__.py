"""The side that publishes: issuers, statuses, rules and passes.  A device never runs it."""
