#!/bin/sh
# Runs Node with the given arguments. `npm run` puts the dev dependency node@24 first on the PATH.
# An install script fetches its binary. Without it the machine's own Node runs, perhaps too old a one.
if ! node -e 'process.exit(Number.parseInt(process.versions.node) >= 24 ? 0 : 1)'; then
  echo "pubsub-mixpanel needs Node 24 or newer, and this is $(node --version). Run \`npm ci\` without" >&2
  echo '--ignore-scripts (it installs Node 24 for the npm scripts), or install Node 24 yourself.' >&2
  exit 1
fi
exec node "$@"
