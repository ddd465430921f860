#!/bin/sh
# Builds the host and every driver into build/, or the host and those that are named, from the packages that apt.txt names.
# Nothing is downloaded.
set -eu
cd "$(dirname "$0")"
mkdir -p build

flags="-D_DEFAULT_SOURCE -O2 -g -Wall -Wextra -Werror -fstack-protector-strong ${CFLAGS:-}"

wanted=$*

build() { # source, the libraries behind it, the Debian package
    case " $wanted " in "  " | *" ${1%.*} "*) ;; *) return 0 ;; esac
    installed=$(dpkg-query -W -f '${source:Upstream-Version}' "$3")
    compiler="${CC:-cc} -std=c11"
    if [ "${1##*.}" = cpp ]; then compiler="${CXX:-c++} -std=c++17"; fi
    # shellcheck disable=SC2086
    $compiler $flags -fPIC -shared "-DPACKAGE_VERSION=\"$installed\"" -o "build/${1%.*}.so" "$1" $2
}

# shellcheck disable=SC2086
${CC:-cc} -std=c11 $flags -o build/countersign_driver countersign_driver.c -ldl
build example.c -lcrypto libssl-dev
build cjose.c -lcjose libcjose-dev
build cpp_jwt.cpp -lcrypto libcpp-jwt-dev
build libjwt.c -ljwt libjwt-dev
