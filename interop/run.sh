#!/usr/bin/env bash
# Installs the outside programs the interop tests drive, then runs the tests.
# Their summary is the last thing printed. "make interop" calls this.
#
# From Debian: ansible, python3-requests, curl, nodejs and npm, each only if it
# is missing. From npm, pinned by package-lock.json: prism, redocly, spectral.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need ansible-playbook ansible
need curl curl
need node nodejs
need npm npm
/usr/bin/python3 -c 'import requests' 2>/dev/null || missing+=(python3-requests)
if ((${#missing[@]})); then
	echo "installing ${missing[*]}"
	as_root=()
	((EUID == 0)) || as_root=(sudo)
	"${as_root[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The copy of the lock says that what is there is what the lock names.
if ! cmp -s package-lock.json node_modules/.complete; then
	echo "installing prism, redocly and spectral"
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.complete
fi

exec go test -count=1 -timeout=20m -v ./...
