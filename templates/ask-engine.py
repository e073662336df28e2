"""Asks engines that want a key: runs in a pod, as the API server takes keys off what it passes on.

Arguments: METHOD SECONDS URL...; prints one line of JSON with the answers. ENGINE_KEY is sent where set.
"""

import json
import os
import sys
import urllib.error
import urllib.request


def main(method: str, seconds: str, *urls: str) -> int:
    """Print the answers in the order of the URLs."""
    print(json.dumps({"answers": [ask(method, url, float(seconds)) for url in urls]}), flush=True)
    return 0


def ask(method: str, url: str, seconds: float) -> dict[str, object]:
    """The status and the text of an answer; the status is 0 where none came."""
    key = os.environ.get("ENGINE_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return {"status": answer.status, "text": answer.read().decode(errors="replace")}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "text": error.read(400).decode(errors="replace")}
    except (OSError, ValueError) as error:
        return {"status": 0, "text": str(error)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
