"""A real Kubernetes control plane with fake GPU nodes on this machine: no container, no root.

`python -m scripts.control_plane up|status|down` keeps one for a user; `background.started` gives one
to tests. The programs are built by `scripts.go_tools`; none of this is imported by the package.
"""
