#!/bin/sh
# Makes sure that programs are there: sh scripts/need.sh PROGRAM…
# What is missing is installed from Debian's packages where this is root on Debian; elsewhere the
# message says what to install. Nothing else is touched.
set -eu

cjk_font() {
    ! command -v fc-list >/dev/null 2>&1 && return 1
    [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]
}

present() {
    case "$1" in
    chromium) [ -n "${MILLRACE_CHROMIUM:-}" ] || command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 ;;
    cjk-font) cjk_font ;;
    cc) command -v cc >/dev/null 2>&1 ;;
    postgresql) command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ;;
    mariadb) PATH=$PATH:/usr/sbin:/usr/local/sbin command -v mariadbd >/dev/null 2>&1 ;;
    venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

package() {
    case "$1" in
    cjk-font) echo fonts-noto-cjk fontconfig ;;
    cc) echo gcc libc6-dev ;;
    mariadb) echo mariadb-server ;;
    venv) echo python3 python3-venv ;;
    node) echo nodejs ;;
    *) echo "$1" ;;
    esac
}

missing=
packages=
for need in "$@"; do
    present "$need" && continue
    missing="$missing $need"
    case "$need" in
    cargo) ;; # no distribution has the toolchain of rust-toolchain.toml
    *) packages="$packages $(package "$need")" ;;
    esac
done
[ -z "$missing" ] && exit 0

case "$missing " in
*" cargo "*)
    echo "Rust is missing: install it with rustup; rust-toolchain.toml then chooses the version." >&2
    exit 1
    ;;
esac
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing:$missing. On Debian or Ubuntu: sudo apt-get install$packages" >&2
    exit 1
fi
echo "installing$packages" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of words
{ apt-get update && apt-get install --yes --no-install-recommends $packages; } >&2
