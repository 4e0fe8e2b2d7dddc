"""How each client names itself: some servers answer by User-Agent."""

from __future__ import annotations

from collections.abc import Mapping

# Outlook: logs of web servers that administrators published. Thunderbird: its source, and logs.
# Thunderbird for Android: the library that its source asks with. Delta Chat's core sends none (its
# source). Of the others no name is known: they are asked for as the doctor.
AGENTS: Mapping[str, str] = {
    "outlook": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.19127; Pro)",
    "thunderbird": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.0",
    "thunderbird-android": "okhttp/5.1.0",
    "delta-chat": "",
}
"""By the client's slug; empty: the header is not sent."""
