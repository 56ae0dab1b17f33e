#!/bin/sh
# Installs the Debian packages that a purpose needs and that are missing. Prints their names; does nothing if none is missing.
#
#     Scripts/install-needs.sh [demo|build|test]      (by default test, which has all)
set -eu

purpose=${1:-test}
case $purpose in
demo | build | test) ;;
*)
    echo "found '$purpose'; expected demo, build or test" >&2
    exit 64
    ;;
esac
command -v swift > /dev/null || {
    echo "found no 'swift'; expected the Swift toolchain, 6.1 or later: https://www.swift.org/install" >&2
    exit 1
}

missing=
need() { missing="$missing $1"; }
is_linux() { [ "$(uname)" != Darwin ]; } # Apple systems include zlib, SQLite, Accelerate and CryptoKit

if is_linux; then
    command -v pkg-config > /dev/null || need pkg-config
    pkg-config --exists zlib 2> /dev/null || need zlib1g-dev
    pkg-config --exists libcrypto 2> /dev/null || need libssl-dev
    # For processors without AVX2, and in tests.
    [ "$purpose" != test ] && grep -q avx2 /proc/cpuinfo 2> /dev/null \
        || PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2> /dev/null | grep -q libopenblas.so.0 || need libopenblas0
    # The database of the service and of sweeps.
    [ "$purpose" = demo ] || pkg-config --exists sqlite3 2> /dev/null || need libsqlite3-dev
fi
if [ "$purpose" != build ]; then # data from a Python package, in a zip archive
    command -v python3 > /dev/null || need python3
    python3 -c 'import pip' 2> /dev/null || need python3-pip
    command -v unzip > /dev/null || need unzip
fi
if [ "$purpose" = test ]; then
    python3 -c 'import ensurepip, venv' 2> /dev/null || need python3-venv
    if is_linux; then
        command -v valgrind > /dev/null || need valgrind # for Benchmarks/guard.sh
        command -v gnuplot > /dev/null || need gnuplot-nox # the report's figures and their tests
        command -v hunspell > /dev/null || need hunspell # for Scripts/check-spelling.py
        [ -e /usr/share/hunspell/en_GB.dic ] || need hunspell-en-gb
        command -v curl > /dev/null || need curl # for Scripts/run-documented-commands.py
        command -v openssl > /dev/null || need openssl # the same
    fi
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get > /dev/null; then
    echo "found no apt-get; expected these packages, or those of the same purpose, to be installed:$missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || {
        echo "found neither root nor sudo; expected an administrator to run: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing > /dev/null
