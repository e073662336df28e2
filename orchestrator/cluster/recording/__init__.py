"""Records expert distributions of a running deployment: start, traffic, dump, stop, bring here."""
