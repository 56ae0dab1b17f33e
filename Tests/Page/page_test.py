"""Uses the service's page in a headless Chromium as a person does, with keyboard and mouse.

    pip install -r requirements.txt            (and Debian's chromium and chromium-driver)
    foldin serve RUN/model.safetensors &       (a model of films with titles, such as MovieLens)
    python page_test.py http://127.0.0.1:8080 [FOLDER for screenshots]

Prints one line per check and exits with 1 when a check failed.
"""

import json
import sys
import time
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BASE = sys.argv[1].rstrip("/")
SHOTS = sys.argv[2] if len(sys.argv) > 2 else None
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


options = webdriver.ChromeOptions()
for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-prefers-reduced-motion"]:
    options.add_argument(argument)
options.binary_location = "/usr/bin/chromium"
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def part(identifier):
    return driver.find_element(By.ID, identifier)


def titles(identifier):
    return [row.text for row in part(identifier).find_elements(By.CSS_SELECTOR, ".title")]


def focused():
    return driver.switch_to.active_element


def screenshot(name, width, dark):
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
    time.sleep(0.2)
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    check(f"{name}: nothing wider than {width} px ({wide})", wide <= width)
    if SHOTS:
        height = driver.execute_script("return document.documentElement.scrollHeight")
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        driver.save_screenshot(f"{SHOTS}/{name}.png")


try:
    with urllib.request.urlopen(BASE + "/v1/items?query=a&top=3") as reply:
        known = [item["title"] for item in json.load(reply)["items"]]
    driver.get(BASE + "/")
    check("popular titles are shown at the start, with that heading", wait(lambda: len(titles("next")) == 12) and "Popular" in part("basis").text)
    check("the card shows the model's network", wait(lambda: "mult-" in part("card").text))

    before = titles("next")
    part("query").send_keys(known[0][:5])
    check("typing shows titles", wait(lambda: part("found").find_elements(By.TAG_NAME, "li")))
    check("the field has aria-expanded while its list is open", part("query").get_attribute("aria-expanded") == "true")
    first = part("query").get_attribute("aria-activedescendant")
    part("query").send_keys(Keys.ARROW_DOWN)
    second = part("query").get_attribute("aria-activedescendant")
    options_there = len(part("found").find_elements(By.TAG_NAME, "li"))
    check("arrow keys move the choice", options_there == 1 or first != second)
    picked = part(second).text
    part("query").send_keys(Keys.ENTER)
    check("Enter adds the chosen title", wait(lambda: [b.text for b in part("liked").find_elements(By.TAG_NAME, "button")] == [picked]))
    check("recommendations change", wait(lambda: titles("next") and titles("next") != before and "From what" in part("basis").text))
    check("each recommendation names its reason", wait(lambda: any("because you liked " + picked in text for text in titles("next"))))
    check("liked titles are not recommended", all(not text.startswith(picked) for text in titles("next")))
    check("the change is announced to screen readers", "Recommendations changed" in part("status").get_attribute("textContent"))

    part("query").send_keys(known[-1][:4])
    wait(lambda: part("found").find_elements(By.TAG_NAME, "li"))
    part("query").send_keys(Keys.ESCAPE)
    check("Escape closes the list", not part("found").is_displayed())
    part("query").clear()

    second_title = titles("next")[1].split("\n")[0]
    driver.find_element(By.CSS_SELECTOR, '#next li:nth-child(2) button[aria-label^="Like"]').click()
    check("a recommendation can be liked with the mouse", wait(lambda: len(part("liked").find_elements(By.TAG_NAME, "button")) == 2))
    check("and leaves the list", wait(lambda: titles("next") and all(not t.startswith(second_title) for t in titles("next"))))
    check("the new title is a reason", wait(lambda: any(second_title in t.split("because", 1)[-1] for t in titles("next") if "because" in t)))
    driver.find_element(By.CSS_SELECTOR, '#next li:first-child button[aria-label^="Similar"]').click()
    check("similar titles are shown", wait(lambda: len(titles("similar")) == 8))
    check("and have the focus", focused().get_attribute("id") == "similar-heading")

    for name, width, dark in [("desktop-light", 1280, False), ("desktop-dark", 1280, True), ("phone-light", 390, False), ("phone-dark", 390, True)]:
        screenshot(name, width, dark)
    part("query").send_keys("the")
    wait(lambda: part("found").find_elements(By.TAG_NAME, "li"))
    screenshot("phone-search", 390, False)
    part("query").send_keys(Keys.ESCAPE)
    part("query").clear()
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    part("similar-close").click()
    check("the similar titles close", not part("similar-section").is_displayed())
    # With the keyboard alone: from the field to the liked titles; remove both.
    focused().send_keys(Keys.TAB)
    check("Tab moves to the liked titles", focused().get_attribute("aria-label").startswith("Remove"))
    focused().send_keys(Keys.ENTER)
    check("Enter removes one and the focus moves to its neighbour", wait(lambda: len(part("liked").find_elements(By.TAG_NAME, "button")) == 1)
          and focused().get_attribute("aria-label").startswith("Remove"))
    focused().send_keys(Keys.ENTER)
    check("without liked titles, popular ones are shown again and the focus is in the field", wait(lambda: "Popular" in part("basis").text) and focused().get_attribute("id") == "query")

    # Every control has a name, and every id is unique.
    nameless = driver.execute_script(
        "return [...document.querySelectorAll('button,input,a')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length)).length")
    repeated = driver.execute_script("const i=[...document.querySelectorAll('[id]')].map(e=>e.id); return i.length - new Set(i).size")
    check("every control has a name, and every id is unique", nameless == 0 and repeated == 0)
    requests = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    addresses = [m["params"]["request"]["url"] for m in requests if m["method"] == "Network.requestWillBeSent"]
    check("nothing is loaded from elsewhere", addresses and all(a.startswith(BASE) for a in addresses if not a.startswith(("data:", "chrome"))))
    messages = [entry["message"] for entry in driver.get_log("browser") if "favicon" not in entry["message"]]
    check("the console has no messages " + str(messages[:2]), not messages)
    driver.execute_script("const s=document.createElement('script'); s.textContent='window.broken=1'; document.body.append(s)")
    check("the policy stops inline scripts", driver.execute_script("return window.broken") is None)
finally:
    driver.quit()
print("failed: %d" % failures)
sys.exit(failures > 0)
