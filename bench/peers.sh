#!/usr/bin/env bash
# Installs from Debian the peers that the measurements have beside Duoplane,
# each only if it is missing. Without them the others can still be measured.
set -euo pipefail

missing=()
for package in etcd-server login-duo openssh-server; do
	dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
((${#missing[@]})) || exit 0
echo "installing ${missing[*]}"
as_root=()
((EUID == 0)) || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
