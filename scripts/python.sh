#!/bin/sh
# Runs Python with the pinned packages of the tests, benches and notebooks, from a virtual environment
# in the cache: sh scripts/python.sh ARGUMENT…. It is made anew when the pins change. With PINS, files
# of pins (a bare name is one in benches/), it has those alone and is an environment of its own, called
# by the last of them.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/millrace"
if [ -n "${PINS:-}" ]; then
    files=
    for file in $PINS; do
        case "$file" in
        */*) files="$files $root/$file" ;;
        *) files="$files $root/benches/$file" ;;
        esac
        venv="$cache/venv-$(basename "$file" .txt)"
    done
else
    venv="$cache/venv"
    files="$root/tests/python/requirements.txt $root/benches/requirements.txt $root/notebooks/requirements.txt"
fi
# shellcheck disable=SC2086 # a list of files
pins=$(cat $files | sort -u)
if [ ! -x "$venv/bin/python" ] || [ "$(cat "$venv/pins" 2>/dev/null)" != "$pins" ]; then
    sh "$root/scripts/need.sh" venv
    echo "installing the Python packages of the tests, benches and notebooks" >&2
    python3 -m venv --clear "$venv" >&2
    printf '%s\n' "$pins" >"$venv/wanted"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$venv/wanted" >&2
    printf '%s\n' "$pins" >"$venv/pins"
fi
exec "$venv/bin/python" "$@"
