#!/bin/sh
# Builds the host and every driver into build/, from the packages that apt.txt names. Nothing is downloaded.
set -eu
cd "$(dirname "$0")"
mkdir -p build

flags="-std=c11 -D_DEFAULT_SOURCE -O2 -g -Wall -Wextra -Werror -fstack-protector-strong ${CFLAGS:-}"

build() { # driver, the libraries behind it, the Debian package
    installed=$(dpkg-query -W -f '${source:Upstream-Version}' "$3")
    # shellcheck disable=SC2086
    ${CC:-cc} $flags -fPIC -shared "-DPACKAGE_VERSION=\"$installed\"" -o "build/$1.so" "$1.c" $2
}

# shellcheck disable=SC2086
${CC:-cc} $flags -o build/countersign_driver countersign_driver.c -ldl
build example -lcrypto libssl-dev
build cjose "-lcjose -ljansson" libcjose-dev
build libjwt -ljwt libjwt-dev
