"""Uses the service's page in a headless Chromium as a person does, with keyboard and mouse.

    pip install -r requirements.txt            (and Debian's chromium, chromium-driver and curl)
    python page_test.py FOLDIN MODEL [FOLDER for screenshots]

MODEL is a model file with titles, such as one of MovieLens. Starts its own services: with events, without, with keys, and for copies of the
model without titles and with very long ones. Prints one line per check and exits with 1 when a check failed.
"""

import importlib.util
import json
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

FOLDIN, MODEL = sys.argv[1], pathlib.Path(sys.argv[2])
SHOTS = sys.argv[3] if len(sys.argv) > 3 else None
AXE = (pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js").read_text()
work = pathlib.Path(tempfile.mkdtemp(prefix="foldin-page-"))
services = []
failures = 0


def check(name, holds):
    global failures
    failures += not holds
    print(("ok      " if holds else "FAILED  ") + name, flush=True)


def wait(condition, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


# Services.


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(address, body=None):
    request = urllib.request.Request(address, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as reply:
        return json.load(reply)


def is_live(base):
    try:
        return bool(ask(base + "/health/live"))
    except OSError:
        return False


def serve(model, *flags, port=None):
    port = port or free_port()
    services.append(subprocess.Popen([FOLDIN, "serve", str(model), "--port", str(port), *flags], stderr=subprocess.DEVNULL))
    base = f"http://127.0.0.1:{port}"
    if not wait(lambda: is_live(base), 60):
        sys.exit("the service did not start")
    return base


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def retitled(name, titles):
    """A copy of the model with the titles that the function `titles` makes of its own; without titles for None."""
    data = MODEL.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    own = header["__metadata__"].pop("titles")
    if titles:
        header["__metadata__"]["titles"] = json.dumps([titles(title) for title in json.loads(own)])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = work / name
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
    return path


# The browser.

options = webdriver.ChromeOptions()
for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-prefers-reduced-motion", "--hide-scrollbars"]:
    options.add_argument(argument)
options.binary_location = "/usr/bin/chromium"
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def part(identifier):
    return driver.find_element(By.ID, identifier)


def all_of(selector):
    return driver.find_elements(By.CSS_SELECTOR, selector)


def first(selector):
    return driver.find_element(By.CSS_SELECTOR, selector)


def titles():
    return driver.execute_script("return [...document.querySelectorAll('#items .title')].map(title => title.textContent)")


def items():
    return driver.execute_script("return [...document.querySelectorAll('#items li')].map(row => row.dataset.item)")


def chips(identifier):
    return [button.text for button in all_of(f"#{identifier} button")]


def found(name):
    return all_of(f"#{name}-found [role=option]")


def focused():
    return driver.switch_to.active_element


def press(*keys):
    for each in keys:
        ActionChains(driver).send_keys(each).perform()


def tab_to(selector, most=60):
    """Presses Tab until the focus is on an element of `selector`. Returns whether it came there and was visible on the way."""
    visible = True
    for pressed in range(most + 1):
        if driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return visible and pressed > 0
        press(Keys.TAB)
        # A radio button shows its focus on the word beside it.
        visible &= driver.execute_script(
            """const at = document.activeElement, shown = at.type === 'radio' ? at.nextElementSibling : at;
               return at === document.body || getComputedStyle(shown).outlineStyle !== 'none'""")
    return False


def choose(name, value):
    first(f'input[name="{name}"][value="{value}"]').click()


def emulate(width, dark, height=900):
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    time.sleep(0.2)


def page_height():
    return driver.execute_script("return document.documentElement.scrollHeight")


def examine(name):
    """Accessibility, width and a picture of the page as it is, at two widths, light and dark."""
    violations, wide, heights = [], [], {}
    for width in [1280, 390]:
        for dark in [False, True]:
            emulate(width, dark)
            driver.execute_script(AXE)
            violations += driver.execute_async_script(
                "const done = arguments[0]; axe.run().then(({violations}) => done(violations.map(v => [v.id, v.nodes[0].target[0]])))")
            wide.append(driver.execute_script("return document.documentElement.scrollWidth") - width)
            heights[width] = page_height()
            if SHOTS:
                emulate(width, dark, heights[width])
                driver.save_screenshot(f"{SHOTS}/{name}-{width}-{'dark' if dark else 'light'}.png")
    emulate(1280, False)
    check(f"{name}: axe finds nothing {violations[:3]}", not violations)
    check(f"{name}: nothing is wider than the screen", max(wide) <= 0)
    return heights


def run_snippet(command):
    """What the code of the page prints: a reply, or one line per item."""
    return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout


def opened(base):
    driver.get(base + "/")


try:
    events = serve(MODEL, "--events", str(work / "events.sqlite"))
    known = ask(events + "/v1/items?query=a&top=3")["items"]
    ask(events + "/v1/events", {"events": [{"user": "u 7/ü", "item": item["item"]} for item in known]})

    # The start: an empty history.
    emulate(1280, False)
    opened(events)
    check("popular items are shown at the start, with that heading", wait(lambda: len(titles()) == 10) and "popular" in part("basis").text)
    check("the empty history says what to do", "Search above" in part("liked-empty").text)
    check("popular items have numbers of users and bars", part("unit").text == "Users" and len(all_of("#items .bar span")) == 10)
    lengths = driver.execute_script("return [...document.querySelectorAll('#items .bar span')].map(bar => bar.offsetWidth)")
    check("the bars are sorted, the first is the longest", lengths == sorted(lengths, reverse=True) and lengths[0] > lengths[-1] > 0)
    shift = driver.execute_async_script(
        """const done = arguments[0]; let sum = 0;
           new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value }).observe({type: 'layout-shift', buffered: true});
           setTimeout(() => done(sum), 300)""")
    check(f"nothing moves while the page loads ({shift:.4f})", shift < 0.01)
    check("the icon is shown", driver.execute_script("return document.querySelector('header img').naturalWidth > 0"))
    check("no word of the page is about films", not any(word in first("body").text.lower().split() for word in ["film", "films", "movie", "movies"]))

    # The card of the model.
    wait(lambda: part("card").text)
    card = part("card").text
    check("the card shows family, items, layers and test metrics", all(word in card for word in ["mult-", "Items", "→", "ndcg@100"]))
    check("and folds the options and checksums", "adam-beta1" not in card and "SHA-256" not in card)
    first("#card summary").click()
    check("which can be unfolded", "adam-beta1" in part("card").text and "SHA-256" in part("card").text)
    examine("start")

    # A history, with the keyboard alone.
    opened(events)
    wait(lambda: len(titles()) == 10)
    before = titles()
    check("Tab comes to the search, and the focus is visible", tab_to("#liked-query"))
    press(known[0]["title"][:5])
    check("typing shows items", wait(lambda: found("liked")))
    check("the field has aria-expanded while its list is open", part("liked-query").get_attribute("aria-expanded") == "true")
    one = part("liked-query").get_attribute("aria-activedescendant")
    press(Keys.ARROW_DOWN)
    other = part("liked-query").get_attribute("aria-activedescendant")
    check("arrow keys move the choice", len(found("liked")) == 1 or one != other)
    picked = driver.execute_script("return arguments[0].firstChild.textContent", part(other))
    press(Keys.ENTER)
    check("Enter adds the chosen item", wait(lambda: chips("liked") == [picked]))
    check("recommendations change", wait(lambda: titles() and titles() != before and "From this history" in part("basis").text))
    check("items of the history are not recommended", picked not in titles())
    check("the change is announced to screen readers", "Recommendations changed" in part("status").get_attribute("textContent"))
    check("one item gets no reasons: it would be on each row", not all_of("#items .badge"))
    press("zzzzqq")
    check("a search without a result says so", wait(lambda: [option.text for option in found("liked")] == ["No such item"]))
    press(Keys.ESCAPE)
    check("Escape closes the list", not part("liked-found").is_displayed())
    part("liked-query").clear()

    check("Tab comes to the + of the list", tab_to("#items li:nth-child(2) .add"))
    second = titles()[1]
    press(Keys.ENTER)
    check("+ adds a recommendation to the history", wait(lambda: len(chips("liked")) == 2) and second in chips("liked")[1])
    check("which leaves the list", wait(lambda: titles() and second not in titles()))
    check("and the focus stays on the + in its place", focused() == first("#items li:nth-child(2) .add"))
    check("with two items, rows have the number of the reason", wait(lambda: {b.text.split()[-1] for b in all_of("#items .badge")} <= {"1", "2"} and all_of("#items .badge")))
    check("and screen readers its name", all(b.get_attribute("textContent")[:-1] in {"because of " + name for name in [picked, second]} for b in all_of("#items .badge")))

    # Items to exclude.
    hidden = titles()[0]
    tab_to("#items li:first-child .exclude")
    press(Keys.ENTER)
    check("a recommendation can be excluded", wait(lambda: chips("excluded") == [hidden] and hidden not in titles()))
    gone = titles()[3]
    part("excluded-query").send_keys(gone)
    wait(lambda: found("excluded"))
    press(Keys.ENTER)
    check("and so can an item that is searched", wait(lambda: chips("excluded") == [hidden, gone] and gone not in titles()))
    heights = examine("history")
    check(f"the page is short on a phone ({heights[390]} px)", heights[390] < 2500)
    check(f"and about a screen high on a desktop ({heights[1280]} px)", heights[1280] < 1300)

    # The request in code. What the page shows is run.
    shown = items()
    reply = run_snippet(["sh", "-c", part("snippet").text])
    check("curl's code gives the same items", [item["item"] for item in json.loads(reply or "{}").get("items", [])] == shown)
    choose("language", "python")
    check("Python's code gives the same items", [line.rsplit(" ", 1)[0] for line in run_snippet([sys.executable, "-c", part("snippet").text]).splitlines()] == titles())
    choose("language", "swift")
    swift = part("snippet").text
    check("Swift's code has the client and the same request", "import FoldinClient" in swift and ".recommendations(10, havingLiked: [" in swift and "excluding: [" in swift)
    part("copy").click()
    check("the code can be copied", wait(lambda: part("copy").text == "Copied"))
    part("liked-query").send_keys(Keys.CONTROL, "v")
    check("and pasted", part("liked-query").get_attribute("value").startswith("import FoldinClient"))
    part("liked-query").clear()
    choose("language", "curl")

    # Similar items.
    first("#items li:first-child .title").click()
    check("a title shows similar items", wait(lambda: part("output-heading").text.startswith("Similar to ") and len(titles()) == 10))
    check("whose heading has the focus", focused().get_attribute("id") == "output-heading")
    check("and the code makes that request", "/similar?top=10" in part("snippet").text)
    examine("similar")
    part("back").click()
    check("Back shows the recommendations again", wait(lambda: items() == shown and part("output-heading").text == "Recommendations"))

    # Removing with the keyboard.
    part("liked-query").click()
    check("Tab moves from the field to the history", tab_to("#liked button", 1))
    press(Keys.ENTER)
    check("Enter removes an item and the focus moves to its neighbour", wait(lambda: len(chips("liked")) == 1) and focused() == first("#liked button"))
    press(Keys.ENTER)
    check("without a history, popular items are shown and the focus is in the field", wait(lambda: "popular" in part("basis").text) and focused().get_attribute("id") == "liked-query")
    check("excluded items stay excluded", hidden not in titles())
    for _ in range(2):
        first("#excluded button").click()

    # A stored customer, with the keyboard alone.
    part("liked-query").click()
    ActionChains(driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    press(Keys.ARROW_RIGHT)
    check("the arrow key chooses a stored customer", part("user").is_displayed() and not part("liked-query").is_displayed())
    check("who is asked for", "Enter the id" in part("nothing").text)
    press(Keys.TAB, "u 7/ü", Keys.ENTER)
    check("Enter looks the customer up", wait(lambda: "stored events of customer u 7/ü" in part("basis").text and len(titles()) == 10))
    check("whose items are not recommended", not {item["item"] for item in known} & set(items()))
    reply = run_snippet(["sh", "-c", part("snippet").text])
    check("curl's code gives the same items for the customer", [item["item"] for item in json.loads(reply or "{}").get("items", [])] == items())
    first("#items .exclude").click()
    check("an item can be excluded for the customer", wait(lambda: chips("excluded") and chips("excluded")[0] not in titles()))
    check("also in the code", "&exclude=" in part("snippet").text)
    examine("stored")
    part("user").clear()
    part("user").send_keys("nobody", Keys.ENTER)
    check("a customer without events gets popular items and an explanation", wait(lambda: "nobody has no stored likes" in part("basis").text))

    # Every control has a name, every id is unique, nothing comes from elsewhere.
    nameless = driver.execute_script(
        "return [...document.querySelectorAll('button,input,a')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length")
    repeated = driver.execute_script("const i=[...document.querySelectorAll('[id]')].map(e=>e.id); return i.length - new Set(i).size")
    check("every control has a name, and every id is unique", nameless == 0 and repeated == 0)
    requests = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    addresses = [m["params"]["request"]["url"] for m in requests if m["method"] == "Network.requestWillBeSent"]
    check("nothing is loaded from elsewhere", addresses and all(a.startswith(events) for a in addresses if not a.startswith(("data:", "chrome"))))
    messages = [entry["message"] for entry in driver.get_log("browser")]
    check("the console has no messages " + str(messages[:2]), not messages)
    driver.execute_script("const s=document.createElement('script'); s.textContent='window.broken=1'; document.body.append(s)")
    check("the policy stops inline scripts", driver.execute_script("return window.broken") is None)

    # A service that is gone, and comes back.
    choose("mode", "history")
    wait(lambda: len(titles()) == 10)
    stop(services[0])
    first("#items .add").click()
    check("a service that is gone is reported in plain words", wait(lambda: "does not answer" in part("failure-text").text))
    serve(MODEL, port=int(events.rsplit(":", 1)[1]))
    part("retry").click()
    check("Try again repeats the request", wait(lambda: not part("failure").is_displayed() and "From this history" in part("basis").text))

    # Without events.
    choose("mode", "stored")
    part("user").clear()
    part("user").send_keys("u7", Keys.ENTER)
    check("a service without events says so", wait(lambda: "stores no events" in part("nothing").text and not titles()))
    examine("no-events")

    # With keys.
    made = subprocess.run([FOLDIN, "keys", "page", "--scope", "read", "--file", str(work / "keys.txt")], capture_output=True, text=True, check=True)
    key = made.stderr.strip()  # standard output has the line of the key file, when it goes there
    check("there is a key", key.startswith("foldin_"))
    opened(serve(MODEL, "--keys", str(work / "keys.txt")))
    check("a service with keys asks for one", wait(lambda: part("key").is_displayed()) and not part("page").is_displayed())
    check("in a field that has the focus", focused().get_attribute("id") == "key")
    examine("key")
    press("wrong ü", Keys.ENTER)
    check("a wrong key is refused in plain words", wait(lambda: "does not know this key" in part("key-note").text))
    press(key, Keys.ENTER)
    check("with the key the page works", wait(lambda: part("page").is_displayed() and len(titles()) == 10 and "mult-" in part("card").text))
    check("the code reads the key from the environment", "$FOLDIN_KEY" in part("snippet").text and key not in driver.page_source)

    # Without titles, and with very long ones.
    opened(serve(retitled("ids.safetensors", None)))
    check("without titles, ids are shown", wait(lambda: len(titles()) == 10 and titles() == items()))
    part("liked-query").send_keys(items()[4])
    wait(lambda: found("liked"))
    press(Keys.ENTER)
    check("and can be searched", wait(lambda: len(chips("liked")) == 1 and "From this history" in part("basis").text))
    opened(serve(retitled("long.safetensors", lambda title: title.replace(" ", "") * 20)))
    wait(lambda: len(titles()) == 10)
    for count in [1, 2]:
        first("#items .add").click()
        wait(lambda: len(chips("liked")) == count and len(titles()) == 10)
    check("very long titles take two lines at most", driver.execute_script("return Math.max(...[...document.querySelectorAll('#items li')].map(r => r.offsetHeight))") <= 56)
    examine("long")
finally:
    driver.quit()
    for process in services:
        if process.poll() is None:
            process.terminate()
print("failed: %d" % failures)
sys.exit(failures > 0)
