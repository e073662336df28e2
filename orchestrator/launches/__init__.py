"""Published launch commands, from shell or docker, into a spec: each argument a field, an extra or a complaint.

Reads shell as text: nothing is run, and what only a shell could know is told with its line.
"""
