"""Decisions: what exactly runs on which rank. No YAML words and no Kubernetes words in here."""
