#!/bin/sh
# Runs the named test files. Without a name, runs the in-process tests: half of their files in each of
# two processes. A process that uses more than two minutes of CPU fails, so that an endless loop fails
# the run and does not hang it.
ulimit -c 0
ulimit -S -t "${TEST_CPU_SECONDS:-120}"
for argument; do
  case $argument in
    -*) ;;
    *) named=yes ;;
  esac
done
[ "${named:-}" ] || set -- "$@" 'test/halves/*.ts'
exec sh tools/node.sh --test --test-timeout=60000 --test-concurrency=3 "$@"
