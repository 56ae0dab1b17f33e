"""Ten minutes of load, reloads and malformed requests at the same time: checks the answers of the service and its memory.

    python3 soak.py FOLDIN MODEL IDS [SECONDS]        (IDS: the item ids, one per line; 600 seconds)

Normal clients (wrk, 256 connections with pauses between requests) send requests at four fifths of the rate that is measured first. Every 10
seconds the model file is replaced and reloaded, sometimes by a file that is not a model. At the same time other clients send malformed,
oversized, slow and incomplete requests. Fails (status 1) if a valid request is not answered with 200 or a deliberate 503, if an invalid one gets
a 5xx other than 503, or if the memory of the last third is more than 5 % above that of the first third after a warm-up of one minute. Needs only
the standard library and Debian's wrk.
"""

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

foldin, model, ids = sys.argv[1:4]
seconds = int(sys.argv[4]) if len(sys.argv) > 4 else 600
here = os.path.dirname(os.path.abspath(__file__))
folder = tempfile.mkdtemp()
served, failures = folder + "/model.safetensors", 0
names = open(ids).read().split()


def check(name, holds):
    global failures
    failures += not holds
    print(("ok      " if holds else "FAILED  ") + name, flush=True)


# Another model: the same with its last number changed.
shutil.copy(model, served)
shutil.copy(model, folder + "/other")
with open(folder + "/other", "r+b") as file:
    file.seek(-4, os.SEEK_END)
    file.write(struct.pack("<f", 0.125))

log = open(folder + "/log", "w")
process = subprocess.Popen([foldin, "serve", served, "--port", "0", "--events", folder + "/events.sqlite"], stderr=log)
port = None
for _ in range(1000):
    found = re.search(r'"message":"listening".*"port":"(\d+)"', open(folder + "/log").read())
    if found:
        port = int(found[1])
        break
    time.sleep(0.02)
if not port:
    sys.exit("the service does not start: " + open(folder + "/log").read())


def load(duration, connections, delay=None):
    environment = dict(os.environ, IDS=ids, **({"DELAY": str(delay)} if delay is not None else {}))
    return subprocess.Popen(
        ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--timeout", "10s", "--latency", "-s", here + "/load.lua",
         f"http://127.0.0.1:{port}/v1/recommendations"], env=environment, stdout=subprocess.PIPE, text=True)


def report(text):
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    median, most = (re.search(rf"{part}%\s+(\S+)", text)[1] for part in (50, 99))
    return rate, median, most, [int(n) for n in re.search(r"Replies: (\d+), 503: (\d+), other: (\d+), broken: (\d+)", text).groups()]


best = report(load(10, 64).communicate()[0])[0]
rate = 0.8 * best
end = time.monotonic() + seconds
statuses, wrong, lock = {}, [], threading.Lock()


def note(kind, reply, allowed):
    """Counts a reply to an invalid request: its status, or None if the service closed the connection."""
    match = re.match(rb"HTTP/1\.1 (\d+)", reply)
    status = int(match[1]) if match else None
    with lock:
        statuses[kind, status] = statuses.get((kind, status), 0) + 1
        if status not in allowed:
            wrong.append((kind, reply[:300]))


def connect():
    connection = socket.create_connection(("127.0.0.1", port), timeout=40)
    return connection


def exchange(parts, pause=0.0):
    reply = b""
    with connect() as connection:
        try:
            for part in parts:
                connection.sendall(part)
                if pause:
                    time.sleep(pause)
            while not reply or b"\r\n\r\n" not in reply:
                piece = connection.recv(65536)
                if not piece:
                    break
                reply += piece
        except (ConnectionError, TimeoutError):
            pass
    return reply


def post(body, path="/v1/recommendations", media="application/json", length=None):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media}\r\nContent-Length: {len(body) if length is None else length}\r\n"
            "Connection: close\r\n\r\n").encode() + body


def noise(count):
    return bytes(random.getrandbits(8) for _ in range(count))


good = json.dumps({"history": random.sample(names, 30), "top": 100}).encode()


