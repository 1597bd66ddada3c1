#!/bin/sh
# A PostgreSQL of one's own, for tests: sh scripts/postgres.sh [SETTING=VALUE…]
# Makes a cluster in a temporary folder, prints the folder of its socket when it serves, and stops
# it and removes everything when standard input ends: so also when the one who started it is killed.
# Exits with 3 where PostgreSQL is not installed.
set -eu

bin=
for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
    "$(pg_config --bindir 2>/dev/null || true)" /opt/homebrew/opt/postgresql*/bin; do
    if [ -x "$folder/pg_ctl" ] && [ -x "$folder/initdb" ]; then
        bin=$folder
        break
    fi
done
if [ -z "$bin" ]; then
    echo "PostgreSQL is not installed (on Debian: apt-get install postgresql)" >&2
    exit 3
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/millrace-pg.XXXXXX")
as_owner() { "$@"; }
if [ "$(id -u)" = 0 ]; then # the server refuses to run as root
    chown postgres "$folder"
    as_owner() { runuser -u postgres -- "$@"; }
fi
stop() {
    as_owner "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

cd "$folder"
as_owner "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 ||
    { cat "$folder/initdb.log" >&2; exit 1; }
{
    echo "listen_addresses = ''"
    echo "unix_socket_directories = '$folder'"
    echo "max_connections = 400"
    echo "fsync = off"
    for setting in "$@"; do echo "$setting"; done
} >>"$folder/data/postgresql.conf"
as_owner "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/server.log" start >/dev/null ||
    { cat "$folder/server.log" >&2; exit 1; }
echo "$folder"
cat >/dev/null
