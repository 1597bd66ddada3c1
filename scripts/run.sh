#!/bin/sh
# Shows the dashboard: creates the data directory, fills an empty one with the demo company, and
# serves it. The program prints the address. Arguments go to `millrace serve`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
millrace="$root/bin/millrace"
: "${MILLRACE_DATA_DIR:=$root/millrace-data}"
export MILLRACE_DATA_DIR
"$millrace" --quiet init
if "$millrace" --quiet --format json status | tr -d ' \n' | grep -q '"set":null'; then
    # Nothing is published. Where there are records already, an earlier start was cut off.
    status=0
    "$millrace" demo || status=$?
    case $status in
    0) ;;
    2) "$millrace" run --full ;;
    *) exit "$status" ;;
    esac
fi
exec "$millrace" serve "$@"
