"""What nginx -T prints."""

from __future__ import annotations

import importlib
import time
from types import ModuleType

DUMP = r"""# configuration file /etc/nginx/nginx.conf:
user www-data; # a comment; { with marks
http {
    include mime.types;
    log_format main '$remote_addr; {"a": "}"}';
    map $host $x { "~^a{1,2};$" "b\"c"; default ${host}d; }
    init_by_lua_block {
        -- it's a brace: }
        local t = { ["}"] = '{' }
    }
    include /etc/nginx/sites-enabled/*;
    include other/*.conf;
}
# configuration file /etc/nginx/mime.types:
types { text/html html; }
# configuration file /etc/nginx/sites-enabled/b:
server { listen 80; }
# configuration file /etc/nginx/sites-enabled/a:
server {
    listen
        443 ssl; include snippets/own.conf;
}
# configuration file /etc/nginx/snippets/own.conf:
listen 8443 ssl;
# configuration file /etc/nginx/other/sub/x.conf:
server { listen 1; }
"""


def dump() -> ModuleType:
    return importlib.import_module(
        "ansible_collections.mailhost.autoconfig.plugins.plugin_utils.nginx_dump"
    )


def test_blocks_and_included_files_in_nginx_own_order() -> None:
    user, http = dump().read(DUMP)
    assert (user.name, user.arguments, user.where) == (
        "user",
        ("www-data",),
        "/etc/nginx/nginx.conf:1",
    )
    assert [each.name for each in http.block] == [
        *("include", "types", "log_format", "map"),
        *("include", "server", "server", "include"),
    ]
    log_format, mapped = http.block[2:4]
    assert log_format.arguments == ("main", '$remote_addr; {"a": "}"}')
    assert [(each.name, each.arguments) for each in mapped.block] == [
        ("~^a{1,2};$", (r"b\"c",)),
        ("default", ("${host}d",)),
    ]
    first, second = http.block[5:7]
    assert (first.file, second.file) == (
        "/etc/nginx/sites-enabled/a",
        "/etc/nginx/sites-enabled/b",
    )
    assert [(each.name, each.arguments, each.where) for each in first.block] == [
        ("listen", ("443", "ssl"), "/etc/nginx/sites-enabled/a:2"),
        ("include", ("snippets/own.conf",), "/etc/nginx/sites-enabled/a:3"),
        ("listen", ("8443", "ssl"), "/etc/nginx/snippets/own.conf:1"),
    ]


def test_no_nginx() -> None:
    assert dump().read("") == ()


def test_time_grows_with_the_length_alone() -> None:
    """Of 10,000 domains there are six million bytes; each line was counted from the first one."""
    text = "# configuration file /nginx.conf:\n" + "server_name autoconfig.example.test;\n" * 40_000
    began = time.process_time()
    tree = dump().read(text)
    assert time.process_time() - began < 5
    assert (len(tree), tree[-1].where) == (40_000, "/nginx.conf:40000")
