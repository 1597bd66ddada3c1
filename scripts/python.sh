#!/bin/sh
# Runs Python with the pinned packages of the tests and benches, from a virtual environment in
# the cache: sh scripts/python.sh ARGUMENT…. It is made anew when the pins change. With PINS, a file
# in benches/, it has those alone and is an environment of its own.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/millrace"
if [ -n "${PINS:-}" ]; then
    venv="$cache/venv-$(basename "$PINS" .txt)"
    pins=$(sort -u "$root/benches/$PINS")
else
    venv="$cache/venv"
    pins=$(cat "$root/tests/python/requirements.txt" "$root/benches/requirements.txt" | sort -u)
fi
if [ ! -x "$venv/bin/python" ] || [ "$(cat "$venv/pins" 2>/dev/null)" != "$pins" ]; then
    sh "$root/scripts/need.sh" venv
    echo "installing the Python packages of the tests and benches" >&2
    python3 -m venv --clear "$venv" >&2
    printf '%s\n' "$pins" >"$venv/wanted"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$venv/wanted" >&2
    printf '%s\n' "$pins" >"$venv/pins"
fi
exec "$venv/bin/python" "$@"
