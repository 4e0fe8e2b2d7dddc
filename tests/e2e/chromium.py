"""Runs in the lab's Chromium container: opens pages, uses the form, asks axe-core, takes pictures.

The request on standard input and the answer on standard output are JSON; see main().
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

PATIENCE = 90  # seconds for a page and for axe-core, on a busy machine
SIZES = {"desktop": (1280, 900), "telephone": (390, 844)}


def browser(language: str, scheme: str, size: str) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(PATIENCE)
    width, height = SIZES[size]
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "telephone"},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    return driver


def look(driver: webdriver.Chrome, axe: str) -> dict[str, Any]:
    """What is there for people, and what axe says of it."""
    found = driver.execute_async_script(axe + "; axe.run().then(arguments[arguments.length - 1]);")
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    return {
        "url": driver.current_url,
        "language": driver.find_element(By.TAG_NAME, "html").get_attribute("lang"),
        "text": driver.find_element(By.TAG_NAME, "body").text,
        "links": [a.get_attribute("href") for a in driver.find_elements(By.TAG_NAME, "a")],
        "cells": [td.text for td in driver.find_elements(By.CSS_SELECTOR, ".card td")],
        "ground": driver.execute_script("return getComputedStyle(document.body).backgroundColor"),
        "wide": driver.execute_script("return document.documentElement.scrollWidth"),
        "violations": [
            f"{each['impact']}: {each['id']}: {each['nodes'][0]['html']}"
            for each in found["violations"]
        ],
        "picture": picture["data"],
    }


def main() -> None:
    """Answer a list of visits (url, address, language, scheme, size) with what each one showed."""
    request = json.load(sys.stdin)
    store = Path.home() / ".pki/nssdb"
    store.mkdir(parents=True)
    certutil = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    add = [*certutil, "-A", "-n", "lab", "-t", "C,,"]
    subprocess.run(add, input=request["ca"], text=True, check=True)
    answers = []
    for visit in request["visits"]:
        driver = browser(visit["language"], visit["scheme"], visit["size"])
        try:
            driver.get(visit["url"])
            seen = [look(driver, request["axe"])]
            if visit["address"]:
                driver.find_element(By.NAME, "email").send_keys(visit["address"])
                question = driver.find_element(By.TAG_NAME, "html")
                driver.find_element(By.TAG_NAME, "button").click()
                # A click can return before the form is sent; a script in the old page never ends.
                WebDriverWait(driver, PATIENCE).until(staleness_of(question))
                seen.append(look(driver, request["axe"]))
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
