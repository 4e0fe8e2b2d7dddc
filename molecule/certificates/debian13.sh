#!/bin/sh
# Debian's certbot with a certificate, two accounts at the same authority, and one run that does not end.
set -eu

apt-get install -qy --no-install-recommends certbot
export REQUESTS_CA_BUNDLE=/root/acme-ca.pem
ask="--non-interactive --agree-tos --no-eff-email --server https://acme.test:14000/dir"
certbot certonly $ask --email one@theirs.test --standalone --domain www.deb13.test
certbot register $ask --email two@theirs.test --config-dir /root/second
cp -r /root/second/accounts/acme.test:14000/dir/* /etc/letsencrypt/accounts/acme.test:14000/dir/

# As certbot locks its directories (certbot._internal.lock).
systemd-run --quiet --unit theirs python3 -c '
import fcntl, time
files = [open(f"{each}/.certbot.lock", "w") for each in
         ("/etc/letsencrypt", "/var/lib/letsencrypt", "/var/log/letsencrypt")]
for file in files:
    fcntl.lockf(file, fcntl.LOCK_EX)
time.sleep(1e6)'
