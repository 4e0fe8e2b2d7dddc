"""Why a name is on no certificate, in a few words, and what to do about it. Pure."""

from __future__ import annotations

NO_RECORD = "no record"
"""What a name check says of a name without an address in DNS."""

NEXT_RUN = "not ordered yet"
"""Of a name that came after the last run."""

_REMEDIES = (
    (NEXT_RUN, "wait; the next run orders it"),
    (NO_RECORD, "give the name its DNS record"),
    ("no record of an address", "give the name an address that this server can reach"),
    ("points elsewhere", "the address is another server; correct the record, also the AAAA record"),
    ("port 80 of", "open port 80 of this address, or correct the record"),
    ("CAA of", "add the certificate authority to these CAA records"),
    ("CAA accounturi of", "add this host's account to these CAA records, or take accounturi out"),
    ("CAA validationmethods of", "add the method to these CAA records, or take the parameter out"),
    ("its name servers do not answer", "mend the domain's name servers"),
    ("refused ", "wait; the next run tries again"),
)


def remedy(why: str) -> str:
    """What to do, for what a name check or the authority said of a name."""
    if why.endswith("(rejectedIdentifier)"):
        return "the authority does not certify this name; discovery: srv needs none"
    fitting = [(said, cure) for said, cure in _REMEDIES if why.startswith(said)]
    return max(fitting)[1] if fitting else "see docs/certificates.md"
