"""What people read on the page: one TOML file a language, and what loads and checks them.  No other code."""
