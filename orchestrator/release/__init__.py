"""Helm, driven as a program: charts are packed, pushed and installed by it. No Kubernetes API here."""
