"""The files of `torch.save`: a zip of raw storages and a pickle, read without running any of it."""
