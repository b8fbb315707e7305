#!/bin/sh
# Runs the test files named, or all of them. A file that uses more CPU than two minutes ends as failed: an
# endless loop fails the run and does not hang it.
ulimit -c 0
ulimit -S -t "${TEST_CPU_SECONDS:-120}"
[ "$#" -gt 0 ] || set -- 'test/**/*.test.ts'
exec node --test --test-timeout=60000 --test-concurrency=3 "$@"
