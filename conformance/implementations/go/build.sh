#!/bin/sh
# Builds every driver into build/, or those that are named, from the packages that apt.txt names. Nothing is downloaded.
set -eu
cd "$(dirname "$0")"
mkdir -p build

export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-trimpath
GOCACHE=${GOCACHE:-$PWD/build/cache}
export GOCACHE

is_wanted() { # driver; without arguments all are
    case " $wanted " in "  " | *" $1 "*) return 0 ;; esac
    return 1
}
wanted=$*

build() { # driver, and the Debian package that it is around
    is_wanted "$1" || return 0
    installed=$(dpkg-query -W -f '${source:Upstream-Version}' "$2")
    go build -ldflags "-X main.version=$installed" -o "build/$1" "$1.go" countersign_driver.go
}

if is_wanted example; then go build -o build/example example.go countersign_driver.go; fi
build go_github golang-github-google-go-github-dev
build go_jose golang-gopkg-square-go-jose.v2-dev
build golang_jwt golang-github-golang-jwt-jwt-dev
build jose2go golang-github-dvsekhvalnov-jose2go-dev
build mrjones_oauth golang-github-mrjones-oauth-dev
build slack_go golang-github-slack-go-slack-dev
