"""Talks to a Kubernetes cluster: the only place that imports its client, and only when a verb runs."""