def malformed():
    while time.monotonic() < end:
        kind = random.randrange(6)
        if kind == 0:
            note("not JSON", exchange([post(noise(random.randrange(1, 500)))]), {400})
        elif kind == 1:
            spoilt = bytearray(good)
            for _ in range(4):
                spoilt[random.randrange(len(spoilt))] = random.choice(b'{}[]",:\\')
            note("spoilt JSON", exchange([post(bytes(spoilt))]), {200, 400, 422})
        elif kind == 2:
            note("nested", exchange([post(b"[" * 100_000)]), {400})
        elif kind == 3:
            note("not HTTP", exchange([noise(200) + b"\r\n\r\n"]), {400, None})
        elif kind == 4:
            path = random.choice(["/%2e%2e/%2e%2e/etc/passwd", "/v1/items/%FF/similar", "/v1/items?query=%00&top=-1", "/v1/users/'%20OR%201=1--/recommendations"])
            note("odd path", exchange([f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()]), {200, 400, 404, 422})
        else:
            note("media type", exchange([post(good, media="text/plain")]), {415})
        time.sleep(0.02)


def oversized():
    while time.monotonic() < end:
        note("oversized", exchange([post(b" " * 3_000_000)]), {413, None})
        note("announced", exchange([post(b"{", length=10**15)]), {413})
        note("chunked", exchange([b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"] + [b"10000\r\n" + b" " * 65536 + b"\r\n"] * 40), {413, None})
        note("header", exchange([b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"]), {400, 431, None})
        time.sleep(0.5)


def slow():
    while time.monotonic() < end:
        note("slow body", exchange([post(good)[:-len(good)]] + [good[i:i + 1] for i in range(40)], 0.5), {408, None})
        note("slow but in time", exchange([post(good)[:-20], post(good)[-20:]], 1.0), {200, 503})


def broken_off():
    while time.monotonic() < end:
        with connect() as connection:
            connection.sendall(post(good)[:random.randrange(len(good))] if random.random() < 0.5 else post(good))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.02)


def events():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while time.monotonic() < end:
        body = json.dumps({"events": [{"user": f"u{random.randrange(100)}", "item": random.choice(names)}]})
        for method, path, sent, expected in [("POST", "/v1/events", body, 201), ("GET", "/v1/users/u7/recommendations", None, 200), ("GET", "/metrics", None, 200)]:
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            note(path, b"HTTP/1.1 %d " % reply.status + text, {expected, 503})
        time.sleep(0.1)


def memory():
    return int(open(f"/proc/{process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


good_load = load(seconds, 256, 256 / rate * 1000 - 8)
threads = [threading.Thread(target=each, daemon=True) for each in [malformed, malformed, oversized, slow, slow, broken_off, events]]
for thread in threads:
    thread.start()
sizes, reloads, refused, turn = [], 0, 0, 0
began = time.monotonic()
while time.monotonic() < end - 10:
    time.sleep(10)
    sizes.append((time.monotonic() - began, memory()))
    turn += 1
    bad = turn % 6 == 5
    if bad:
        with open(folder + "/fresh", "wb") as file:
            file.write(open(model, "rb").read(100_000))
    else:
        shutil.copy(folder + "/other" if turn % 2 else model, folder + "/fresh")
    os.replace(folder + "/fresh", served)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/v1/models:reload")
    status = connection.getresponse().status
    reloads, refused = reloads + (status == 200), refused + (status == 409)
    if status != (409 if bad else 200):
        wrong.append(("reload", b"%d" % status))
reached, median, most, (replies, busy, other, broken) = report(good_load.communicate()[0])
for thread in threads:
    thread.join(30)
alive = process.poll() is None
process.send_signal(signal.SIGTERM)
ended = process.wait(30)

print(f"best rate {best:.0f}/s, requested {rate:.0f}/s, reached {reached:.0f}/s, p50 {median}, p99 {most}; {reloads} reloads, {refused} refused files")
for (kind, status), count in sorted(statuses.items(), key=str):
    print(f"  {kind}: {status or 'closed'} x {count}")
check(f"{replies} good requests: {busy} deliberate 503, {other} other failures, {broken} broken connections", replies and not other and not broken)
check(f"{sum(statuses.values())} other requests, {len(wrong)} answered wrongly {wrong[:3]}", not wrong)
settled = [size for at, size in sizes if at > min(60, seconds / 4)]
third = max(1, len(settled) // 3)
first, last = sum(settled[:third]) / third, sum(settled[-third:]) / third
check(f"memory {first:.1f} MiB at first, {last:.1f} MiB at last ({100 * (last / first - 1):+.1f} %), {min(settled):.1f} to {max(settled):.1f}", last < 1.05 * first)
internal = sum('"status":"500"' in line for line in open(folder + "/log"))
check(f"{internal} internal failures in the log, ended with status {ended}", alive and not internal and ended == 0)
shutil.rmtree(folder)
sys.exit(failures > 0)
