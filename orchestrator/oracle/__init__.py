"""Puts what a spec would run before the real engine, and reports what it made of it, pool by pool."""
