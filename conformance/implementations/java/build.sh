#!/bin/sh
# Compiles the drivers into build/. Nothing is downloaded.
set -eu
cd "$(dirname "$0")"
mkdir -p build
javac --release 17 -Xlint:all -Werror -d build ./*.java
