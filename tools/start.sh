#!/bin/sh
# Runs a program of Node with the flags of V8 that fit the memory of the container:
#
#   sh start.sh NODE PROGRAM [WORD...]
#
# The image and `npm start` both begin here. The shell becomes Node, so signals reach the service.

# Prints the memory of the container in MiB: its limit (cgroup v2, then v1), or what the machine has.
memory_mib() {
  for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    bytes=''
    [ -r "$file" ] && read -r bytes <"$file"
    case $bytes in
      # Without a limit it is `max`, or a number near 2^63.
      '' | *[!0-9]* | ????????????????*) ;;
      *) echo $((bytes / 1048576)) && return ;;
    esac
  done
  read -r _ kib _ </proc/meminfo && echo $((kib / 1024))
}

# The largest half of the young generation, in MB, by the memory of the container. Waiting pushes are
# copied each time it is full, so a larger one costs less CPU, and up to three times its size in memory:
# docs/decisions/0014 has the figures. A container of 512 MiB may show a little less than that.
semi_space_mb() {
  if [ "$1" -lt 400 ]; then echo 16; else echo 32; fi
}

# The second flag is for one core. With the third, V8 does not guess which objects live long.
node=$1
shift
exec "$node" "--max-semi-space-size=$(semi_space_mb "$(memory_mib 2>/dev/null || echo 512)")" \
  --no-parallel-scavenge --no-allocation-site-pretenuring "$@"
