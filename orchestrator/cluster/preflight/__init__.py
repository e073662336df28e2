"""Read-only checks of a live cluster against a plan, before anything is applied to it."""
