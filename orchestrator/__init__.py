"""Deployment orchestrator for prefill/decode-disaggregated DeepSeek-V4 clusters on SGLang."""

__version__ = "0.1.0"
