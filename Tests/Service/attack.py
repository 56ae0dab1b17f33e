"""Attacks a service as a hostile client, a careless operator and a failing disk do, and checks that it keeps running and answers.

    python3 attack.py FOLDIN MODEL [ATTACK ...]        (FOLDIN: the built command; MODEL: a trained autoencoder's file; all attacks)
    python3 attack.py FOLDIN MODEL --siege SECONDS IDS [--connections N]

Each attack starts its own services and prints one line per check. The script exits with 1 when a check failed. `--siege` runs the attacks on
connections, work and bodies together against one service, while good clients (wrk, 64 connections) send requests at 60 % of the rate that was
measured before. IDS is a file with one item id per line. Needs the standard library, Debian's wrk for the siege, and root for the full disk
(otherwise that check is skipped, with a message).
"""

import contextlib
import http.client
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

here = os.path.dirname(os.path.abspath(__file__))
main_process = os.getpid()
failures = 0
HEALTH_LIMIT = 0.05  # seconds, the 99th percentile of /health/live


def check(name, holds, details=""):
    global failures
    failures += not holds
    print(("ok      " if holds else "FAILED  ") + name + (f" ({details})" if details != "" else ""), flush=True)


class Service:
    """A running service: its process, its port, its log."""

    def __init__(self, *options, model=None, files=None, memory=None, stderr=None):
        self.log = tempfile.mktemp(dir=folder)
        self.began = time.monotonic()

        def limit():
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
            if memory:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

        self.port = None
        self.error = stderr
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [foldin, "serve", model or given_model, "--port", "0", *options], stderr=stderr if stderr is not None else log,
                stdout=subprocess.DEVNULL, preexec_fn=limit)
        if stderr is None:
            for _ in range(3000):
                found = re.search(r'"message":"listening".*"port":"(\d+)"', self.text)
                if found:
                    self.port = int(found[1])
                    break
                if self.process.poll() is not None:
                    break
                time.sleep(0.02)

    @property
    def text(self):
        return open(self.log).read()

    @property
    def lives(self):
        # In another process than the one that started it, it is not a child, and only its id can be checked.
        return self.process.poll() is None if os.getpid() == main_process else exists(self.process.pid)

    @property
    def memory(self):
        """Resident bytes."""
        try:
            return int(open(f"/proc/{self.process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return 0

    def connect(self, source="127.0.0.1", timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout, source_address=(source, 0))

    def ask(self, method, path, body=None, source="127.0.0.1", timeout=10, key=None):
        """Status and body; status None when the service closed the connection, 0 when it did not answer in time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout, source_address=(source, 0))
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = "Bearer " + key
        try:
            connection.request(method, path, body if isinstance(body, (bytes, type(None))) else json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except TimeoutError:
            return 0, b""
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()

    def metric(self, name):
        """The sum of the series of a metric; None where there is none."""
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", self.ask("GET", "/metrics")[1].decode(), re.M)
        return sum(map(float, found)) if found else None

    def stop(self, limit=60):
        if self.lives:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


@contextlib.contextmanager
def service(*options, **more):
    running = Service(*options, **more)
    if running.port is None:
        print("the service does not start:", running.text[-500:])
    try:
        yield running
    finally:
        running.stop(40)


def post(body, path="/v1/recommendations", length=None, more=""):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{more}"
            f"Content-Length: {len(body) if length is None else length}\r\n\r\n").encode() + body


def wait_for(condition, limit):
    """Whether `condition` holds within `limit` seconds."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def watch_port(port, path, source):
    """Requests `path` every 20 ms, on new connections, until standard input ends; prints times and statuses as JSON."""
    times, statuses = [], {}
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
        began = time.monotonic()
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            reply.read()
            status = reply.status
        except (OSError, http.client.HTTPException):
            status = None
        times.append(time.monotonic() - began)
        statuses[str(status)] = statuses.get(str(status), 0) + 1
        connection.close()
    print(json.dumps([times, statuses]))


class Watch:
    """A process that requests a path from its own address until it is stopped."""

    def __init__(self, service, path="/health/live", source="127.0.0.200"):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--watch", str(service.port), path, source],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        """The 99th percentile of the times."""
        self.times, self.statuses = json.loads(self.process.communicate(timeout=60)[0])
        times = sorted(self.times)
        return times[min(len(times) - 1, int(0.99 * len(times)))] if times else float("inf")

    def details(self, p99):
        return f"p99 {1000 * p99:.1f} ms, longest {1000 * max(self.times, default=0):.0f} ms, {len(self.times)} requests, statuses {self.statuses}"


def in_background(attack, *values):
    """Runs an attack in a process of low priority, as if it came from another machine."""
    process = os.fork()
    if process == 0:
        os.nice(10)
        try:
            attack(*values)
        finally:
            os._exit(0)
    return process


def wait_for_processes(*processes):
    for process in processes:
        os.waitpid(process, 0)


def watched(name, running, attack, path="/health/live"):
    """Runs `attack` while `path` is requested, and checks that it is answered in time."""
    watch = Watch(running, path)
    attack()
    p99 = watch.stop()
    check(f"{name}: {path} answers 200 within {1000 * HEALTH_LIMIT:.0f} ms", set(watch.statuses) == {"200"} and p99 < HEALTH_LIMIT, watch.details(p99))


def ids(model=None):
    """The item ids of a model."""
    with open(model or given_model, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return json.loads(header["__metadata__"]["items"])


# The attacks on connections and bodies, each for some seconds.

def hoard(running, count, sources, seconds, send=b"", drip=b"", ends=lambda: False):
    """Keeps `count` connections open, sends `send` on each and `drip` every second."""
    held, number, end, dripped = [], 0, time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < end and running.lives and not ends():
        if len(held) < count:
            for _ in range(min(50, count - len(held))):
                try:
                    one = socket.socket()
                    one.bind((sources[number % len(sources)], 0))
                    one.setblocking(False)
                    number += 1
                    one.connect_ex(("127.0.0.1", running.port))
                    held.append(one)
                except OSError:
                    time.sleep(0.01)
        _, ready, _ = select_many([], held, 0.05)
        for one in list(held):
            try:
                if send and one in ready and one not in sent_on:
                    sent_on.add(one)
                    one.setblocking(True)
                    one.settimeout(0.5)
                    with contextlib.suppress(TimeoutError):
                        one.sendall(send)
                    one.setblocking(False)
                if drip and time.monotonic() - dripped > 1:
                    one.send(drip)
                if one.recv(4096, socket.MSG_DONTWAIT) == b"":
                    raise ConnectionError
            except (BlockingIOError, InterruptedError):
                pass
            except OSError:
                held.remove(one)
                sent_on.discard(one)
                one.close()
        if time.monotonic() - dripped > 1:
            dripped = time.monotonic()
        time.sleep(0.02)
    for one in held:
        sent_on.discard(one)
        one.close()
    return number


sent_on = set()


def select_many(reads, writes, timeout):
    """`select` without its limit on descriptors."""
    poll = select.poll()
    by_number = {}
    for one in reads:
        poll.register(one, select.POLLIN)
        by_number[one.fileno()] = one
    for one in writes:
        if one.fileno() >= 0:
            poll.register(one, select.POLLOUT)
            by_number[one.fileno()] = one
    ready = poll.poll(1000 * timeout)
    found = {by_number[number] for number, _ in ready if number in by_number}
    return found & set(reads), found & set(writes), []


def request_health(running, count, seconds, source):
    """Requests /health/live over persistent connections, as fast as possible."""
    def ask():
        end = time.monotonic() + seconds
        while time.monotonic() < end and running.lives:
            try:
                with running.connect(source, timeout=5) as one:
                    while time.monotonic() < end:
                        one.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        reply = one.recv(4096)
                        if not reply:
                            break
            except OSError:
                time.sleep(0.01)
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def attack_connections():
    key, line = make_key("good", "read")
    keys = write_keys(line)
    with service("--keys", keys, files=256) as running:
        if running.port is None:
            return check("connections: it starts with 256 descriptors", False)

        def one_client():
            wait_for_processes(in_background(request_health, running, 16, 8, "127.0.0.3"), in_background(hoard, running, 2000, ["127.0.0.3"], 8))

        watched("connections: 2,000 of one address, 256 descriptors", running, one_client)
        check("connections: it lives", running.lives, f"status {running.process.poll()}")

        def many():
            wait_for_processes(in_background(hoard, running, 2000, [f"127.0.1.{n}" for n in range(1, 200)], 8))

        watched("connections: 2,000 of 199 addresses", running, many)
        check("connections: it lives", running.lives)

        def slow_bodies():
            wait_for_processes(in_background(hoard, running, 1000, [f"127.0.2.{n}" for n in range(1, 100)], 15,
                             post(b"", length=1000, more=f"Authorization: Bearer {key}\r\n"), b" "))

        watched("connections: 1,000 slow bodies of 99 addresses", running, slow_bodies)
        good = wait_for(lambda: running.ask("POST", "/v1/recommendations", {"history": []}, source="127.0.0.9", key=key)[0] == 200, 15)
        check("connections: it serves again within 15 s", good and running.lives)
    with service(files=256) as running:
        statuses = {}

        def one_hoards():
            hoarder = in_background(hoard, running, 2000, ["127.0.0.3"], 8)
            time.sleep(2)
            for _ in range(20):
                status = running.ask("POST", "/v1/recommendations", {"history": []}, source="127.0.0.9")[0]
                statuses[status] = statuses.get(status, 0) + 1
            wait_for_processes(hoarder)

        one_hoards()
        check("connections: another address is served while one hoards connections", statuses == {200: 20}, statuses)
    floor = Service(files=20)
    status = floor.stop()
    check("connections: with 20 descriptors it refuses to start, with a reason",
          status in range(64, 79) and "descriptor" in floor.text or "file" in floor.text, f"status {status}: {floor.text.strip()[-200:]}")


def spoil_weights(model, value, keep=lambda name: True, signs=False):
    """A copy of `model` with all weights of some tensors set to ±value."""
    data = bytearray(open(model, "rb").read())
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    generator = random.Random(1)
    for name, tensor in header.items():
        if name == "__metadata__" or tensor["dtype"] != "F32" or not keep(name):
            continue
        start, end = (8 + length + at for at in tensor["data_offsets"])
        count = (end - start) // 4
        if signs:
            piece = b"".join(struct.pack("<f", value if generator.random() < 0.5 else -value) for _ in range(min(count, 4096)))
            data[start:end] = (piece * (count * 4 // len(piece) + 1))[:count * 4]
        else:
            data[start:end] = struct.pack("<f", value) * count
    path = tempfile.mktemp(suffix=".safetensors", dir=folder)
    open(path, "wb").write(data)
    return path


def finite(text):
    """Whether `text` is JSON of finite numbers."""
    def refuse(name):
        raise ValueError(name)

    def number(text):
        value = float(text)
        if value in (float("inf"), float("-inf")) or value != value:
            raise ValueError(text)
        return value
    try:
        json.loads(text, parse_constant=refuse, parse_float=number)
        return True
    except ValueError:
        return False


def attack_weights():
    every, cases = lambda name: True, []
    for value in [3e38, -3e38, 1e38, 1e30, 1e20]:
        for signs in (False, True):
            cases.append((given_model, f"all {value:g}{' of either sign' if signs else ''}", value, every, signs))
    for value in [3e38, 1e37]:
        cases.append((given_model, f"encoder {value:g} of either sign", value, lambda name: name.startswith("encode"), True))
        cases.append((given_model, f"decoder {value:g} of either sign", value, lambda name: name.startswith("decode"), True))
        cases.append((given_model, f"last layer {value:g} of either sign", value, lambda name: name.startswith("decode") and name.endswith("weight"), True))
    for family in ["ease", "edlae", "item-knn", "popularity"]:
        model = small_model(family)
        for value in [3e38, 1e38, 2e37, -3e38]:
            cases += [(model, f"{family} {value:g}", value, every, False), (model, f"{family} {value:g} of either sign", value, every, True)]
    refused, served, wrong = 0, 0, []
    for model, name, value, keep, signs in cases:
        items = ids(model)
        path = spoil_weights(model, value, keep, signs)
        running = Service(model=path)
        if running.port is None:
            status = running.process.wait(10)
            refused += status == 65
            if status != 65:
                wrong.append((name, status, running.text[-300:]))
        else:
            served += 1
            generator = random.Random(2)
            for count in (1, 2, 5, 20, 80):
                history = generator.sample(items, min(count, len(items)))
                for method, route, body in [
                    ("POST", "/v1/recommendations", {"history": history, "top": 100}),
                    ("POST", "/v1/recommendations:batch", {"requests": [{"history": history}, {"history": []}]}),
                    ("POST", "/v1/explanations", {"history": history[:20], "items": generator.sample(items, 5)}),
                    ("GET", f"/v1/items/{history[0]}/similar", None), ("GET", "/v1/models", None)]:
                    status, text = running.ask(method, route, body)
                    # A deliberate refusal names the model; every other reply is finite.
                    if status not in (200, 404, 409, 422, 500, 503) or not finite(text) or (status == 500 and b"internal" in text and b"unexpected error" in text):
                        wrong.append((name, route, status, text[:200]))
            if not running.lives:
                wrong.append((name, "died", running.process.poll()))
            running.stop()
        os.unlink(path)
    check(f"weights: {len(cases)} models of huge weights, {refused} refused, {served} served, every reply finite", not wrong, wrong[:3] or "")


def attack_deletion():
    database = tempfile.mktemp(suffix=".sqlite", dir=folder)
    with service("--events", database) as running:
        secret = "SECRET-" + "x" * 40
        running.ask("POST", "/v1/events", {"events": [{"user": "gone", "item": f"{secret}{n}"} for n in range(300)]})
        reader = sqlite3.connect(database, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        began = time.monotonic()
        status, text = running.ask("DELETE", "/v1/users/gone", timeout=20)
        took = time.monotonic() - began
        check("deletion: answered while a reader is open", status == 200 and took < 1.0, f"{status} in {took:.2f} s: {text.decode()[:200]}")
        check("deletion: the reply says that the log must still be erased", b"pending" in text, text.decode()[:100])
        longest = 0
        for n in range(20):
            began = time.monotonic()
            status = running.ask("POST", "/v1/events", {"events": [{"user": f"u{n}", "item": "1"}]}, timeout=20)[0]
            longest = max(longest, time.monotonic() - began) if status == 201 else float("inf")
            time.sleep(0.1)
        check("deletion: other writers do not wait", longest < 1.0, f"longest {longest:.2f} s")
        pending = running.metric("foldin_.*pending.*")
        check("deletion: a metric shows the pending removals", pending == 1, pending)
        reader.execute("COMMIT")

        def traces():
            return sum(open(database + part, "rb").read().count(b"SECRET-") for part in ("", "-wal") if os.path.exists(database + part))
        cleared = wait_for(lambda: traces() == 0, 40)
        check("deletion: when the reader has ended nothing is left in the file or the log", cleared, f"{traces()} traces")
        wait_for(lambda: running.metric("foldin_.*pending.*") == 0, 10)
        check("deletion: and nothing is pending", running.metric("foldin_.*pending.*") == 0)
        check("deletion: only the owner can read the database", os.stat(database).st_mode & 0o077 == 0, oct(os.stat(database).st_mode))


def heavy_database(count):
    database = tempfile.mktemp(suffix=".sqlite", dir=folder)
    with service("--events", database) as running:
        running.ask("POST", "/v1/events", {"events": [{"user": "first", "item": "1"}]})
    store = sqlite3.connect(database)
    items = ids()
    store.executemany("INSERT INTO event (user, item, rating, time) VALUES ('heavy', ?, NULL, ?)",
                      ((items[n % len(items)] if n % 3 else f"other-{n}", 1_600_000_000 + n) for n in range(count)))
    store.commit()
    store.close()
    return database


def attack_work():
    database = heavy_database(1_000_000)
    items = ids()
    with service("--events", database) as running:
        took, statuses = [], {}

        def heavy():
            for _ in range(10):
                began = time.monotonic()
                status = running.ask("GET", "/v1/users/heavy/recommendations", timeout=60)[0]
                took.append(time.monotonic() - began)
                statuses[status] = statuses.get(status, 0) + 1
        watched("work: a user with 1,000,000 events", running, heavy)
        check("work: such a user is answered within a second", max(took) < 1 and set(statuses) <= {200, 503}, f"longest {max(took):.2f} s, {statuses}")
        watched("work: the same user again", running, heavy, "/health/ready")

    statuses = {}

    def explain(running, seconds, source):
        end = time.monotonic() + seconds
        while time.monotonic() < end and running.lives:
            size = random.choice([20, 100, 500])
            body = {"history": random.sample(items, size), "items": random.sample(items, size)}
            status = running.ask("POST", "/v1/explanations", body, timeout=60, source=source)[0]
            statuses[status] = statuses.get(status, 0) + 1

    def leave(running, seconds):
        """Requests much work and closes the connection at once."""
        end = time.monotonic() + seconds
        body = json.dumps({"history": random.sample(items, 100), "items": random.sample(items, 100)}).encode()
        while time.monotonic() < end and running.lives:
            try:
                with running.connect("127.0.0.5") as one:
                    one.sendall(post(body, "/v1/explanations"))
            except OSError:
                pass
            time.sleep(0.01)

    with service() as running:
        def four():
            threads = [threading.Thread(target=explain, args=(running, 10, "127.0.0.4"), daemon=True) for _ in range(4)]
            threads += [threading.Thread(target=leave, args=(running, 10), daemon=True)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        watched("work: four clients of explanations and one that closes its connections", running, four)
        check("work: they are answered or deliberately refused", set(statuses) <= {200, 422, 429, 503}, statuses)
        began = time.monotonic()
        status = running.ask("POST", "/v1/recommendations", {"history": items[:5]})[0]
        check("work: requests of closed connections are not worked on", status == 200 and time.monotonic() - began < 1, f"{status} after {time.monotonic() - began:.2f} s")


def unread(running, count, seconds, source, ends=lambda: False):
    """Requests large replies and reads none of them."""
    items = ids()
    body = post(json.dumps({"requests": [{"history": items[:20], "top": 1000}] * 100}).encode(), "/v1/recommendations:batch")
    held, end = [], time.monotonic() + seconds
    while time.monotonic() < end and running.lives and not ends():
        while len(held) < count:
            try:
                one = socket.socket()
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.bind((source, 0))
                one.settimeout(5)
                one.connect(("127.0.0.1", running.port))
                one.setblocking(False)
                held.append(one)
            except OSError:
                one.close()
                break
        for one in list(held):
            try:
                for _ in range(3):
                    one.sendall(body)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError:
                held.remove(one)
                one.close()
        time.sleep(0.05)
    for one in held:
        one.close()


def attack_bodies():
    MiB = 1 << 20
    with service() as running:
        running.ask("POST", "/v1/recommendations", {"history": ids()[:20], "top": 1000})
        before, most, done = running.memory, [0], []

        def measure():
            while not done:
                most[0] = max(most[0], running.memory)
                time.sleep(0.02)
        threading.Thread(target=measure, daemon=True).start()
        watched("bodies: 60 connections that read nothing", running, lambda: wait_for_processes(in_background(unread, running, 60, 10, "127.0.0.6")))
        check("bodies: unread replies take less than 256 MiB", most[0] - before < 256 * MiB, f"+{(most[0] - before) / MiB:.0f} MiB")
        before, most[0] = running.memory, 0

        def thousand():
            wait_for_processes(in_background(hoard, running, 1000, [f"127.0.3.{n}" for n in range(1, 100)], 15, post(b"[" + b" " * (MiB - 100), length=MiB - 10)))
        watched("bodies: 1,000 of 1 MiB that do not end", running, thousand)
        check("bodies: they take less than 400 MiB", most[0] - before < 400 * MiB, f"+{(most[0] - before) / MiB:.0f} MiB")
        done.append(True)
        statuses = {}
        for path, method in [("/nowhere", "POST"), ("/v1/models", "PUT"), ("/v1/items?query=a", "GET"), ("/health/live", "POST"), ("/health/live", "GET"), ("/v1/recommendations", "POST")]:
            with running.connect("127.0.0.7", timeout=60) as one:
                began = time.monotonic()
                one.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n".encode())
                closed = False
                while time.monotonic() - began < 60 and not closed:
                    try:
                        one.send(b" ")
                        one.settimeout(0.5)
                        closed = one.recv(65536) == b""
                    except TimeoutError:
                        pass
                    except OSError:
                        closed = True
                statuses[method, path] = round(time.monotonic() - began, 1) if closed else None
        check("bodies: a connection that sends one byte at a time is closed within 45 s, on every route", None not in statuses.values() and max(statuses.values()) < 45, statuses)
        good = running.ask("POST", "/v1/recommendations", {"history": []})[0]
        check("bodies: it lives and serves", running.lives and good == 200, good)


def attack_operating():
    # Standard error is a pipe that is not read.
    port = free_port()
    ends = os.pipe()
    running = Service("--port", str(port), stderr=ends[1])
    running.port = port
    wait_for(lambda: running.ask("GET", "/health/live")[0] == 200, 20)
    statuses = {}
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(20_000):
        try:
            kept.request("GET", "/v1/items?query=a&top=1")
            reply = kept.getresponse()
            reply.read()
            status = reply.status
        except (OSError, http.client.HTTPException):
            status = None
        statuses[status] = statuses.get(status, 0) + 1
        if status != 200:
            break
    kept.close()
    check("operating: a stalled standard error stops nothing", statuses == {200: 20_000}, statuses)
    dropped = running.metric("foldin_log_lines_dropped_total")
    check("operating: dropped lines are counted", dropped is not None and dropped > 0, dropped)
    began = time.monotonic()
    status = running.stop(30)
    check("operating: SIGTERM still ends it", status == 0, f"status {status} after {time.monotonic() - began:.1f} s")
    for end in ends:
        os.close(end)

    # A revoked key.
    (old, old_line), (new, new_line) = make_key("old", "admin"), make_key("new", "admin")
    keys = write_keys(old_line, new_line)
    with service("--keys", keys) as running:
        both = [running.ask("GET", "/v1/models", key=key)[0] for key in (old, new)]
        write_keys(new_line, path=keys)
        running.process.send_signal(signal.SIGHUP)
        revoked = wait_for(lambda: running.ask("GET", "/v1/models", key=old)[0] == 401, 5)
        check("operating: a revoked key is refused after SIGHUP", both == [200, 200] and revoked and running.ask("GET", "/v1/models", key=new)[0] == 200)
        open(keys, "w").write("no key at all")
        running.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        check("operating: a bad key file leaves the old keys", running.ask("GET", "/v1/models", key=new)[0] == 200 and running.ask("GET", "/v1/models", key=old)[0] == 401)
    os.chmod(keys, 0o644)
    write_keys(new_line, path=keys, mode=0o644)
    open_keys = Service("--keys", keys)
    status = open_keys.stop()
    check("operating: a key file that others can read is refused", status not in (0, None) and "chmod" in open_keys.text + str(status), f"{status}: {open_keys.text.strip()[-200:]}")

    # A database that was replaced, or removed.
    for name, spoil in [("replaced", lambda path: (shutil.copy(path, path + ".new"), os.replace(path + ".new", path))), ("removed", os.unlink)]:
        database = tempfile.mktemp(suffix=".sqlite", dir=folder)
        with service("--events", database) as running:
            ready = wait_for(lambda: running.ask("GET", "/health/ready")[0] == 200, 10)
            spoil(database)
            noticed = wait_for(lambda: running.ask("GET", "/health/ready")[0] == 503, 30)
            check(f"operating: a database that was {name} is noticed", ready and noticed, running.ask("GET", "/health/ready")[1].decode()[:250])

    # A full disk.
    if os.geteuid() == 0:
        disk = tempfile.mkdtemp(dir=folder)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]).returncode == 0:
            try:
                with service("--events", disk + "/events.sqlite") as running:
                    ready = wait_for(lambda: running.ask("GET", "/health/ready")[0] == 200, 10)
                    with contextlib.suppress(OSError), open(disk + "/filler", "wb", buffering=0) as filler:
                        while True:
                            filler.write(bytes(4096))
                    noticed = wait_for(lambda: running.ask("GET", "/health/ready")[0] == 503, 30)
                    detail = running.ask("GET", "/health/ready")[1].decode()[:250]
                    status = running.ask("POST", "/v1/events", {"events": [{"user": "u", "item": "i" * 200}] * 900})[0]
                    check("operating: a full disk is noticed by readiness and by events", ready and noticed and status == 503, f"{detail} {status}")
                    read = running.ask("POST", "/v1/recommendations", {"history": ids()[:3]})[0]
                    os.unlink(disk + "/filler")
                    again = wait_for(lambda: running.ask("GET", "/health/ready")[0] == 200 and running.ask(
                        "POST", "/v1/events", {"events": [{"user": "u", "item": "i"}]})[0] == 201, 30)
                    check("operating: recommendations continue meanwhile, and with free space everything works again", read == 200 and again)
            finally:
                subprocess.run(["umount", "-l", disk])
    else:
        print("skipped: a full disk, which needs root")


def attack_requests():
    # Unusual numbers for limits.
    for rate in ["1e-300", "5e-324", "1e300", "0.001"]:
        running = Service("--rate", rate)
        if running.port is None:
            status = running.process.wait(10)
            check(f"requests: --rate {rate} is refused", status == 64, status)
        else:
            statuses = [running.ask("GET", "/v1/models")[0] for _ in range(5)]
            check(f"requests: --rate {rate} serves or refuses", running.lives and set(statuses) <= {200, 429}, statuses)
            running.stop()
    for rate in ["nan", "inf", "-1", "0"]:
        running = Service("--rate", rate)
        status = running.stop()
        check(f"requests: --rate {rate} is refused at start", running.port is None and status == 64, f"{status}")
    for host in ["127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example"]:
        running = Service("--host", host)
        status = running.stop(20)
        check(f"requests: {host} is not this machine", running.port is None and status == 64, f"{status}: {running.text.strip()[-120:]}")

    items = ids()
    with service(model=small_model("popularity")) as running:
        status, text = running.ask("GET", "/v1/items/1/similar")
        check("requests: similar items of a model without vectors are deliberately refused", status in range(400, 500) or status == 501, f"{status} {text.decode()[:150]}")
    database = tempfile.mktemp(suffix=".sqlite", dir=folder)
    with service("--events", database) as running:
        check("requests: only the owner can read the database", os.stat(database).st_mode & 0o077 == 0, oct(os.stat(database).st_mode))
        for path in ["/metrics/", "//metrics", "/metrics//", "/%6detrics", "/metrics%2f", "/./metrics", "/v1/../metrics", "/metrics;x", "/metrics%00"]:
            with running.connect() as one:
                one.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                reply = drain(one)
            check(f"requests: {path} is not /metrics", reply[9:12] in (b"404", b"400"), reply[9:12].decode())
        running.ask("POST", "/v1/recommendations", {"history": items[:3]})
        text = running.ask("GET", "/metrics")[1].decode()
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        check("requests: the time of loading is a gauge", types.get("foldin_model_loaded_seconds") == "gauge", types.get("foldin_model_loaded_seconds"))
        closes = {}
        for value in ["close", "Close", "CLOSE", "keep-alive, Close"]:
            with running.connect(timeout=5) as one:
                one.sendall(f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: {value}\r\n\r\n".encode())
                try:
                    closes[value] = drain(one)[9:12] == b"200"
                except TimeoutError:
                    closes[value] = "left open"
        check("requests: Connection: close in any case closes", all(value is True for value in closes.values()), closes)
        malformed = {}
        for name, head in [("two Hosts", "Host: localhost\r\nHost: localhost\r\n"), ("no Host", ""), ("two different Hosts", "Host: localhost\r\nHost: evil.example\r\n"),
                           ("a Host with a path", "Host: localhost/evil\r\n"), ("a Host with a user", "Host: user@localhost\r\n")]:
            with running.connect(timeout=5) as one:
                one.sendall(f"GET /v1/models HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
                malformed[name] = drain(one)[9:12].decode()
        check("requests: a malformed Host is refused", all(status in ("400", "403") for status in malformed.values()), malformed)
        body = json.dumps({"history": items[:3]}).encode()
        met = {}
        for value in ["100-continue", "100-Continue", "100-CONTINUE"]:
            with running.connect(timeout=5) as one:
                one.sendall(post(body, more=f"Expect: {value}\r\n")[:-len(body)])
                try:
                    met[value] = one.recv(4096)[9:12].decode()
                except TimeoutError:
                    met[value] = "nothing"
        check("requests: Expect: 100-continue in any case is met", set(met.values()) == {"100"}, met)

    # A large reply at SIGTERM, read slowly.
    with service() as running:
        batch = json.dumps({"requests": [{"history": items[:20], "top": 1000}] * 100}).encode()
        with running.connect(timeout=20) as one:
            one.sendall(post(batch, "/v1/recommendations:batch"))
            got = one.recv(2000)
            running.process.send_signal(signal.SIGTERM)
            time.sleep(2)
            length = int(re.search(rb"content-length: (\d+)", got.lower())[1])
            head = got.index(b"\r\n\r\n") + 4
            try:
                while True:
                    piece = one.recv(1 << 16)
                    if not piece:
                        break
                    got += piece
            except OSError:
                pass
        check("requests: a large reply under way is complete after SIGTERM", len(got) - head == length, f"{len(got) - head} of {length} bytes")
        check("requests: and the service ends with status 0", running.stop(40) == 0)

    # Garbage as a model is refused before it takes much memory.
    garbage = tempfile.mktemp(dir=folder)
    for name, start in [("zeros", b""), ("noise", os.urandom(64)), ("a header of 1 GB", struct.pack("<Q", 1 << 30) + b"{"), ("text", b"user,item\n1,2\n")]:
        with open(garbage, "wb") as file:
            file.write(start)
            file.truncate(3 << 30)
        process = subprocess.Popen([foldin, "serve", garbage, "--port", "0"], stderr=subprocess.PIPE)
        message = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        status = os.waitstatus_to_exitcode(status)
        check(f"requests: 3 GiB of {name} as a model is refused with little memory", status == 65 and usage.ru_maxrss < 300_000, f"status {status}, {usage.ru_maxrss >> 10} MiB: {message.strip()[:160]}")
    os.unlink(garbage)


def drain(one):
    got = b""
    while True:
        piece = one.recv(1 << 16)
        if not piece:
            return got
        got += piece


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def small_model(family):
    """A model of 20 items, trained when it is first needed."""
    ratings, data, run = folder + "/ratings.csv", folder + "/data", f"{folder}/{family}"
    with open(ratings, "w") as file:
        file.write("user,item\n" + "".join(f"{user},{item}\n" for user in range(40) for item in range(user % 7, 20) if (user + item) % 5))
    if os.path.exists(run):
        return run + "/model.safetensors"
    commands = [] if os.path.exists(data) else [["prepare", ratings, "--held-out-users", "5", "--out", data]]
    for command in commands + [["train", data, "--model", family, "--out", run]]:
        subprocess.run([foldin, *command], check=True, capture_output=True)
    return run + "/model.safetensors"


def make_key(name, scope):
    process = subprocess.run([foldin, "keys", name, "--scope", scope], capture_output=True, text=True)
    key = re.search(r"foldin_[0-9a-f]{64}", process.stdout + process.stderr)[0]
    line = re.search(rf"{name} {scope} [0-9a-f]{{64}}", process.stdout + process.stderr)[0]
    return key, line


def write_keys(*lines, path=None, mode=0o600):
    path = path or tempfile.mktemp(dir=folder)
    with open(path, "w") as file:
        os.chmod(path, mode)
        file.write("\n".join(lines) + "\n")
    return path


def exists(process):
    """Whether a process exists that is not a child of this one."""
    try:
        os.kill(process, 0)
        return True
    except OSError:
        return False


def siege(seconds, ids_file, connections):
    """All attacks at once, and good clients."""
    database = heavy_database(300_000)
    items = open(ids_file).read().split()
    load = os.path.join(here, "../../Benchmarks/service/load.lua")

    def wrk(duration, connections, delay=None):
        environment = dict(os.environ, IDS=ids_file, **({"DELAY": str(delay)} if delay is not None else {}))
        return subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{duration}s", "--timeout", "10s", "--latency", "-s", load,
                                 f"http://127.0.0.1:{running.port}/v1/recommendations"], env=environment, stdout=subprocess.PIPE, text=True)

    with service("--events", database) as running:
        output = wrk(10, connections).communicate()[0]
        best = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
        requested = 0.6 * best
        latency = connections / best
        good = wrk(seconds, connections, max(0, connections / requested - latency) * 1000)
        end = time.monotonic() + seconds
        statuses, lock = {}, threading.Lock()

        def until(attack):
            def run():
                while time.monotonic() < end and running.lives:
                    attack()
            return threading.Thread(target=run, daemon=True)

        def note(kind, status):
            with lock:
                statuses[kind, status] = statuses.get((kind, status), 0) + 1

        def explain():
            size = random.choice([20, 100, 500])
            note("explanations", running.ask("POST", "/v1/explanations", {"history": random.sample(items, size), "items": random.sample(items, size)}, "127.0.0.4", 60)[0])
            time.sleep(0.2)

        def heavy():
            note("heavy user", running.ask("GET", "/v1/users/heavy/recommendations", None, "127.0.0.4", 60)[0])
            time.sleep(0.2)

        def delete():
            running.ask("POST", "/v1/events", {"events": [{"user": "shortlived", "item": items[0]}]}, "127.0.0.8")
            note("deletion", running.ask("DELETE", "/v1/users/shortlived", None, "127.0.0.8", 20)[0])
            time.sleep(0.1)

        def reader():
            with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as one:
                one.execute("BEGIN")
                one.execute("SELECT count(*) FROM event").fetchone()
                time.sleep(3)
            time.sleep(3)

        def garbage():
            with contextlib.suppress(OSError), running.connect("127.0.0.5", 3) as one:
                one.sendall(random.choice([os.urandom(300) + b"\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000, post(b"[" * 100_000), post(b" " * 3_000_000),
                                           post(b"{", length=10**15), b"GET /metrics/ HTTP/1.1\r\nHost: localhost\r\n\r\n", post(os.urandom(300))]))
                one.recv(4096)
            time.sleep(0.02)

        def again(attack, *values):
            while time.monotonic() < end and exists(running.process.pid):
                attack(*values)

        part = min(20, seconds)
        hoarders = [
            in_background(again, hoard, running, 2000, ["127.0.0.3"], part),
            in_background(again, hoard, running, 500, [f"127.0.1.{n}" for n in range(1, 100)], part, post(b"", length=1000), b" "),
            in_background(again, hoard, running, 300, [f"127.0.3.{n}" for n in range(1, 100)], part, post(b"[" + b" " * 900_000, length=1_000_000)),
            in_background(again, unread, running, 60, min(10, seconds), "127.0.0.6")]
        attackers = [until(attack) for attack in (explain, explain, heavy, delete, reader, garbage, garbage)]
        watch, sizes = Watch(running), []
        for attacker in attackers:
            attacker.start()
        while time.monotonic() < end and running.lives:
            time.sleep(1)
            sizes.append(running.memory)
        output = good.communicate()[0]
        for attacker in attackers:
            attacker.join(60)
        wait_for_processes(*hoarders)
        p99 = watch.stop()
        reached = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
        median, late = (re.search(rf"{part}%\s+(\S+)", output)[1] for part in (50, 99))
        replies, busy, other, broken = map(int, re.search(r"Replies: (\d+), 503: (\d+), other: (\d+), broken: (\d+)", output).groups())
        print(f"best rate {best:.0f}/s, requested {requested:.0f}/s, reached {reached:.0f}/s, p50 {median}, p99 {late}")
        for (kind, status), count in sorted(statuses.items(), key=str):
            print(f"  {kind}: {status or 'no reply'} x {count}")
        check("siege: no crash", running.lives, running.process.poll())
        check(f"siege: {replies} good requests, {busy} deliberate 503, {other} other failures, {broken} broken connections", replies and not other and not broken)
        check(f"siege: /health/live p99 under {1000 * HEALTH_LIMIT:.0f} ms", p99 < HEALTH_LIMIT and set(watch.statuses) == {"200"}, watch.details(p99))
        bound = 1 << 30
        check("siege: memory under 1 GiB", max(sizes) < bound, f"{min(sizes) >> 20} to {max(sizes) >> 20} MiB, {sizes[-1] >> 20} at last")
        check("siege: all statuses are expected ones", all(status in (200, 201, 422, 429, 503) for _, status in statuses), "")
        check("siege: ends with status 0", running.stop(60) == 0)


attacks = {name[7:]: attack for name, attack in list(globals().items()) if name.startswith("attack_")}

if __name__ == "__main__" and sys.argv[1] == "--watch":
    watch_port(int(sys.argv[2]), *sys.argv[3:5])
elif __name__ == "__main__":
    folder = tempfile.mkdtemp()
    foldin, given_model = sys.argv[1:3]
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    try:
        if "--siege" in sys.argv:
            place = sys.argv.index("--siege")
            connections = int(sys.argv[sys.argv.index("--connections") + 1]) if "--connections" in sys.argv else 64
            siege(int(sys.argv[place + 1]), sys.argv[place + 2], connections)
        else:
            for name in sys.argv[3:] or attacks:
                if name not in attacks:
                    sys.exit(f"found the attack {name}; expected {', '.join(attacks)}")
                attacks[name]()
        print(f"{failures} checks failed" if failures else "all checks passed")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(failures > 0)
