"""Plan to Kubernetes objects: functions that return the YAML's data, without any decision of their own."""
