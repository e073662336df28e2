"""The rule book: one rule per file, grouped in families by what the user was deciding."""
