#!/bin/sh
# Shows the product: fills an empty data directory with the demo company, and serves it. The program
# prints the address; who may sign in is printed once, and kept in the data directory. Arguments go
# to `millrace serve`.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
millrace="$root/bin/millrace"
: "${MILLRACE_DATA_DIR:=$root/millrace-data}"
export MILLRACE_DATA_DIR
if ! "$millrace" --quiet --format json status 2>/dev/null | tr -d ' \n' | grep -q '"set":{'; then
    # Nothing is published: a first start, or one that was cut off, which the demo begins anew.
    status=0
    "$millrace" demo || status=$?
    case $status in
    0 | 2) ;; # 2: there are records already, and the server brings the numbers up to them
    *) exit "$status" ;;
    esac
fi
logins="$MILLRACE_DATA_DIR/demo-logins.txt"
[ ! -f "$logins" ] || echo "who may sign in to this demo: $logins"
exec "$millrace" serve "$@"
