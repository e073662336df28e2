"""What we know of SGLang, as data by version: its flags, how an intent is spelled, what it rewrites."""
