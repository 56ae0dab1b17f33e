"""Kills the service under a load of events, repeatedly, and checks that every event that it acknowledged is there afterwards.

    python3 crash_test.py FOLDIN MODEL [ROUNDS]        (FOLDIN: the built command; MODEL: any model file; 20 rounds)

Then makes it reload (SIGHUP) and stop (SIGTERM), and reads its log: one JSON object per line, none with the history of a user. Standard
library only. Exits with 1 when a check failed.
"""

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

foldin, model = sys.argv[1], sys.argv[2]
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 20
folder = tempfile.mkdtemp()
database = folder + "/events.sqlite"
served = folder + "/model.safetensors"
shutil.copy(model, served)
failures = 0


def check(name, holds):
    global failures
    failures += not holds
    print(("ok      " if holds else "FAILED  ") + name, flush=True)


def start(log):
    process = subprocess.Popen([foldin, "serve", served, "--port", "0", "--events", database], stderr=open(log, "w"))
    for _ in range(1000):
        found = re.search(r'"message":"listening".*"port":"(\d+)"', open(log).read())
        if found:
            return process, int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.02)
    sys.exit("the service does not start: " + open(log).read())


def send(connection, method, path, body=None):
    connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    return reply.status, reply.read()


def feed(port, name, acknowledged):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        for number in range(10**9):
            events = [{"user": name, "item": f"{number}-{part}"} for part in range(3)]
            if send(connection, "POST", "/v1/events", {"events": events})[0] == 201:
                acknowledged.update((name, event["item"]) for event in events)
    except (OSError, http.client.HTTPException):
        pass


acknowledged, lost, broken, died = set(), 0, 0, 0
process, port = start(folder + "/log")
for turn in range(rounds):
    parts = {f"{turn}/{index}": set() for index in range(4)}
    threads = [threading.Thread(target=feed, args=(port, name, part)) for name, part in parts.items()]
    for thread in threads:
        thread.start()
    while not any(parts.values()) and any(thread.is_alive() for thread in threads):
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.5))
    died += process.poll() is not None
    process.kill()
    process.wait()
    for thread in threads:
        thread.join()
    acknowledged.update(*parts.values())
    # The service itself is the first to open the files that it left. Its reply names all items of the user, because no model knows them.
    process, port = start(folder + "/log")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for name, part in parts.items():
        reply = json.loads(send(connection, "GET", f"/v1/users/{urllib.parse.quote(name, safe='')}/recommendations")[1])
        lost += len({item for _, item in part} - set(reply["unknown"]))
    with contextlib.closing(sqlite3.connect(database)) as store:
        lost += len(acknowledged - set(store.execute("SELECT user, item FROM event")))
        broken += store.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
        # All events of a request are stored or none.
        broken += any(count % 3 for (count,) in store.execute("SELECT count(*) FROM event GROUP BY user"))
check(f"{rounds} kills, {len(acknowledged)} events acknowledged, {lost} lost, {broken} databases broken", acknowledged and not lost and not broken)
check("it ends by the kills alone, and events were acknowledged before each kill", not died and len({n.split("/")[0] for n, _ in acknowledged}) == rounds)

connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
send(connection, "POST", "/v1/recommendations", {"history": ["secret-item"], "user": "secret-user"})
send(connection, "GET", "/v1/users/secret-user/recommendations")
send(connection, "GET", "/v1/items?query=secret-query")
send(connection, "POST", "/v1/events", {"events": [{"user": "secret-user", "item": "secret-item"}]})
version = json.loads(send(connection, "GET", "/v1/models")[1])["models"][0]["version"]
with open(served, "r+b") as file:
    file.truncate(1000)


def reloaded(fails):
    """The state of the model after SIGHUP: when the reload has failed or succeeded as `fails` says, or after 10 s."""
    process.send_signal(signal.SIGHUP)
    for _ in range(100):
        time.sleep(0.1)
        state = json.loads(send(connection, "GET", "/v1/models")[1])["models"][0]
        if ("failure" in state) == fails:
            break
    return state


state = reloaded(True)
check("SIGHUP: a bad file is refused with a reason, and the old model serves", state["version"] == version and "found" in state.get("failure", ""))
shutil.copy(model, served)
check("SIGHUP: a good file is loaded", "failure" not in reloaded(False))

# A request that is under way at SIGTERM is answered.
slow = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
body = json.dumps({"history": ["1"]})
slow.putrequest("POST", "/v1/recommendations")
slow.putheader("Content-Type", "application/json")
slow.putheader("Content-Length", str(len(body)))
slow.endheaders(body[:5].encode())
time.sleep(0.3)
process.send_signal(signal.SIGTERM)
time.sleep(0.3)
slow.send(body[5:].encode())
check("SIGTERM: a request under way is answered", slow.getresponse().status == 200)
check("and the service ends with status 0", process.wait(15) == 0)
log = open(folder + "/log").read()
lines = [json.loads(line) for line in log.splitlines()]
check(f"the log is {len(lines)} lines of JSON, each request with an id", all("request" in l for l in lines if l["message"] == "request"))
check("and it has no histories, users or searches", "secret" not in log)
shutil.rmtree(folder)
sys.exit(failures > 0)
