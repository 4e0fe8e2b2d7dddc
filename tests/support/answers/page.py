"""The page for people, and the files for Outlook's registry that it offers."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from urllib.parse import quote

from .base import Case, Expectation, Reply, redirect, refused


def page(*texts: str, status: int = 200, language: str = "en") -> Expectation:
    """The page for people in this language, with each of these texts in it (as HTML)."""

    def expect(reply: Reply) -> None:
        assert reply.status == status
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        # A proxy that compresses adds a word.
        decides = {"accept-language", "user-agent", "sec-ch-ua-platform"}
        assert decides <= {name.strip() for name in reply.headers["vary"].lower().split(",")}
        assert reply.headers["referrer-policy"] == "no-referrer"
        html = reply.body.decode()
        assert f'<html lang="{language}">' in html
        for text in texts:
            assert text in html

    return expect


def reg_file(reply: Reply) -> None:
    """The file for the registry that turns off what keeps Outlook from asking."""
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"] == "attachment"
    assert '"DisableOffice365SimplifiedAccountCreation"' in reply.body.decode("utf-16")


def zip_file(reply: Reply) -> None:
    """The files for those who manage Outlook by Group Policy or Intune."""
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/zip"
    assert reply.headers["content-disposition"] == "attachment"
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
        assert "PolicyDefinitions/mail-autoconfig.admx" in archive.namelist()
        assert archive.testzip() is None


def cases(suffix: str) -> list[Case]:
    domain, corp_domain = f"example.{suffix}", f"corp.{suffix}"
    host, form = f"autoconfig.{corp_domain}", {"Content-Type": "application/x-www-form-urlencoded"}

    def get(
        name: str, expect: Expectation, language: str = "", agent: str = "", **more: Any
    ) -> Case:
        headers = {"Accept-Language": language} if language else {}
        headers |= {"User-Agent": agent} if agent else {}
        request = {"host": host, "path": "/"} | more
        return Case(f"page: {name}", "GET", **request, expect=expect, headers=headers)

    def asked(name: str, address: str, expect: Expectation, fields: str = "", **more: Any) -> Case:
        body = f"email={quote(address)}{fields}".encode()
        request = {"host": host, "path": "/settings", "body": body}
        return Case(f"page: {name}", "POST", **(request | more), expect=expect, headers=form)

    def settings_of(email: str, host: str) -> Expectation:
        return page(f"<kbd>{host}</kbd>", f"<kbd>{email}</kbd>", "<kbd>993</kbd>")

    mail = f"mail.corp.{suffix}"
    return [
        get("its name", page("Corp &amp; Sons")),
        get("on the autodiscover name", page("Gandi Mail"), host=f"autodiscover.{domain}"),
        get("French", page("messagerie", language="fr"), "fr-CH, en;q=0.9"),
        get("German", page("Mailadresse", language="de"), "sv, de;q=0.5, en;q=0.4"),
        get("a language that was chosen", page("correo", language="es"), "de", path="/?lang=es"),
        get("on an iPhone", page('value="ios" checked'), agent="Mozilla/5.0 (iPhone)"),
        get("a device that was chosen", page('value="linux" checked'), path="/?device=linux"),
        get("not on the domain itself", refused(404), host=domain),
        get("not on the ua-auto-config name", refused(404), host=f"ua-auto-config.{domain}"),
        get("the form's address", redirect(303, "/"), path="/settings"),
        get(".reg file", reg_file, path="/outlook.reg"),
        get("policies", zip_file, path="/outlook.zip"),
        asked("settings", f"a+b@{corp_domain}", settings_of(f"a+b@{corp_domain}", mail)),
        asked("the steps of a device", f"u@{domain}", page("Gmail", language="it"),
              "&device=android&lang=it"),
        asked("the last of a field counts", f"u@{domain}", page("Samsung Email"),
              "&device=ios&device=android"),
        asked("on the autodiscover name", f"u@{corp_domain}", settings_of(f"u@{corp_domain}", mail),
              host=f"autodiscover.{corp_domain}"),
        asked("the address decides, not Host", f"u@{domain}",
              settings_of(f"u@{domain}", "mail.gandi.net")),
        asked("quote, & and <", f"o\"b&<c>@{domain}",
              settings_of(f"o&#34;b&amp;&lt;c&gt;@{domain}", "mail.gandi.net")),
        asked("unconfigured domain", "u@unconfigured.invalid",
              page("role=\"alert\"", "Corp &amp; Sons", status=404)),
        asked("no address", "<script>", page("&lt;script&gt;", status=400)),
        asked("too many fields", "x", page(status=400), body=b"a=b&" * 50),
        asked("not UTF-8", "x", page(status=400), body=b"email=%ff\xff"),
        asked("body over 64 KiB", "x" * 65536, refused(413)),
    ]  # fmt: skip
