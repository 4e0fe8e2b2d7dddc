#!/bin/sh
# What certbot would do to an order that is not theirs: hooks that run, settings that spoil it.
set -eu

mkdir -p /etc/letsencrypt /root/.config/letsencrypt
for each in pre deploy post; do
    mkdir -p /etc/letsencrypt/renewal-hooks/$each
    printf '#!/bin/sh\necho %s $RENEWED_LINEAGE >> /root/trapped\n' $each \
        > /etc/letsencrypt/renewal-hooks/$each/theirs
    chmod 755 /etc/letsencrypt/renewal-hooks/$each/theirs
done
cat > /etc/letsencrypt/cli.ini <<'END'
dry-run = true
staging = true
agree-tos = false
authenticator = nginx
installer = nginx
preferred-challenges = dns
key-type = rsa
rsa-key-size = 4096
must-staple = true
reuse-key = true
domains = trap.test
config-dir = /root/elsewhere
pre-hook = "touch /root/trapped; systemctl stop nginx"
post-hook = "touch /root/trapped"
deploy-hook = "touch /root/trapped"
END
cp /etc/letsencrypt/cli.ini /root/.config/letsencrypt/cli.ini

find /etc/letsencrypt /root/.config /usr/bin/certbot /opt /usr/local/lib/python3* -name __pycache__ -prune \
    -o -type f -exec sha256sum {} + -o -type l -printf '%p %l\n' | sort > /root/theirs
