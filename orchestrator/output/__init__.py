"""Kubernetes objects as bytes: a YAML stream, a JSON list, a directory of files.

What the objects say was decided before they came here; nothing here adds, drops or reorders one.
"""
