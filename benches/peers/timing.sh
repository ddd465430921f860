#!/bin/sh
# Timing verdicts beside their peers, in one run on one machine: dudect (built from its published source) and tacet 0.4.2
# (from its package). Both are kept in a scratch folder. Needs git, a C compiler, OpenSSL's headers and cargo.
#
#   sh benches/peers/timing.sh [SCRATCH [RUNS]]
#
# DUDECT names a folder or repository from which dudect is cloned, if not its published one.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
scratch=${1:-$(mktemp -d)}
runs=${2:-200}
mkdir -p "$scratch"

echo "load $(cut -d' ' -f1 /proc/loadavg)"
[ -d "$scratch/dudect" ] || git clone --quiet "${DUDECT:-https://github.com/oreparaz/dudect}" "$scratch/dudect"
cc -O2 -w -I "$scratch/dudect/src" "$here/dudect/verify.c" -lcrypto -lm -o "$scratch/verify"
for verifier in ends-early equals constant-time; do
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    echo "dudect, $verifier: $("$scratch/verify" "$verifier" 5 2>&1 >/dev/null)"
  done
done

echo "load $(cut -d' ' -f1 /proc/loadavg)"
CARGO_TARGET_DIR="$scratch/target" cargo run --quiet --release --locked --manifest-path "$here/tacet/Cargo.toml" -- "$runs"
cargo run --quiet --release --locked --manifest-path "$here/../../Cargo.toml" -p countersign-benches --bin timing -- calls certified conclusive
