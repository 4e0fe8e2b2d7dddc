"""Add people to the domain of the Samba domain controller that this runs on.

The first argument is the password of the one who reads. They are more than Active Directory gives
at once.
"""

import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

MANY = 1100
DOMAIN = "staff.customers.test"
ENABLED = "544"  # a normal account that needs no password


def add(samdb: SamDB, name: str, addresses: list[str]) -> None:
    """As Exchange has it: the primary address has SMTP in capitals."""
    samdb.add(
        {
            "dn": f"CN={name},CN=Users,{samdb.domain_dn()}",
            "objectClass": "user",
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@corp.test",
            "userAccountControl": ENABLED,
            "proxyAddresses": addresses,
        }
    )


def main() -> None:
    """All of them at once."""
    samdb = SamDB(session_info=system_session(), lp=LoadParm())
    samdb.transaction_start()
    samdb.newuser("reader", sys.argv[1])
    others = ["sip:camille@corp.test", f"smtp:info@{DOMAIN}"]
    add(samdb, "camille", [f"SMTP:camille.doe@{DOMAIN}", *others])
    for number in range(MANY):
        add(samdb, f"user{number}", [f"SMTP:person.{number}@{DOMAIN}"])
    samdb.transaction_commit()


if __name__ == "__main__":
    main()
