"""What somebody else has on the servers: debian12.sh, debian13.sh and traps.sh of the scenario.

After all the orders of test_certificates.py.
"""

from __future__ import annotations

from support.certified import SCENARIO, SERVERS, certificates, converge
from support.deployed import Server, changes, play

DEBIAN12, DEBIAN13 = SERVERS
LIST = (SCENARIO / "traps.sh").read_text().partition("\nfind ")[2].partition(" > /root/theirs")[0]
LIVE = "/etc/letsencrypt/live/www.deb13.test"


def test_nothing_of_theirs_was_used_or_changed(server: Server) -> None:
    """No hook ran, no setting of cli.ini counted, a lock of theirs kept no order."""
    assert not server.host.file("/root/trapped").exists
    assert not server.host.file("/root/elsewhere").exists
    assert server.run("sh -c %s", f"find {LIST}") == server.run("cat /root/theirs")
    for name in certificates(server):
        shown = server.run(
            f"openssl x509 -noout -text -in /etc/mail-autoconfig/certbot/live/{name}/cert.pem"
        )
        assert "id-ecPublicKey" in shown
        assert "tlsfeature" not in shown.lower()


def test_no_certbot_came_with_its_timer() -> None:
    assert DEBIAN12.run("readlink /usr/bin/certbot") == "/opt/certbot/bin/certbot\n"
    assert DEBIAN12.host.run("systemctl cat certbot.timer").rc != 0
    assert not DEBIAN12.host.file("/etc/cron.d/certbot").exists


def test_dead_source_stops_nothing_and_is_named_where_a_package_is_missing() -> None:
    """All packages came from Debian's sources; what no source has fails, with the reason."""
    assert "dead" in DEBIAN12.run("cat /etc/apt/sources.list.d/dead.list")
    DEBIAN12.run("touch -d '2 days ago' /var/lib/apt/lists")
    task = "name=no-such-package"
    module = "mailhost.autoconfig.packages"
    result = play(
        DEBIAN12.name,
        "-m",
        module,
        "-a",
        task,
        program="ansible",
        inventory=SCENARIO / "inventory/hosts.yml",
    )
    assert result.returncode == 2
    assert "no-such-package can't be installed: " in result.stdout
    assert "; apt-get update: Failed to fetch http://127.0.0.1:9/debian/" in result.stdout


def test_their_certbot_renews_theirs_with_their_hooks_and_nothing_of_ours() -> None:
    before, ours = DEBIAN13.run(f"sha256sum {LIVE}/cert.pem"), certificates(DEBIAN13)
    DEBIAN13.run("systemctl stop theirs")
    for path in "/etc/letsencrypt/cli.ini", "/root/.config/letsencrypt/cli.ini":
        DEBIAN13.run(f"rm {path}")
    standalone = "--pre-hook 'systemctl stop nginx' --post-hook 'systemctl start nginx'"
    DEBIAN13.run(
        "sh -c %s",
        "REQUESTS_CA_BUNDLE=/root/acme-ca.pem certbot renew --force-renewal "
        f"--no-random-sleep-on-renew {standalone}",
    )
    assert DEBIAN13.run(f"sha256sum {LIVE}/cert.pem") != before
    ran = DEBIAN13.run("cat /root/trapped").splitlines()
    assert [line.split()[0] for line in ran] == ["pre", "deploy", "post"]
    assert ran[1] == f"deploy {LIVE}"
    assert certificates(DEBIAN13) == ours


def test_proxy_that_comes_later_ends_renewals_with_their_failures() -> None:
    """Another program has the ports then, and the certificates."""
    units = "systemctl list-units --all --plain --no-legend 'mail-autoconfig-certificates*'"
    for server in SERVERS:
        server.run("sed -i s/:14000/:14999/ /etc/mail-autoconfig/authority.json")
        server.host.run("systemctl start mail-autoconfig-certificates")
        assert "mail-autoconfig-certificates.timer" in server.run(units)
    before = [certificates(server) for server in SERVERS]
    assert changes(converge("--tags=certificates", autoconfig_nginx_behind_proxy=True)) > 0
    for server in SERVERS:
        assert server.run(units) == ""
    assert changes(converge("--tags=certificates", autoconfig_nginx_behind_proxy=True)) == 0
    assert [certificates(server) for server in SERVERS] == before


def test_removal_leaves_theirs() -> None:
    for server in SERVERS:
        server.run("sh -c %s", f"find {LIST} > /root/theirs")
    result = play("mailhost.autoconfig.remove", inventory=SCENARIO / "inventory/hosts.yml")
    assert result.returncode == 0, result.stdout
    for server in SERVERS:
        assert server.run("sh -c %s", f"find {LIST}") == server.run("cat /root/theirs")
        assert not server.host.file("/etc/mail-autoconfig").exists
        assert not server.host.file("/var/lib/mail-autoconfig").exists
    assert DEBIAN13.host.service("certbot.timer").is_enabled
