"""What people read, by language: one TOML file a language, and the code that loads and checks them.  No other code."""
