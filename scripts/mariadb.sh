#!/bin/sh
# A MariaDB of one's own, for tests: sh scripts/mariadb.sh
# Makes a server in a temporary folder, prints the path of its socket when it serves, and stops it and
# removes everything when standard input ends: so also when the one who started it is killed.
# Exits with 3 where MariaDB is not installed.
set -eu

PATH=$PATH:/usr/sbin:/usr/local/sbin
for program in mariadbd mariadb-install-db mariadb-admin; do
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "MariaDB is not installed (on Debian: apt-get install mariadb-server)" >&2
        exit 3
    fi
done

folder=$(mktemp -d "${TMPDIR:-/tmp}/millrace-mariadb.XXXXXX")
server=
stop() {
    if [ -n "$server" ]; then
        kill -9 "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM HUP

owner=$(id -un)
mariadb-install-db --no-defaults --user="$owner" --datadir="$folder/data" --skip-test-db \
    --auth-root-authentication-method=normal >"$folder/install.log" 2>&1 ||
    { cat "$folder/install.log" >&2; exit 1; }
socket=$folder/socket
mariadbd --no-defaults --user="$owner" --datadir="$folder/data" --socket="$socket" --skip-networking \
    --pid-file="$folder/pid" --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync \
    --skip-log-bin --default-time-zone=+08:00 </dev/null >"$folder/server.log" 2>&1 &
server=$!
until mariadb-admin --no-defaults --user=root --socket="$socket" ping >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/server.log" >&2; exit 1; }
    sleep 0.1
done
echo "$socket"
cat >/dev/null
