"""Messages a second from publishing to smtp-sink, and what they cost: see `run` and README.md.

Everything is on this machine and its cores: the server, the sink and this. The rate is over the
whole run, from the first message accepted to the last, with gates, rendering, durable rows and the
events of the outcomes. The ceiling is smtp-source of the same Postfix into the same sink, with as
many connections and messages of about the same length, right before.
"""

import json
import os
import platform
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

CACHE = Path(os.environ.get("CACHE", Path.home() / ".cache/candor"))
ROOT = CACHE / "servers/mail/root"
CONNECTIONS = 8
MESSAGE_BYTES = 2_900
HTML = (
    "<p>Hello {{ user.Plan }},</p>"
    + "<p>Everything at half its price until tonight, in all of our shops and online.</p>" * 12
    + '<p><a href="https://shop.test/sale">To the sale</a></p>'
    + '<p><a href="{{ unsubscribe_url }}">No more of these</a></p>'
)


def say(step, **figures):
    print(json.dumps({"step": step, **figures}), flush=True)


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def postfix(program, *arguments):
    env = {**os.environ, "LD_LIBRARY_PATH": str(ROOT / "usr/lib/postfix")}
    command = [str(ROOT / "usr/sbin" / program), *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)


class Sink:
    """Postfix's smtp-sink: takes everything and keeps nothing."""

    def __enter__(self):
        self.port = free_port()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        self.process = postfix("smtp-sink", *user, "-h", "sink.test", f"127.0.0.1:{self.port}", "500")
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ceiling(self, messages):
        began = time.monotonic()
        source = postfix(
            "smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(messages), "-l", str(MESSAGE_BYTES),
            "-f", "a@local.test", "-t", "b@local.test", f"127.0.0.1:{self.port}",
        )
        assert source.wait() == 0, "smtp-source failed"
        return messages / (time.monotonic() - began)


