"""Truths from outside the spec that rules and plan rest on; each is known, unknown or not needed."""
