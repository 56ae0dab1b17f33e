"""A client of a Foldin service that needs only Python's standard library.

    python3 client.py http://127.0.0.1:8080 296 318 593
"""

import json
import sys
import urllib.error
import urllib.request


def recommend(base, history=(), top=10, key=None, user=None, exclude=()):
    """Items for a history, or for a user whose events the service stores."""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = "Bearer " + key.strip()
    request = {"history": list(history), "top": top, "exclude": list(exclude)}
    if user is not None:
        request["user"] = user
    body = json.dumps(request).encode()
    with urllib.request.urlopen(urllib.request.Request(base + "/v1/recommendations", body, headers), timeout=5) as reply:
        return json.load(reply)


try:
    reply = recommend(sys.argv[1].rstrip("/"), sys.argv[2:])
except urllib.error.HTTPError as error:  # the problem document has what was found and what was expected
    sys.exit(json.load(error)["detail"])
print(reply["kind"], "by model", reply["model"]["version"])
for item in reply["items"]:
    print(f"{item['score']:8.3f}  {item.get('title', item['item'])}")