class Server:
    """A release server with one publisher whose policy asks for no consent."""

    def __init__(self, binary, folder):
        self.binary, self.data = binary, str(folder)
        made = subprocess.run(
            [binary, "publisher", "create", "--data", self.data, "--name", "Bench", "--policy", "open"],
            check=True, capture_output=True,
        )
        self.made = json.loads(made.stdout)

    def __enter__(self):
        line = [self.binary, "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        env = {**os.environ, "CANDOR_TRACE": "warn", "CANDOR_PUBLIC_URL": "https://mail.shop.test"}
        self.process = subprocess.Popen(line, env=env, stdout=subprocess.PIPE, text=True)
        self.base = self.process.stdout.readline().split()[-1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.made['api_token']}"}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def rss_mb(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def people(self, count):
        """Brings people in, and waits until questions see them."""
        file = Path(self.data) / "people.csv"
        with file.open("w") as out:
            out.write("identity,Email,Plan\n")
            out.writelines(f"u{n},u{n}@home.test,gold\n" for n in range(count))
        line = [self.binary, "import", "--data", self.data, "--account", self.made["account_id"],
                "--profiles", str(file)]
        subprocess.run(line, check=True, capture_output=True)
        gold = {"definition": {"person": {"property": "Plan", "op": "eq", "value": "gold"}}}
        while self.ask("POST", "/api/v1/segments/count", gold)["people"] < count:
            time.sleep(0.1)

    def provider(self, port, dkim=()):
        self.ask("PUT", "/api/v1/channels/email/main", {
            "kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "none", "dkim": list(dkim),
            "connections": CONNECTIONS, "messages_per_session": 1_000_000,
            "from": {"address": "news@shop.test"}, "bounce_domain": "bounce.shop.test",
        })

    def campaign(self, name):
        content = {"email": {"default_language": "en", "missing_translation": "fallback",
                             "languages": {"en": {"subject": "Half its price", "html": HTML}}}}
        made = self.ask("POST", "/api/v1/campaigns", {
            "name": name, "channel": "email", "provider": "main", "content": content,
            "audience": {"person": {"property": "Plan", "op": "eq", "value": "gold"}},
        })
        return made["id"]

    def run_of(self, campaign):
        runs = self.ask("GET", f"/api/v1/campaigns/{campaign}")["runs"]
        return runs[0] if runs else None


class Watch(threading.Thread):
    """The most memory that the server has while it is watched."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.ends = server, server.rss_mb(), False

    def run(self):
        while not self.ends:
            self.most = max(self.most, self.server.rss_mb() or 0)
            time.sleep(0.05)


def send(server, people, name):
    campaign = server.campaign(name)
    before, watch = server.rss_mb(), Watch(server)
    watch.start()
    began = time.monotonic()
    server.ask("POST", f"/api/v1/campaigns/{campaign}/publish", {"confirm": True})
    published = time.monotonic()
    first = None
    while True:
        run = server.run_of(campaign)
        tally = run["tally"] if run else {"accepted": 0}
        if tally["accepted"] and first is None:
            first = time.monotonic()
        if run and run["state"] == "finished":
            break
        time.sleep(0.02 if first is None else 0.1)
    ended = time.monotonic()
    watch.ends = True
    assert tally["accepted"] == people, run
    return {
        "people": people, "messages_per_s": round(people / (ended - first)),
        "publish_s": round(published - began, 2), "first_message_s": round(first - began, 2),
        "whole_s": round(ended - began, 2), "rss_before_mb": round(before),
        "rss_most_mb": round(watch.most), "rss_growth_mb": round(watch.most - before),
    }


def pause(server, people):
    """How long after the answer to a pause something still goes out."""
    campaign = server.campaign("pause")
    server.ask("POST", f"/api/v1/campaigns/{campaign}/publish", {"confirm": True})
    while not (run := server.run_of(campaign)) or run["tally"]["accepted"] < people // 20:
        time.sleep(0.02)
    server.ask("POST", f"/api/v1/campaigns/{campaign}/pause")
    answered, last_change, seen = time.monotonic(), time.monotonic(), None
    while time.monotonic() - answered < 3:
        now = server.run_of(campaign)["tally"]["accepted"]
        if now != seen:
            seen, last_change = now, time.monotonic()
        time.sleep(0.01)
    assert server.run_of(campaign)["tally"]["planned"] > 0, "it was over before it was paused"
    server.ask("POST", f"/api/v1/campaigns/{campaign}/stop")
    return {"people": people, "quiet_after_s": round(max(0, last_change - answered), 3)}


def keys(folder):
    """One RSA and one Ed25519 key, as old and new receivers want them."""
    for name, line in [("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
                       ("ed", ["-algorithm", "ED25519"])]:
        file = folder / f"{name}.pem"
        subprocess.run(["openssl", "genpkey", *line, "-out", str(file)], check=True, capture_output=True)
        yield {"domain": "shop.test", "selector": name, "private_key": file.read_text()}


def main(binary, folder, *settings):
    sizes = [10_000, 100_000]
    if "long" in settings:
        sizes.append(1_000_000)
    for setting in settings:
        if setting.startswith("people="):
            sizes = [int(setting.removeprefix("people="))]
    folder = Path(folder)
    version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    say("machine", cores=os.cpu_count(), system=platform.platform(), python=platform.python_version(),
        candor=version, message_bytes=MESSAGE_BYTES, connections=CONNECTIONS)
    with Sink() as sink:
        for people in sizes:
            # The machine is not the same from minute to minute: before and after each size.
            before = sink.ceiling(40_000)
            say("ceiling", program="smtp-source", messages_per_s=round(before))
            (folder / str(people)).mkdir()
            with Server(binary, folder / str(people)) as server:
                server.people(people)
                server.provider(sink.port)
                send(server, people, "warm") if people < 50_000 else None
                figures = send(server, people, "sale")
                after = sink.ceiling(40_000)
                say("ceiling", program="smtp-source", when="after", messages_per_s=round(after))
                ceiling = (before + after) / 2
                say("campaign", signed=False, of_ceiling=round(figures["messages_per_s"] / ceiling, 2),
                    **figures)
                if people == 100_000:
                    say("pause", **pause(server, people))
                if people < 50_000:
                    server.provider(sink.port, keys(folder))
                    figures = send(server, people, "signed")
                    say("campaign", signed="RSA-2048 and Ed25519",
                        of_ceiling=round(figures["messages_per_s"] / ceiling, 2), **figures)


if __name__ == "__main__":
    main(*sys.argv[1:])
