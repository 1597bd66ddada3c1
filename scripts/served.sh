#!/bin/sh
# Runs a command against a served demo company: sh scripts/served.sh MILLRACE COMMAND…
# The company is always the same but for the day that it ends on, today unless DEMO_UNTIL says
# another (DEMO=none: empty). The command finds the server in MILLRACE_URL, who may sign in in the
# file MILLRACE_LOGINS, its data directory in MILLRACE_DATA_DIR and a browser in MILLRACE_CHROMIUM.
# Server and data are gone afterwards.
set -eu
millrace=$1
shift
folder=$(mktemp -d)
server=
finish() {
    status=$?
    set +e
    trap - EXIT INT TERM
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null
        wait "$server" 2>/dev/null
    fi
    rm -rf "$folder"
    exit "$status"
}
trap finish EXIT INT TERM

MILLRACE_DATA_DIR="$folder/data"
export MILLRACE_DATA_DIR
MILLRACE_LOGINS="$folder/logins.json"
export MILLRACE_LOGINS
"$millrace" --quiet init 2>"$folder/init"
password=$(sed -n 's/^first start: sign in as admin with the password \([^ ]*\) .*/\1/p' "$folder/init")
if [ "${DEMO:-}" = none ]; then
    printf '{"password": "%s", "logins": [{"username": "admin", "role": "administrator"}]}\n' \
        "$password" >"$MILLRACE_LOGINS"
else
    "$millrace" --quiet --format json demo --accounts "${DEMO_ACCOUNTS:-800}" \
        --months "${DEMO_MONTHS:-24}" ${DEMO_UNTIL:+--until "$DEMO_UNTIL"} --seed 1 \
        >"$MILLRACE_LOGINS"
fi
"$millrace" serve --listen 127.0.0.1:0 >"$folder/log" 2>&1 &
server=$!
url=
for _ in $(seq 300); do
    url=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$folder/log" | head -1 || true)
    [ -n "$url" ] && break
    if ! kill -0 "$server" 2>/dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
if [ -z "$url" ]; then
    echo "the server did not say its address within 30 seconds:" >&2
    cat "$folder/log" >&2
    exit 1
fi
if [ -z "${MILLRACE_CHROMIUM:-}" ]; then
    MILLRACE_CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
    [ -z "$MILLRACE_CHROMIUM" ] || export MILLRACE_CHROMIUM
fi
MILLRACE_URL=$url "$@"
