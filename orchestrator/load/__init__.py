"""From a file to a spec: YAML with marks, shape errors as diagnostics, edits back into the text."""
