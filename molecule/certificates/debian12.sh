#!/bin/sh
# A certbot of pip, behind a link; parts of another one for all users, which is broken; a renewal that is
# broken; a package source that is dead. None of it may stop us, and nothing of it may change.
set -eu

mkdir -p /opt/certbot/bin /etc/letsencrypt/renewal
printf '#!/bin/sh\necho certbot 0.40; touch /root/trapped\nexit 1\n' > /opt/certbot/bin/certbot
chmod 755 /opt/certbot/bin/certbot
ln -s /opt/certbot/bin/certbot /usr/bin/certbot
for each in certbot acme josepy; do
    mkdir -p /usr/local/lib/python3.11/dist-packages/$each
    echo 'raise ImportError("of pip, and broken")' > /usr/local/lib/python3.11/dist-packages/$each/__init__.py
done
echo 'half a line' > /etc/letsencrypt/renewal/broken.conf

echo 'deb [trusted=yes] http://127.0.0.1:9/debian dead main' > /etc/apt/sources.list.d/dead.list
touch -d '2 days ago' /var/lib/apt/lists
