#!/bin/sh
# Runs Node 24 with the given arguments: the machine's own, or the one that `npm ci` has installed (an
# install script fetches it). `npm run` puts the latter first on the PATH.
for node in node "$(dirname "$0")/../node_modules/.bin/node"; do
  if "$node" -e 'process.exit(Number.parseInt(process.versions.node) >= 24 ? 0 : 1)' 2>/dev/null; then
    exec "$node" "$@"
  fi
done
echo "pubsub-mixpanel needs Node 24 or newer, and this is $(node --version 2>/dev/null || echo none)." \
  'Run `npm ci` without' >&2
echo '--ignore-scripts (it installs Node 24 for the npm scripts), or install Node 24 yourself.' >&2
exit 1
