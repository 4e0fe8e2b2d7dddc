# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a play needs and may not have: files, collections, libraries. A line for each that lacks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.loader import module_loader

PEM = "autoconfig_certificates_acme_ca_file", "autoconfig_certificates_acme_root_file"
FILES = (*PEM, "autoconfig_certificates_dns_requirements", "autoconfig_page_logo")
"""The variables with a file on the controller."""
DIRECTORIES = {
    "dns": "autoconfig_dns_files_path",
    "outlook": "autoconfig_outlook_files_path",
    "responder": "autoconfig_snippets_path",
}
"""The variables with a directory on the controller, which the plays make."""
MODULES = {
    "community.crypto": "x509_certificate_info",
    "ansible.windows": "win_powershell",
}
"""One module of each collection that the roles use."""
DOCTOR = ("dns", "h11", "httpx", "jinja2", "rich")


def files(values: Mapping[str, Any], find: Callable[[str], Path]) -> Iterator[str]:
    """Check the files on the controller.

    :arg find: returns a file's path, or raises AnsibleError
    """
    for name in FILES:
        written = str(values.get(name) or "")
        if not written:
            continue
        try:
            content = find(written).read_bytes()
        except AnsibleError:
            yield f"{name}: no file {written} on the controller; give the path of one that is there"
        except OSError as error:
            yield f"{name}: {written} can't be read: {error.strerror}; name a file to be read"
        else:
            if name in PEM and b"-----BEGIN CERTIFICATE-----" not in content:
                yield f"{name}: {written} has no certificate in PEM; give a file that begins so"
    for name in DIRECTORIES.values():
        path = Path(str(values.get(name) or ".")).expanduser()
        if path.exists() and not path.is_dir():
            yield f"{name}: {path} is a file; name a directory"


def collections(
    roles: Collection[str],
    values: Mapping[str, Any],
    groups: Mapping[str, Collection[str]],
    variables: Mapping[str, Any],
) -> Iterator[str]:
    """Check the collections of the roles of a play."""
    host = variables.get("inventory_hostname")
    on_windows = host not in groups.get("autoconfig_outlook_samba_controllers", ())
    for_files = host in groups.get("autoconfig_servers", ())
    if "certificates" in roles and values.get("autoconfig_certificates_mode") == "existing":
        yield from _collection("community.crypto")
    if "outlook" in roles and on_windows and not for_files:
        yield from _collection("ansible.windows")


def _collection(name: str) -> Iterator[str]:
    module = f"{name}.{MODULES[name]}"
    if not module_loader.find_plugin(module):
        yield (
            f"collection {name} is not on the controller; "
            f"run ansible-galaxy collection install {name}"
        )


def libraries(roles: Collection[str], values: Mapping[str, Any]) -> Iterator[str]:
    """Check the Python libraries of the controller."""
    lacking = [module for module in DOCTOR if find_spec(module) is None]
    if "verify" in roles and values.get("autoconfig_verify_doctor") and lacking:
        yield (
            f"autoconfig_verify_doctor: no Python module {', '.join(lacking)} on the controller; "
            "run pip install '.[doctor]' in the clone, or set it to false"
        )
    if "dns" in roles and values.get("autoconfig_dns_servers") and find_spec("dns") is None:
        yield (
            "autoconfig_dns_servers: no Python module dns on the controller; "
            "install dnspython for the Python that runs ansible"
        )


def on_host(wanted: Sequence[Mapping[str, Any]], there: Collection[str]) -> Iterator[str]:
    """Check what has to be on the host.

    What has no ``cure`` may be there or not.

    :arg wanted: the ``name`` of a variable, or of what is needed, the ``path`` and the ``cure``
    :arg there: the paths that are there
    """
    for each in wanted:
        if "cure" in each and each["path"] not in there:
            yield f"{each['name']}: no {each['path']} on this host; {each['cure']}"


def is_bare(wanted: Sequence[Mapping[str, Any]], there: Collection[str]) -> bool:
    """Whether the host has no configuration of ours yet."""
    return any(each["name"] == "configuration" and each["path"] not in there for each in wanted)
