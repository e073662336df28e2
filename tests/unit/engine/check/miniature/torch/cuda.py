"""Stands for torch.cuda, which is empty until answers are set."""
