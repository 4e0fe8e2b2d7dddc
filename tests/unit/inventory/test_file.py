from __future__ import annotations

import builtins
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mail_autoconfig.inventory.file import load
from mail_autoconfig.inventory.read import ConfigurationError

from .samples import domain

ROOT = Path(__file__).parents[3]
ONE = "autoconfig_domains: [{name: a.test, provider: gandi}]\n"
TEMPLATE = "is a template, which only Ansible fills in; write the value itself"


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(path, images=True)
    return caught.value.problems


def written(directory: Path, content: str, name: str = "domains.yml") -> Path:
    path = directory / name
    path.write_text(content, "utf-8")
    return path


def test_deployed_form(tmp_path: Path) -> None:
    raw = json.dumps(domain(name="bücher.example"), ensure_ascii=False)
    path = written(tmp_path, raw, "config.json")
    configuration = load(path)
    assert list(configuration.domains) == ["xn--bcher-kva.example"]
    assert configuration.digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["domains.yml", "domains.yaml", "domains.json", "domains"])
def test_variables_of_an_inventory(tmp_path: Path, name: str) -> None:
    raw: dict[str, Any] = {
        "autoconfig_domains": [{"name": "a.test", "provider": "own", "discovery": "srv"}],
        "autoconfig_providers": {
            "own": {"receive_only": True, "servers": [{"type": "imap", "host": "i.test"}]}
        },
        "autoconfig_generic_host": "auto.test",
        "autoconfig_page_contact": {"name": "Help"},
        "autoconfig_page_texts": {"en": {"title": "Hello"}},
        "autoconfig_page_logo": "",
        "autoconfig_certificates_mode": "letsencrypt",
        "ansible_user": "root",
    }
    configuration = load(written(tmp_path, json.dumps(raw), name), images=True)
    assert configuration.generic_host == "auto.test"
    assert configuration.domains["a.test"].settings.receive_only
    assert configuration.look.contact
    assert configuration.look.contact.name == "Help"
    assert configuration.look.texts["en"]["title"] == "Hello"


def test_example_inventory() -> None:
    assert load(ROOT / "inventory/group_vars/all/domains.yml", images=True).domains


@pytest.mark.parametrize("form", ["deployed", "variables"])
def test_logos_are_beside_the_file(tmp_path: Path, form: str) -> None:
    (tmp_path / "logo.png").write_bytes(b"\x00\xff")
    prefix, page = ("autoconfig_", "") if form == "variables" else ("", "page")
    logo = {"autoconfig_page_logo": "logo.png"} if not page else {"page": {"logo": "logo.png"}}
    domains = [{"name": "a.test", "provider": "gandi", "logo": "logo.png"}]
    path = written(tmp_path, json.dumps({f"{prefix}domains": domains} | logo))
    configuration = load(path, images=True)
    assert configuration.look.logo == "data:image/png;base64,AP8="
    assert configuration.domains["a.test"].settings.logo == configuration.look.logo
    assert load(path).look.logo == ""  # who shows no page needs no image
    (tmp_path / "logo.png").unlink()
    assert load(path).domains
    assert problems(path) == [
        f"logo: {tmp_path / 'logo.png'} can't be read: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("config.json", "", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("config.json", '{"domains": [}', "not JSON: Expecting value: line 1 column 14 (char 13)"),
        ("config.json", "[" * 100_000, "brackets in one another, too many to read"),
        ("config.json", "{}", "autoconfig_domains: no domain; name at least one"),
        ("domains.yml", "", "configuration: null is not a mapping"),
        ("domains.yml", "a: b\nc: }", "not YAML: line 2: did not find expected node content"),
        ("domains.yml", "a: !vault x", "not YAML: line 1: could not determine a constructor"),
        ("domains.yml", "a: \x00", "not YAML: "),
        ("domains.yml", "2024-01-01: x", "not YAML: keys must be str"),
        ("domains.yml", "autoconfig_generic_host: x.test", "autoconfig_domains: no domain"),
        ("domains.yml", "autoconfig_domains: a.test", "autoconfig_domains: not a list of domains"),
        (
            "domains.yml",
            "autoconfig_domain: [{name: a.test}]",
            'unknown variable "autoconfig_domain"; did you mean "autoconfig_domains"?',
        ),
        (
            "domains.yml",
            ONE.replace("gandi", "gandy"),
            'domain a.test, provider: no provider "gandy"; did you mean "gandi"?',
        ),
        (
            "domains.yml",
            ONE.replace("a.test", '"a.{{ suffix }}"'),
            f'autoconfig_domains: "a.{{{{ suffix }}}}" {TEMPLATE}',
        ),
        (
            "domains.yml",
            ONE + "autoconfig_providers: {'{% x %}': {}}",
            f'autoconfig_providers: "{{% x %}}" {TEMPLATE}',
        ),
        (
            "domains.yml",
            ONE + "autoconfig_generic_host: {{ generic }}\n",
            f'not YAML: line 2: "autoconfig_generic_host: {{{{ generic }}}}" {TEMPLATE}',
        ),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, name: str, content: str, problem: str) -> None:
    (found,) = problems(written(tmp_path, content, name))
    assert found.startswith(problem)
    assert "\n" not in found


