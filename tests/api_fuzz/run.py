#!/usr/bin/env python3
"""Asks the API whatever its document lets be asked, and what it does not: schemathesis against a running server.

    tests/api_fuzz/run.py [SECONDS] [--server PROGRAM] [--on sqlite|postgresql] [--as admin|editor] [ST OPTIONS]

With the tokens of an admin and of an editor, on SQLite and on PostgreSQL, a quarter of the time each. It fails where an
answer is a 5xx, or one that the document does not tell of (its status, its kind, its fields), where what does not fit is
taken or what fits is not, where a route does without its token, and where the server panics or does not end well. The
request that shows it is printed as a command for curl. CI gives it a few minutes; 3600 is an hour.

Programs needed: python3 with venv, and PostgreSQL's. What it needs of PyPI is pinned in requirements.txt beside it, and
kept in target/api_fuzz.
"""

import argparse
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEPT = ROOT / "target" / "api_fuzz"
REQUIREMENTS = HERE / "requirements.txt"
SECONDS = 300
# How long a server may take to start or to end, and how much longer than its time a run may take.
SOON = 60
LONGER = 120


def schemathesis():
    """The program, in an environment of its own that is made where it is missing or of other versions."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    venv = KEPT / "venv"
    if not (venv / wanted).exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        install = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "-r", REQUIREMENTS], check=True)
        (venv / wanted).touch()
    return venv / "bin" / "st"


@contextlib.contextmanager
def sqlite(folder):
    yield f"sqlite:{folder / 'contenthub.db'}"


@contextlib.contextmanager
def postgresql(folder):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin")) + [pathlib.Path(p) for p in os.get_exec_path()]
    programs = next((it for it in found if (it / "initdb").exists()), None)
    if programs is None:
        sys.exit("PostgreSQL's server programs are missing: install the Debian package postgresql, or its like")
    data = folder / "postgresql"
    data.mkdir()
    as_owner = []
    if os.getuid() == 0:
        folder.chmod(0o711)
        shutil.chown(data, "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    run = lambda *words: subprocess.run([*as_owner, *words], check=True, stdout=subprocess.DEVNULL, cwd=data)
    run(programs / "initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale", "C", "-D", data / "db")
    port = free_port()
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run(programs / "pg_ctl", "start", "-w", "-D", data / "db", "-l", data / "log", "-o", settings)
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(programs / "pg_ctl", "stop", "-m", "immediate", "-D", data / "db")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(program, folder, database):
    """A running server: its address, and a way to run commands beside it."""
    own = {"CONTENTHUB_DATABASE_URL": database, "CONTENTHUB_WRONG_TOKENS_PER_MINUTE": "1000000"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONTENTHUB_")} | own
    log = folder / "log"
    command = lambda *words: subprocess.run(
        [program, *words], check=True, capture_output=True, text=True, cwd=folder, env=environment
    ).stdout
    with log.open("w") as written:
        running = subprocess.Popen(
            [program, "serve", "--listen", "127.0.0.1:0"], stdout=written, stderr=written, cwd=folder, env=environment
        )
    try:
        yield until(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()), running, log).group(), command
        running.send_signal(signal.SIGTERM)
        ended = running.wait(SOON)
        if ended != 0 or "panicked" in log.read_text():
            sys.exit(f"{log.read_text()}\nthe server ended with {ended}, or panicked: see above")
    finally:
        running.kill()
        running.wait()


def until(look, running, log):
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline and running.poll() is None:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"{log.read_text()}\nthe server did not start: see above")


@contextlib.contextmanager
def receiving():
    """A receiver that takes all posts: its address."""

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    taker = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=taker.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{taker.server_port}/"
    taker.shutdown()


def asked(url, token, method, path, body=None):
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, head, method=method)
    with urllib.request.urlopen(request, timeout=SOON) as answer:
        return json.load(answer)


def begin_with_something(url, token, receiver):
    """Things with small ids, so that what is asked of one is sometimes asked of one that is there."""
    post = lambda path, body: asked(url, token, "POST", f"/api/v1{path}", body)
    for name, platform, settings in [("site", "folder", {}), ("hook", "webhook", {"url": receiver}), ("slots", "folder", {})]:
        slots = ["09:00"] if name == "slots" else None
        post("/accounts", {"name": name, "platform": platform, "settings": settings, "slots": slots})
    for number in range(1, 7):
        post("/contents", {"title": f"Content {number}", "body": "# x"})
        account = 1 + number % 3
        body = {"content_id": number, "account_id": account, "scheduled_at": "next_slot" if account == 3 else None}
        post("/publish-pool/add", body)
    post("/scheduler/tasks", {"name": "hourly", "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 3600})
    post("/scheduler/tasks/2/trigger", {})


def told_strictly(document):
    """The document with answers closed: what it does not name may not be there."""
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


def fuzz(st, url, folder, token, own_tokens, seconds, options):
    told = told_strictly(asked(url, token, "GET", "/api/openapi.json"))
    # Events are a stream without an end, and have tests of their own.
    told["paths"].pop("/api/v1/events", None)
    document = folder / "openapi.json"
    document.write_text(json.dumps(told))
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
        "OWN_TOKENS": " ".join(map(str, own_tokens)),
    }
    command = [
        st, "--config-file", HERE / "schemathesis.toml", "run", document, "--url", url, "--max-time", str(seconds),
        "-H", f"Authorization: Bearer {token}", "--no-color", "--warnings", "off",
        # What waits for an outcome is answered after a minute at most.
        "--request-timeout", "90", *options,
    ]
    ended = subprocess.run(command, cwd=folder, env=environment, timeout=seconds + LONGER)
    return ended.returncode == 0


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("seconds", nargs="?", type=int, default=SECONDS)
    words.add_argument("--server", type=pathlib.Path, default=ROOT / "target" / "debug" / "contenthub")
    words.add_argument("--on", choices=["sqlite", "postgresql"])
    words.add_argument("--as", choices=["admin", "editor"], dest="role")
    given, options = words.parse_known_args()
    st, failed, passed = schemathesis(), [], 0
    databases = [it for it in (sqlite, postgresql) if given.on in (None, it.__name__)]
    roles = [it for it in ("admin", "editor") if given.role in (None, it)]
    share = max(1, given.seconds // (len(databases) * len(roles)))
    for database in databases:
        with tempfile.TemporaryDirectory(prefix="contenthub-api-fuzz-") as folder:
            folder = pathlib.Path(folder)
            with database(folder) as address, receiving() as receiver, server(given.server, folder, address) as (url, command):
                tokens = {role: command("token", "create", "--name", role, "--role", role).strip() for role in ("admin", "editor")}
                begin_with_something(url, tokens["admin"], receiver)
                for role in roles:
                    print(f"-- {role}'s token on {database.__name__}, {share} s", flush=True)
                    if fuzz(st, url, folder, tokens[role], [1, 2], share, options):
                        passed += 1
                    else:
                        failed.append(f"{role} on {database.__name__}")
    for which in failed:
        print(f"failed: {which}")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
