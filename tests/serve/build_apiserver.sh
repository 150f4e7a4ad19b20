#!/usr/bin/env bash
# Build a kube-apiserver from published Go modules, for the tests of `netproof serve` that want a real one:
#
#   tests/serve/build_apiserver.sh DIR [VERSION]
#   KUBEBUILDER_ASSETS=DIR python -m pytest -n 0 tests/serve
#
# `k8s.io/kubernetes` asks for its staging modules at v0.0.0; each is replaced by its release of the same version.
# etcd is Debian's, where `apt-get` can download it and DIR has none.  It takes some ten minutes of processor time.
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd) version=${2:-1.36.3}
go=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$go" mod init example.com/apiserver
"$go" mod edit -require="k8s.io/kubernetes@v$version"
mod=$("$go" mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
for module in $(sed -n 's/^\t\(k8s.io\/[a-z0-9-]*\) v0\.0\.0$/\1/p' "$mod"); do
  "$go" mod edit -replace="$module=$module@v0.${version#*.}"
done
printf 'package tools\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver/app"\n' > tools.go
"$go" mod tidy -e
CGO_ENABLED=0 "$go" build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version" \
  -o "$out/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
if [ ! -x "$out/etcd" ] && ! command -v etcd > /dev/null; then
  apt-get download etcd-server
  dpkg-deb -x etcd-server_*.deb etcd
  install etcd/usr/bin/etcd "$out/etcd"
fi
echo "built $out/kube-apiserver"
