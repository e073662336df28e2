"""Asks a deployment whether it serves: runs in a pod of the cluster, with Python's own library alone.

Arguments: the base URL that clients use, then for each pool its role and its leaders as HOST:PORT.
Every check is made and told; the exit code is 1 where one failed. SGLANG_API_KEY is sent where set.
"""

import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial

SECONDS = 300
"""For a completion; the first one after a start may still compile kernels."""


def main(url: str, *pools: str) -> int:
    """Make all checks; return the exit code."""
    named = [pool.split("=", 1) for pool in pools]
    paired = any(role in ("prefill", "decode") for role, _ in named)
    checks: list[tuple[str, Callable[[], str]]] = [
        ("ready", lambda: ready(url, "/readiness" if paired else "/health")),
        *([("pair", lambda: pair(url, named))] if paired else []),
        *((f"leaders of {host}", partial(leaders, host)) for _, host in named),
        ("completion", lambda: completion(url)),
    ]
    failed = 0
    for name, check in checks:
        try:
            print(f"ok: {name}: {check()}", flush=True)
        except (OSError, ValueError, KeyError, IndexError) as error:
            failed += 1
            print(f"FAILED: {name}: {error}", flush=True)
    return 1 if failed else 0


def ready(url: str, path: str) -> str:
    """The router's /readiness is 200 only while both roles have healthy workers."""
    ask(url + path)
    return f"{path} answers 200"


def pair(url: str, pools: list[list[str]]) -> str:
    """At least one healthy prefill and one healthy decode worker, each of them a leader of its pool."""
    workers = [one for one in json.loads(ask(f"{url}/workers"))["workers"] if one["is_healthy"]]
    counts = []
    for role in ("prefill", "decode"):
        mine = [one["url"].split("//")[-1] for one in workers if one["worker_type"] == role]
        if not mine:
            raise ValueError(f"the router has no healthy {role} worker")
        known = {f"{ip}:{port}" for r, host in pools if r == role for ip, port in addresses(host)}
        strangers = {f"{ip}:{port}" for one in mine for ip, port in addresses(one)} - known
        if strangers:
            raise ValueError(f"no leader of a {role} pool: {', '.join(sorted(strangers))}")
        counts.append(f"{len(mine)} {role}")
    return ", ".join(counts)


def leaders(host: str) -> str:
    """Whoever the pool's Service names answers as a leader: followers have no /v1/models."""
    found = addresses(host)
    for ip, port in found:
        ask(f"http://{ip}:{port}/v1/models")
    return f"{len(found)} answer /v1/models"


def completion(url: str) -> str:
    """One short completion whose text is not empty."""
    model = json.loads(ask(f"{url}/v1/models"))["data"][0]["id"]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 16,
    }
    message = json.loads(ask(f"{url}/v1/chat/completions", body))["choices"][0]["message"]
    text = message.get("content") or message.get("reasoning_content")
    if not text:
        raise ValueError(f"{model} answered nothing")
    return f"{model} answered {len(text)} characters"


def addresses(host: str) -> list[tuple[str, str]]:
    """The addresses behind HOST:PORT, as (ip, port)."""
    name, _, port = host.rpartition(":")
    return sorted(
        {(str(one[4][0]), port) for one in socket.getaddrinfo(name, port, socket.AF_INET)}
    )


def ask(url: str, body: object = None) -> str:
    """The answer's text; an answer of 400 and above is an error that says what came back."""
    key = os.environ.get("SGLANG_API_KEY")
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            text: str = answer.read().decode()
            return text
    except urllib.error.HTTPError as error:
        raise ValueError(
            f"{url}: {error.code} {error.read(300).decode(errors='replace')}"
        ) from None
    except urllib.error.URLError as error:
        raise ValueError(f"{url}: {error.reason}") from None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
