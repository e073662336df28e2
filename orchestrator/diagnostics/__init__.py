"""What `deploy` says about a spec: the finding, its place, its report and its written forms."""
