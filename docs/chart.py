"""Write the schema of the Helm chart's values; with --check, compare.

What a user writes of the inventory is made from the declaration of its keys, as docs/inventory.py
does it for editors; the chart's own values are declared here.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from docs import inventory

from mail_autoconfig.certificates import groups
from mail_autoconfig.certificates.ledger import Limits
from mail_autoconfig.inventory import keys
from mail_autoconfig.sources import keys as of_sources
from mail_autoconfig.texts import LANGUAGES, texts

SCHEMA = inventory.ROOT / "charts/mail-autoconfig/values.schema.json"

TEXT: dict[str, Any] = {"type": "string"}
FLAG: dict[str, Any] = {"type": "boolean"}
MAPPING: dict[str, Any] = {"type": "object"}
LIST: dict[str, Any] = {"type": "array", "items": MAPPING}
LOGO = {"type": "string", "pattern": "^data:image/(svg[+]xml|png|jpeg|webp);base64,"}
"""In the place of a file, which Helm does not read."""
LIMITS = [field.name for field in dataclasses.fields(Limits)]


def number(smallest: int, largest: int) -> dict[str, Any]:
    """Return the schema of a number."""
    return {"type": "integer", "minimum": smallest, "maximum": largest}


def exactly(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping that has these keys and no other."""
    return {"type": "object", "properties": fields, "additionalProperties": False}


OWN: dict[str, Any] = {
    "image": exactly(
        {
            "repository": {**TEXT, "minLength": 1},
            "tag": TEXT,
            "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
        }
    ),
    "imagePullSecrets": LIST,
    "replicas": number(1, 1000),
    "autoscaling": exactly(
        {"enabled": FLAG, "maxReplicas": number(1, 1000), "cpu": number(1, 1000)}
    ),
    "resources": MAPPING,
    "drainSeconds": number(0, 600),
    "nodeSelector": MAPPING,
    "tolerations": LIST,
    "podAnnotations": MAPPING,
    "service": exactly(
        {
            "type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
            "port": number(1, 65535),
            "annotations": MAPPING,
            "externalIPs": {"type": "array", "items": TEXT},
            "externalTrafficPolicy": {"enum": ["Cluster", "Local"]},
        }
    ),
    "nginx": exactly({"enabled": FLAG, "image": {**TEXT, "minLength": 1}, "resources": MAPPING}),
    "issuer": exactly(
        {
            "authority": inventory.HTTPS,
            "email": TEXT,
            "ca": TEXT,
            "profile": {**TEXT, "pattern": "^([A-Za-z0-9][A-Za-z0-9._-]*)?$"},
            "names": number(groups.SMALLEST, groups.LARGEST),
            "limits": exactly(dict.fromkeys(LIMITS, number(0, 1_000_000))),
            "secrets": number(1, 100),
            "every": number(10, 86400),
            "storage": exactly({"size": {**TEXT, "minLength": 1}, "className": TEXT}),
            "clusterIP": TEXT,
            "resources": MAPPING,
        }
    ),
    "sources": exactly(
        {"secret": TEXT, "ca": TEXT, "wait": number(0, 86400), "resources": MAPPING}
    ),
    "serviceMonitor": exactly({"enabled": FLAG}),
    "ingress": exactly(
        {"enabled": FLAG, "className": TEXT, "clusterIssuer": TEXT, "annotations": MAPPING}
    ),
    "gateway": exactly({"enabled": FLAG, "parentRefs": LIST}),
    "networkPolicy": exactly({"enabled": FLAG, "from": LIST, "to": LIST}),
    "global": MAPPING,
}


def page() -> dict[str, Any]:
    """Return the schemas of what is the user's own on the page for people."""
    known = dict.fromkeys(texts(LANGUAGES[0]), TEXT)
    return {
        "autoconfig_page_logo": LOGO,
        "autoconfig_page_contact": inventory.value(keys.SHARED["contact"]),
        "autoconfig_page_texts": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]{2,3}$"},
            "additionalProperties": exactly(known),
        },
    }


TYPES = "sql", "ldap", "http"
"""Of sources; the others are of what is on a host."""


def sources() -> dict[str, Any]:
    """Return the schemas of the sources and their secrets; the program checks the queries."""
    fields: dict[str, Any] = {}
    for name, key in of_sources.SOURCE.items():
        if set(of_sources.FOR.get(name, TYPES)).intersection(TYPES):
            schema = {} if key.kind == "mapping" else inventory.value(key)
            fields[name] = {"description": key.description, **schema}
    fields["type"]["enum"] = [*TYPES]
    fields["shrink"] |= {"type": ["number", "string"]}
    fields["domain"] = inventory.mapping(of_sources.DEFAULTS)
    secret = exactly({name: {**TEXT, "minLength": 1} for name in of_sources.SECRETS})
    return {
        "autoconfig_sources": {
            "type": "array",
            "items": {**exactly(fields), "required": ["name", "type", "url"]},
        },
        "autoconfig_sources_secrets": {"type": "object", "additionalProperties": secret},
    }


def for_helm(schema: Any) -> Any:
    """Return a schema as Helm reads it: a logo is in the values, and no pattern looks ahead.

    Go's regular expressions can't; the program itself refuses what such a pattern would.
    """
    if isinstance(schema, dict):
        found = {key: for_helm(each) for key, each in schema.items()}
        if found.get("pattern") == inventory.IMAGE["pattern"]:
            found |= {"description": "the logo above the page for people, as a data: URL", **LOGO}
        if "(?!" in str(found.get("pattern", "")):
            del found["pattern"]
        return found
    return [for_helm(each) for each in schema] if isinstance(schema, list) else schema


def schema() -> dict[str, Any]:
    """Return the JSON schema of the chart's values."""
    whole = inventory.schema()
    written = {
        f"autoconfig_{name}": {"description": key.description, **inventory.value(key)}
        for name, key in keys.TOP.items()
    }
    made = {
        "$schema": whole["$schema"],
        "title": "The values of the chart mail-autoconfig",
        **exactly({**written, **sources(), **page(), **OWN}),
        "required": ["autoconfig_domains"],
        "if": {"properties": {"autoconfig_sources": {"maxItems": 0}}},
        "then": {"properties": {"autoconfig_domains": {"minItems": 1}}},
        "definitions": whole["definitions"],
    }
    replaced: dict[str, Any] = for_helm(made)
    return replaced


def main() -> int:
    """Return 1, with --check, if the file differs."""
    new = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--check"]:
        if not SCHEMA.exists() or SCHEMA.read_text("utf-8") != new:
            print(f"{SCHEMA} is not what docs/chart.py says; run: make docs", file=sys.stderr)
            return 1
        return 0
    SCHEMA.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
