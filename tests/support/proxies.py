"""The proxies of docs/behind-a-proxy.md, each with the page's own recipe.

What is written here is what stands around a recipe on a machine that has the proxy already. For
nginx-proxy-manager that is its nginx.conf and the file that it makes of a proxy host, as they are
in docker/rootfs/etc/nginx and backend/templates of NginxProxyManager/nginx-proxy-manager in June
2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/behind-a-proxy.md"
NAMES = "autoconfig.example.com", "autodiscover.example.com"
ANY_NAMES = "autoconfig.*", "autodiscover.*"
BESIDE, FRONT = "beside", "front"


def blocks(heading: str) -> list[str]:
    """The fenced blocks below a heading of the page."""
    (section,) = re.findall(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", _page(), re.M | re.S)
    return re.findall(r"^```\w+\n(.*?)^```$", section, re.M | re.S)


def recipe(heading: str, *, sources: bool = True) -> str:
    """The one block below a heading of the page, with or without its remarks for sources."""
    (block,) = blocks(heading)
    return re.sub(
        r"^ *# With sources:\n((?: *# .*\n)+)",
        lambda found: re.sub(r"^( *)# ", r"\1", found[1], flags=re.M) if sources else "",
        block,
        flags=re.M,
    )


def _page() -> str:
    return PAGE.read_text("utf-8")


@dataclass(frozen=True)
class Proxy:
    """A proxy on the machine `machine`; `start` is a script for sh.

    `files` are the recipe and what the proxy's packages do not have already. `logs` are where it
    writes; `keeps_log` says whether a request to a name that is not the recipe's is in them.
    """

    heading: str
    machine: str
    files: Mapping[str, str]
    start: str
    logs: str
    keeps_log: bool = True
    webroot: str = ""


_CERTIFICATE = """
mkdir -p /etc/letsencrypt/live/autoconfig.example.com
cd /etc/letsencrypt/live/autoconfig.example.com
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
    -subj /CN=autoconfig.example.com -keyout privkey.pem -out fullchain.pem 2>/dev/null
"""
# In the place of Debian's rsyslog, which has this socket in HAProxy's chroot.
_SYSLOG = """
cat > /tmp/syslog.py <<'END'
import os, socket
path = "/var/lib/haproxy/dev/log"
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path); os.chmod(path, 0o666)
with open("/var/log/haproxy.log", "ab", buffering=0) as log:
    while True: log.write(s.recv(65536) + b"\\n")
