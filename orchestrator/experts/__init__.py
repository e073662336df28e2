"""Expert distributions as SGLang writes and replays them, read without torch."""
