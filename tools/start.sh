#!/bin/sh
# Starts the service from the sources as the image starts it: with the flags of the Dockerfile's entry
# point, which is the one place for them.
here=$(dirname "$0")
flags=$(sed -n 's/^ENTRYPOINT //p' "$here/../Dockerfile" | tr '",' '\n\n' | grep '^--')
# The flags have no spaces of their own.
# shellcheck disable=SC2086
exec sh "$here/node.sh" $flags "$here/../src/main.ts" serve "$@"
