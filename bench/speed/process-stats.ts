import { readdirSync, readFileSync } from 'node:fs'

const NS_A_MS = 1_000_000

/**
 * CPU used by all threads of a process, user and system, in ms. Linux only. The scheduler counts it in
 * nanoseconds; `/proc/PID/stat` has the same in ticks of 10 ms, which is most of a round of few pushes.
 */
export function readCpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((thread) => {
    const [onCpu] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return Number(onCpu)
  })
  return ns.reduce((sum, each) => sum + each, 0) / NS_A_MS
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