def test_our_own_placeholders_are_no_templates(tmp_path: Path) -> None:
    content = ONE.replace("gandi", "gandi, username: '{localpart}'")
    (found,) = load(written(tmp_path, content)).domains.values()
    assert {each.username for each in found.settings.servers} == {"{localpart}"}


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "domains.yml"
    path.write_bytes(b"domains: \xff")
    assert problems(path) == ["not UTF-8 at byte 9"]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    assert problems(tmp_path / "config.json") == ["can't be read: No such file or directory"]


def test_no_variable_of_the_roles_is_taken_for_a_mistake(tmp_path: Path) -> None:
    names = {
        name
        for file in ROOT.glob("roles/*/meta/argument_specs.yml")
        for entry in yaml.safe_load(file.read_text())["argument_specs"].values()
        for name in entry.get("options", {})
    }
    others = names - {
        *(f"autoconfig_{name}" for name in ("domains", "providers", "generic_host", "sources")),
        *(f"autoconfig_page_{name}" for name in ("logo", "texts", "contact")),
    }
    assert len(others) > 20
    assert load(written(tmp_path, ONE + yaml.safe_dump(dict.fromkeys(others, "x")))).domains


def test_yaml_needs_a_library_and_json_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "yaml":
            raise ModuleNotFoundError(name=name)
        return usual(name, *arguments)

    monkeypatch.delitem(sys.modules, "yaml")
    monkeypatch.setattr(builtins, "__import__", without)
    assert load(written(tmp_path, json.dumps(domain()), "config.json")).domains
    needs = "a file in YAML needs python3-yaml; give JSON, or install it"
    assert problems(written(tmp_path, ONE)) == [needs]


def test_one_domain_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOCONFIG_DOMAIN", "a.test")
    monkeypatch.setenv("AUTOCONFIG_PROVIDER", "gandi")
    path = tmp_path / "domains.yml"
    configuration = load(path)
    assert list(configuration.domains) == ["a.test"]
    assert configuration.digest
    path.write_text(ONE)
    assert problems(path) == ["AUTOCONFIG_DOMAIN is set too; keep the file or the variable"]


def test_domains_keep_their_order(tmp_path: Path) -> None:
    names = ["b.example", "c.example", "a.example"]
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"domains": [{"name": n, "provider": "gandi"} for n in names]}))
    assert [*load(path).domains] == names


@pytest.mark.parametrize(
    "content", ["a: " + "[" * 200_000, "a: " + "{a:\n  " * 200_000, "a:\n" + "- " * 200_000]
)
def test_yaml_too_deep_for_libyaml(tmp_path: Path, content: str) -> None:
    """In a process of its own, which PyYAML's loader in C takes down with it."""
    path = written(tmp_path, content)
    done = subprocess.run(
        [sys.executable, "-m", "mail_autoconfig", "check", path],
        env=dict(os.environ, PYTHONPATH=str(ROOT / "src")),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = "domains.yml: brackets in one another, too many to read\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
