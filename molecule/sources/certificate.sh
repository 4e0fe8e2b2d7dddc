# Give the domain controller $1 that this runs on a certificate of an authority that is made for it and forgotten.
# The one that Samba makes itself has no Authority Key Identifier, which Python from 3.13 on asks for.
set -eu
cd /var/lib/samba/private/tls
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=Lab directory' \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout key.pem -out request.pem 2>/dev/null
printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n' "$1" >extensions
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -days 3650 -extfile extensions -out cert.pem 2>/dev/null
chmod 600 key.pem
rm ca.key request.pem extensions
systemctl restart samba-ad-dc
