#!/bin/sh
# Runs all static checks, each a claim, and names those that do not hold at the end.
claim() {
  printf '\n== %s\n' "$1"
  name=$1
  shift
  "$@" || broken="$broken
  $name"
}

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
broken=''
claim 'Node is new enough' sh tools/node.sh --version
claim 'Types hold' tsc
claim 'Code is formatted and linted' biome check --error-on-warnings .
claim 'openapi.yaml is valid' redocly lint openapi.yaml
claim 'Nothing lies unused' knip
claim 'The lock file is whole' lockfile-lint --path package-lock.json --type npm \
  --validate-integrity --empty-hostname true
[ -z "$broken" ] && exit
printf '\nThese claims do not hold:%s\n' "$broken" >&2
exit 1
