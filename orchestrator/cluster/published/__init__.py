"""Published expert files: ConfigMaps that hold one, or say which claim does, and who replays each."""
