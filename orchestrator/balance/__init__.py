"""What a placement of experts does to the load of ranks, for many placements at once, with numpy."""
