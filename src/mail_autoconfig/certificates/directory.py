"""What an authority says in its ACME directory (RFC 8555, section 7.1.1), and behind its URLs."""

from __future__ import annotations

import json
import ssl
from functools import cached_property
from http.client import HTTPException
from typing import Any
from urllib.request import urlopen

from .certbot import Authority

_TIMEOUT = 20.0  # seconds
_LARGEST = 1 << 20  # bytes of an answer


class Directory:
    """The directory of an authority, which is asked once, with the CAs that certbot trusts."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    @property
    def url(self) -> str:
        """Where it is."""
        return self._authority.directory_url

    @cached_property
    def content(self) -> dict[str, Any]:
        """What it has. Raises OSError, or ValueError if that is no directory."""
        content, _wait = self.fetch(self.url)
        if not isinstance(content.get("meta", {}), dict):
            raise ValueError("its meta is no JSON object")
        return content

    @property
    def meta(self) -> dict[str, Any]:
        """What the directory says of the authority itself. Raises as :attr:`content` does."""
        found: dict[str, Any] = self.content.get("meta", {})
        return found

    def fetch(self, url: str) -> tuple[dict[str, Any], str]:
        """A JSON object of the authority's, and when to ask again (the header Retry-After).

        Raises OSError or ValueError.
        """
        if not url.startswith("https://"):
            raise ValueError(f"{url} is no https URL")
        try:
            with urlopen(url, timeout=_TIMEOUT, context=self._context) as answer:  # noqa: S310
                content = json.loads(answer.read(_LARGEST))
                wait = answer.headers.get("Retry-After") or ""
        except HTTPException as error:
            raise OSError(f"{url}: no HTTP: {error!r}") from None
        if not isinstance(content, dict):
            raise ValueError(f"{url} has no JSON object")
        return content, wait

    @cached_property
    def _context(self) -> ssl.SSLContext:
        with self._authority.bundle() as bundle:
            context = ssl.create_default_context(cafile=str(bundle))
        # Python's default since 3.13, which Debian's certbot does not have: it refuses what many
        # authorities of one's own have signed.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context

    def lacks_profile(self) -> str:
        """Say that the authority does not have the profile that is asked for; else nothing.

        An authority that does not answer has it: the orders say what is wrong.
        """
        wanted = self._authority.profile
        if not wanted:
            return ""
        try:
            known = self.meta.get("profiles") or {}
        except (OSError, ValueError):
            return ""
        if wanted in known:
            return ""
        there = f"it has {', '.join(map(str, known))}" if known else "it has none"
        return f"the authority has no profile {wanted}, {there}; orders are made without"
