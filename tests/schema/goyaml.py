"""Reads a YAML or JSON stream with the reader that kubectl uses, by way of a Go program.

Running the program and decoding its lines lives here; building it does not.
"""

import json
import subprocess

from scripts.go_tools import ensure

JsonObject = dict[str, object]


def read_back(stream: str) -> list[JsonObject]:
    """Return the documents of the stream as kubectl's decoder sees them, empty ones left out.

    Raises ValueError with the decoder's message if it refuses the stream.
    """
    program = ensure("readyaml")
    done = subprocess.run([program], input=stream.encode(), capture_output=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.decode().strip())
    return [json.loads(line) for line in done.stdout.splitlines()]
