#!/usr/bin/env bash
# Bring this checkout to where `dlm` runs: GL libraries, .venv, pinned packages.
#   tools/setup.sh        what the commands need
#   tools/setup.sh dev    and what the tests and checks need
# Run again at any time: what is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

extras=${1:-}
wanted=".${extras:+[$extras]}"

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# Run as root: directly, by sudo where it asks nothing, else tell the user the line to run.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

# apt_install WHY PACKAGE...
apt_install() {
    local why=$1
    shift
    command -v apt-get >/dev/null || fail "$why; install what Debian calls $* and run this again"
    as_root true || fail "$why; run: sudo apt-get update && sudo apt-get install -y $*"
    say "$why: installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null ||
        say "apt-get update failed; trying with the package lists that are here"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
        --no-install-recommends "$@" >/dev/null || fail "$why; apt-get could not install $*"
}

usable_python() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null && usable_python "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    if [ -x .venv/bin/python ] && usable_python .venv/bin/python; then return; fi
    local python
    if ! find_python >/dev/null; then
        apt_install "Python 3.11 to 3.13 is missing" python3 python3-venv
    fi
    python=$(find_python) || fail "no Python 3.11, 3.12 or 3.13 here; install one of them"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install "$python cannot make virtual environments" \
            "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

stamp_of() { cat pyproject.toml constraints.txt tools/setup.sh | sha256sum | cut -d' ' -f1; }

install_packages() {
    local stamp=.venv/dlm-installed current
    current=$(stamp_of)
    # `dev` holds all that the commands need, so its stamp answers for both.
    if grep -qsE "^$current (dev|${extras:-none})\$" "$stamp"; then return; fi
    tools/install_torch.sh .venv
    say "installing pinned packages (about 2 GB on disk; minutes the first time)"
    .venv/bin/pip install -q --disable-pip-version-check -c constraints.txt -e "$wanted"
    echo "$current ${extras:-none}" >"$stamp"
}

install_gl() {
    local library missing=
    for library in libEGL.so.1 libGL.so.1 libEGL_mesa.so.0; do
        /sbin/ldconfig -p | grep -q "$library" || missing+=" $library"
    done
    [ -z "$missing" ] && return
    apt_install "GL libraries are missing ($(echo $missing))" \
        libegl1 libgl1 libegl-mesa0 libgl1-mesa-dri
}

# The design page is tested in a browser; without one those tests say so and are skipped.
install_browser() {
    [ "$extras" = dev ] || return 0
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null; then return 0; fi
    done
    (apt_install "no Chromium to test the design page in" chromium) || say "going on without it"
}

install_gl
install_browser
make_venv
install_packages
