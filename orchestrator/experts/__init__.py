"""Expert distributions as SGLang writes and replays them, read and placed without torch."""
