#!/bin/sh
# Shows the dashboard: creates the data directory, fills an empty one with the demo company, and
# serves it. The program prints the address. Arguments go to `millrace serve`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
millrace="$root/bin/millrace"
: "${MILLRACE_DATA_DIR:=$root/millrace-data}"
export MILLRACE_DATA_DIR
if [ ! -d "$MILLRACE_DATA_DIR/lake" ]; then
    "$millrace" init
    "$millrace" demo
fi
exec "$millrace" serve "$@"
