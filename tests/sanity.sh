#!/bin/sh
# Ansible's sanity tests on the built tarball: they refuse to run through the clone's links.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The environments that ansible-test makes for itself, below what it takes for the home directory.
home=$PWD/.cache/sanity
# It fetches pip from a host of its own. Its manual way, for where that host is out of reach: a file
# of this name, which here installs the pip that comes with Python.
mkdir -p "$home/.ansible/test/cache"
printf 'import ensurepip\n\nensurepip.bootstrap(upgrade=True)\n' \
    >"$home/.ansible/test/cache/get_pip_24_2.py"
ansible-galaxy collection build --output-path "$work" >/dev/null
ANSIBLE_COLLECTIONS_PATH=$work ansible-galaxy collection install --force --no-deps \
    --collections-path "$work" "$work"/*.tar.gz >/dev/null
cd "$work/ansible_collections/mailhost/autoconfig"
# One Python, that of the virtual environment: those of a version manager may be there in name alone.
version=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
HOME=$home ansible-test sanity --venv --python "$version" --color no "$@"
