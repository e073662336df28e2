"""What nodes really offer, asked by short pods that are placed as the engine's own would be."""
