#!/usr/bin/env bash
# Runs netproof check for action.yml: what the inputs say is in the environment.
set -euo pipefail

words=()
read -r -a manifests <<<"${MANIFESTS//$'\n'/ }"
read -r -a packs <<<"${PACKS//$'\n'/ }"
# An empty array counts as unset for the bash of macOS, hence the `+`.
for pack in ${packs[@]+"${packs[@]}"}; do words+=(--pack "$pack"); done
if [ -n "$ARGS" ]; then
  # xargs splits at blanks and heeds quotes, and runs nothing.
  while IFS= read -r -d '' word; do words+=("$word"); done < <(xargs printf '%s\0' <<<"$ARGS")
fi

reports=()
if [ -n "$SARIF" ]; then reports+=(--format "sarif=$SARIF"); fi
if [ "$SUMMARY" = true ]; then reports+=(--format "markdown=$GITHUB_STEP_SUMMARY"); fi
# Reports named here put those of the configuration file aside; the text in the log stays.
if [ ${#reports[@]} -gt 0 ]; then reports+=(--format text); fi

code=0
"$NETPROOF" check ${words[@]+"${words[@]}"} ${reports[@]+"${reports[@]}"} -- ${manifests[@]+"${manifests[@]}"} || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
