"""What the role `certificates` writes to authority.json, for unit tests."""

URL = "https://acme.test/dir"
RAW = {
    "directory_url": URL,
    "challenge": ["--webroot"],
    "email": "",
    "ca_file": "",
    "root": "",
    "tls_directory": "/tls",
    "webroot": "/webroot",
    "check_names": True,
    "identities": [],
    "limits": {"orders_per_3_hours": 3},
    "metrics": "",
    "proof_check": [],
    "wildcards": [],
}
