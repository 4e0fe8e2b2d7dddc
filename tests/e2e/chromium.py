"""Runs in the lab's Chromium container: opens pages, uses the form, asks axe-core, takes pictures.

The request on standard input and the answer on standard output are JSON; see main().
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 90  # seconds for a page and for axe-core, on a busy machine
# Width and height in pixels, dots a pixel.
SIZES = {
    "desktop": (1280, 900, 1),
    "telephone": (390, 844, 1),
    "narrow": (320, 568, 1),
    "picture": (1000, 1165, 2),
}
TELEPHONES = ("telephone", "narrow")

# The values in the cards that are unfolded.
CELLS = """return [...document.querySelectorAll(".values td")].filter(td => td.checkVisibility())
  .map(td => (td.querySelector("kbd") ?? td).textContent)"""
# Where the buttons that download something end, in pixels from the top.
BOTTOMS = """return [...document.querySelectorAll("a.button")].filter(a => a.checkVisibility())
  .map(a => a.getBoundingClientRect().bottom)"""
CODES = (
    """return [...document.querySelectorAll(".code")].filter(svg => svg.checkVisibility()).length"""
)
# What the first button to copy puts into the clipboard; null without such a button.
COPIED = """const done = arguments[arguments.length - 1], button = document.querySelector(".copy");
  if (!button?.checkVisibility()) return done(null);
  navigator.clipboard.writeText = text => { done(text); return Promise.resolve(); };
  button.click();"""
CHOSEN = (
    """return document.querySelector("[name=device]:checked, [name=device][aria-current]")?.value"""
)


def browser(visit: dict[str, str]) -> webdriver.Chrome:
    language, scheme, size = visit["language"], visit["scheme"], visit["size"]
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    if visit["url"].startswith("http:"):  # without TLS there is no clipboard
        options.add_argument(f"--unsafely-treat-insecure-origin-as-secure={visit['url']}")
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(PATIENCE)
    width, height, scale = SIZES[size]
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": width,
            "height": height,
            "deviceScaleFactor": scale,
            "mobile": size in TELEPHONES,
        },
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "media": visit.get("media", ""),
            "features": [{"name": "prefers-color-scheme", "value": scheme}],
        },
    )
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    if agent := visit.get("agent"):
        driver.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": agent})
    return driver


def trust(ca: str) -> None:
    """Let Chromium trust an authority (PEM)."""
    store = Path.home() / ".pki/nssdb"
    store.mkdir(parents=True)
    certutil = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    add = [*certutil, "-A", "-n", "lab", "-t", "C,,"]
    subprocess.run(add, input=ca, text=True, check=True)


def look(driver: webdriver.Chrome, axe: str, *, whole: bool) -> dict[str, Any]:
    """What is there for people, and what axe (its script; empty: not asked) says of it.

    The picture shows the whole page, or what fits the window.
    """
    judge = axe + "; axe.run().then(arguments[arguments.length - 1]);"
    found = driver.execute_async_script(judge) if axe else {"violations": []}
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": whole})
    return {
        "url": driver.current_url,
        "language": driver.find_element(By.TAG_NAME, "html").get_attribute("lang"),
        "text": driver.find_element(By.TAG_NAME, "body").text,
        "links": [a.get_attribute("href") for a in driver.find_elements(By.TAG_NAME, "a")],
        "cells": driver.execute_script(CELLS),
        "codes": driver.execute_script(CODES),
        "copied": driver.execute_async_script(COPIED),
        "bottoms": driver.execute_script(BOTTOMS),
        "chosen": driver.execute_script(CHOSEN),
        "ground": driver.execute_script("return getComputedStyle(document.body).backgroundColor"),
        "wide": driver.execute_script("return document.documentElement.scrollWidth"),
        "violations": [
            f"{each['impact']}: {each['id']}: {each['nodes'][0]['html']}"
            for each in found["violations"]
        ],
        "picture": picture["data"],
    }


def main() -> None:
    """Answer a list of visits (url, address, language, scheme, size) with what each one showed.

    A visit may have `agent`, the browser's User-Agent; `device`, the one to choose; `media`, such
    as print. The request also has `ca`, an authority to trust (PEM), and `axe`, its script; both
    may be left out.
    """
    request = json.load(sys.stdin)
    axe = request.get("axe", "")
    if "ca" in request:
        trust(request["ca"])
    answers = []
    for visit in request["visits"]:
        driver = browser(visit)
        whole = visit["size"] != "picture"
        try:
            driver.get(visit["url"])
            seen = [look(driver, axe, whole=whole)]
            if visit["address"]:
                if device := visit.get("device"):
                    driver.execute_script(
                        "document.querySelector(`[name=device][value=${arguments[0]}]`).click()",
                        device,
                    )
                driver.find_element(By.NAME, "email").send_keys(visit["address"])
                question = driver.find_element(By.TAG_NAME, "html")
                driver.find_element(By.TAG_NAME, "button").click()
                # A click can return before the form is sent; a script in the old page never ends.
                # In between, the driver may know the element no more and say so in its own words.
                wait = WebDriverWait(driver, PATIENCE, ignored_exceptions=[WebDriverException])
                wait.until(staleness_of(question))
                seen.append(look(driver, axe, whole=whole))
            loaded = [
                message["params"]["request"]["url"]
                for entry in driver.get_log("performance")
                if (message := json.loads(entry["message"])["message"])["method"]
                == "Network.requestWillBeSent"
            ]
            console = [entry["message"] for entry in driver.get_log("browser")]
            answers.append({"seen": seen, "loaded": loaded, "console": console})
        finally:
            driver.quit()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
