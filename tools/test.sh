#!/bin/sh
# Runs the named test files, or all of them. A test file that uses more than two minutes of CPU
# fails, so that an endless loop fails the run and does not hang it.
ulimit -c 0
ulimit -S -t "${TEST_CPU_SECONDS:-120}"
[ "$#" -gt 0 ] || set -- 'test/**/*.test.ts'
exec node --test --test-timeout=60000 --test-concurrency=3 "$@"
