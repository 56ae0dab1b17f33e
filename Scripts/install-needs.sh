#!/bin/sh
# Installs the Debian packages that building and testing need and that are missing. Prints their names; does nothing if none is missing.
#
#     Scripts/install-needs.sh
set -eu

command -v swift > /dev/null || {
    echo "found no 'swift'; expected the Swift toolchain, 6.1 or later: https://www.swift.org/install" >&2
    exit 1
}

missing=
need() { missing="$missing $1"; }

command -v python3 > /dev/null || need python3
python3 -c 'import ensurepip, venv' 2> /dev/null || need python3-venv
python3 -c 'import pip' 2> /dev/null || need python3-pip
command -v unzip > /dev/null || need unzip
command -v valgrind > /dev/null || [ "$(uname)" = Darwin ] || need valgrind # for Benchmarks/guard.sh; not available on Apple systems
command -v strip > /dev/null || need binutils
if [ "$(uname)" != Darwin ]; then # Apple systems include zlib, Accelerate and CryptoKit
    command -v pkg-config > /dev/null || need pkg-config
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2> /dev/null | grep -q libopenblas.so.0 || need libopenblas0 # for processors without AVX2, and in tests
    pkg-config --exists zlib 2> /dev/null || need zlib1g-dev
    pkg-config --exists libcrypto 2> /dev/null || need libssl-dev
    pkg-config --exists sqlite3 2> /dev/null || need libsqlite3-dev
    command -v gnuplot > /dev/null || need gnuplot-nox # the report's figures and their tests
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
