import { readFileSync } from 'node:fs'

/** The tick of Linux's CPU accounting, in ms. */
const TICK_MS = 10
const [UTIME, STIME] = [11, 12]

/**
 * CPU used by all threads of a process, user and system, in ms. Linux only. It holds the time of
 * threads that have ended, which the finer counters of `/proc/PID/task` lose.
 */
export function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS
}

/** The most resident memory of a process since its start, in MiB. Linux only. */
export function readPeakMiB(pid: number): number {
  return readMiB(pid, 'VmHWM')
}

/** The resident memory of a process, in MiB. Linux only. */
export function readRssMiB(pid: number): number {
  return readMiB(pid, 'VmRSS')
}

function readMiB(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024
}
