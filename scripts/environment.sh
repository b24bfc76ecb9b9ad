# Sourced by every script here: makes the project's own environment in .venv, once, and puts it on the PATH.
# Needs Python 3.11 or later; everything else it installs itself.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV=${CLOUDLET_VENV:-$ROOT/.venv}

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "cloudlet needs Python 3.11 or later and found none. Install it (Debian, Ubuntu: apt-get install python3) and run this again."
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo -n "$@"; else return 1; fi
}

make_venv() {
    local python
    python=$(find_python)
    "$python" -m venv "$VENV" >/dev/null 2>&1 && return
    rm -rf "$VENV"
    "$python" -m virtualenv -q "$VENV" 2>/dev/null && return
    say "This Python has no venv module; installing Debian's python3-venv ..."
    if as_root apt-get update -qq >&2 && as_root apt-get install -y -qq python3-venv >&2 && "$python" -m venv "$VENV"; then
        return
    fi
    rm -rf "$VENV"
    say "No virtual environment could be made. Install python3-venv (apt-get install python3-venv) or virtualenv and run this again."
    return 1
}

# install EXTRA: the project in editable form with one of its extras; again only when pyproject.toml has changed.
install() {
    local stamp="$VENV/.installed-$1"
    [ -x "$VENV/bin/python" ] || make_venv
    if [ ! -e "$stamp" ] || [ "$ROOT/pyproject.toml" -nt "$stamp" ]; then
        say "Installing what cloudlet needs into ${VENV#"$ROOT"/} (once; a minute or two) ..."
        "$VENV/bin/python" -m pip install -q --disable-pip-version-check -e "$ROOT[$1]"
        touch "$stamp"
    fi
    export PATH="$VENV/bin:$PATH"
    export CLOUDLET_RUNTIMES=${CLOUDLET_RUNTIMES:-$ROOT/.cache/runtimes}
}

# install_node_packages: Node where the machine has none, and the AWS SDKs for JavaScript that Node functions find.
install_node_packages() {
    "$VENV/bin/cloudlet" runtimes install --into "$CLOUDLET_RUNTIMES" >&2
}
