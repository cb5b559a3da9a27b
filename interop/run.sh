#!/usr/bin/env bash
# Installs the outside programs the interop tests drive, then runs the tests.
# Their summary is the last thing printed. "make interop" calls this.
#
# From Debian: ansible, python3-requests, curl, nodejs, npm and prometheus, each
# only if it is missing; for duoclients/ and sshlogin/, which want root, Duo's
# own clients, sshd, rsync and pamtester; for openssh/, which wants root too for a
# network of its own, ssh, sshpass, expect, paramiko, tmux and ip. From the Go
# module proxy, pinned by the go.mod of each: the etcd servers. From npm,
# pinned by package-lock.json: prism, redocly, spectral, and Duo's library.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need ansible-playbook ansible
need curl curl
need node nodejs
need npm npm
need prometheus prometheus
/usr/bin/python3 -c 'import requests' 2>/dev/null || missing+=(python3-requests)
/usr/bin/python3 -c 'import duo_client' 2>/dev/null || missing+=(python3-duo-client)
for package in login-duo libpam-duo pamtester libpam-wrapper openssh-server openssh-client rsync \
	sshpass expect python3-paramiko tmux iproute2; do
	dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if ((${#missing[@]})); then
	echo "installing ${missing[*]}"
	as_root=()
	((EUID == 0)) || as_root=(sudo)
	"${as_root[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The copy of the lock says that what is there is what the lock names.
for dir in . duoclients; do
	if ! cmp -s $dir/package-lock.json $dir/node_modules/.complete; then
		echo "installing what $dir/package-lock.json names"
		npm ci --prefix $dir --ignore-scripts --no-audit --no-fund --loglevel=error
		cp $dir/package-lock.json $dir/node_modules/.complete
	fi
done

exec go test -count=1 -timeout=20m -v ./...