END
mkdir -p /var/lib/haproxy/dev; rm -f /var/lib/haproxy/dev/log
python3 /tmp/syslog.py & until [ -S /var/lib/haproxy/dev/log ]; do sleep 0.1; done
"""
# Without an authority in the lab, Caddy is its own; the rest of its JSON is the recipe's.
CADDY_IS_ITS_AUTHORITY = """
cat > /tmp/internal.py <<'END'
import json, sys
found = json.load(sys.stdin)
found["apps"]["tls"] = {"automation": {"policies": [{"issuers": [{"module": "internal"}]}]}}
found["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
json.dump(found, sys.stdout)
END
caddy adapt --config /etc/caddy/Caddyfile 2>/var/log/caddy.log > /tmp/adapted.json
python3 /tmp/internal.py </tmp/adapted.json >/tmp/caddy.json
HOME=/root caddy run --config /tmp/caddy.json >>/var/log/caddy.log 2>&1 &
"""
_TRAEFIK = """
entryPoints:
  web: {address: ":80"}
  websecure: {address: ":443"}
providers:
  file: {directory: /etc/traefik/dynamic}
log: {level: INFO, filePath: /var/log/traefik.log}
accessLog: {filePath: /var/log/traefik-access.log}
"""
_NPM_NGINX = """
user www-data;
pid /run/nginx-npm.pid;
error_log /data/logs/fallback_error.log warn;
events {}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    client_max_body_size 2000m;
    proxy_http_version 1.1;
    proxy_set_header X-Forwarded-Scheme $scheme;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header Accept-Encoding "";
    log_format proxy '[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"';
    log_format standard '[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "$http_user_agent" "$http_referer"';
    access_log /data/logs/fallback_http_access.log proxy;
    map $host $forward_scheme { default http; }
    map $http_x_forwarded_proto $x_forwarded_proto {
        "http" "http";
        "https" "https";
        default $scheme;
    }
    map $http_x_forwarded_scheme $x_forwarded_scheme {
        "http" "http";
        "https" "https";
        default $scheme;
    }
    set_real_ip_from 10.0.0.0/8;
    set_real_ip_from 172.16.0.0/12;
    set_real_ip_from 192.168.0.0/16;
    real_ip_header X-Real-IP;
    real_ip_recursive on;
    server {
        listen 80;
        set $forward_scheme "http";
        set $server "127.0.0.1";
        set $port "80";
        server_name localhost-nginx-proxy-manager;
        access_log /data/logs/fallback_http_access.log standard;
        error_log /data/logs/fallback_http_error.log warn;
        root /var/www/html;
    }
    include /data/nginx/proxy_host/*.conf;
}
"""  # noqa: E501
_NPM_PROXY = """
add_header       X-Served-By $host;
proxy_set_header Host $host;
proxy_set_header X-Forwarded-Scheme $x_forwarded_scheme;
proxy_set_header X-Forwarded-Proto  $x_forwarded_proto;
proxy_set_header X-Forwarded-For    $proxy_add_x_forwarded_for;
proxy_set_header X-Real-IP          $remote_addr;
proxy_pass       $forward_scheme://$server:$port$request_uri;
"""
_NPM_HOST = """
server {
  set $forward_scheme http;
  set $server         "192.0.2.1";
  set $port           8080;
  listen 80;
  server_name NAMES;
  http2 off;
TLS
  access_log /data/logs/proxy-host-1_access.log proxy;
  error_log /data/logs/proxy-host-1_error.log warn;
ADVANCED
DEFAULT
}
"""
_NPM_TLS = """
  listen 443 ssl;
  ssl_certificate /etc/letsencrypt/live/autoconfig.example.com/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/autoconfig.example.com/privkey.pem;
"""
_NPM_DEFAULT = """
  location / {
    include conf.d/include/proxy.conf;
  }
"""


def npm_host(names: Sequence[str], tls: str) -> str:
    """The file of a proxy host whose tab "Advanced" has the recipe."""
    advanced = recipe("nginx-proxy-manager")
    # internalNginx.advancedConfigHasDefaultLocation
    own = re.search(r"^(?:.*;)?\s*?location\s*?/\s*?{", advanced, re.I | re.M)
    return (
        _NPM_HOST.replace("NAMES", " ".join(names))
        .replace("TLS", tls)
        .replace("ADVANCED", advanced)
        .replace("DEFAULT", "" if own else _NPM_DEFAULT)
    )


def proxies() -> list[Proxy]:
    """All of the page, in its order."""
    return [
        Proxy(
            "Apache",
            BESIDE,
            {"/etc/apache2/sites-available/autoconfig.conf": recipe("Apache")},
            f"{_CERTIFICATE} a2enmod -q headers proxy_http ssl; a2ensite -q autoconfig;"
            "apachectl start",
            "/var/log/apache2",
            webroot="/var/www/html",
        ),
        Proxy(
            "nginx",
            FRONT,
            {"/etc/nginx/sites-enabled/autoconfig": recipe("nginx")},
            f"{_CERTIFICATE} nginx",
            "/var/log/nginx",
            webroot="/var/www/html",
        ),
        Proxy(
            "nginx-proxy-manager",
            FRONT,
            {
                "/data/nginx/nginx.conf": _NPM_NGINX,
                "/data/nginx/proxy_host/1.conf": npm_host(NAMES, _NPM_TLS),
                "/data/nginx/proxy_host/2.conf": npm_host(ANY_NAMES, ""),
                "/etc/nginx/conf.d/include/proxy.conf": _NPM_PROXY,
            },
            f"{_CERTIFICATE} mkdir -p /data/logs; ln -sfn /etc/nginx/conf.d /data/nginx/conf.d;"
            "nginx -c /data/nginx/nginx.conf",
            "/data/logs",
        ),
        Proxy(
            "Caddy",
            BESIDE,
            {"/etc/caddy/Caddyfile": recipe("Caddy")},
            CADDY_IS_ITS_AUTHORITY,
            "/var/log/caddy.log",
            keeps_log=False,
        ),
        Proxy(
            "Traefik",
            BESIDE,
            {
                "/etc/traefik/traefik.yml": _TRAEFIK,
                "/etc/traefik/dynamic/autoconfig.yml": recipe("Traefik"),
            },
            "/opt/traefik/bin/traefik >/var/log/traefik.out 2>&1 &",
            "/var/log/traefik*",
        ),
        Proxy(
            "HAProxy",
            BESIDE,
            {"/etc/haproxy/autoconfig.cfg": recipe("HAProxy")},
            f"{_CERTIFICATE} cat fullchain.pem privkey.pem > /etc/haproxy/autoconfig.pem; {_SYSLOG}"
            "mkdir -p /run/haproxy;"
            "haproxy -D -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/autoconfig.cfg",
            "/var/log/haproxy.log",
        ),
    ]
