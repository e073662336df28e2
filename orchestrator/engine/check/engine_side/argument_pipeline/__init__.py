"""Runs inside an engine's environment, by `python -m argument_pipeline`; nothing here is patched in.

The orchestrator starts it and never imports it: it needs torch and SGLang, and only the standard
library to be imported itself. `python -m argument_pipeline.router` does the same for sglang-router.
"""
