import { isFreePort } from '../../bench/survival/is-free-port.ts'

/** Up to here no kernel gives ports away by itself: Linux begins at 32768, others later. */
const FIRST_PORT = 10_000
const PORTS_A_PROCESS = 20
const PROCESSES = 1_000

/**
 * The first of so many free ports in a row. A port that was given by the kernel is anybody's once
 * it is given up, and tests run side by side; these come from a range that each process has to
 * itself, so that a test can close one and find it free again, or still closed.
 */
export async function freePorts(count: number): Promise<number> {
  const first = FIRST_PORT + (process.pid % PROCESSES) * PORTS_A_PROCESS
  let free = 0
  for (let port = first; port < first + PORTS_A_PROCESS; port++) {
    free = (await isFreePort(port)) ? free + 1 : 0
    if (free === count) return port - count + 1
  }
  throw new Error(`no ${count} ports in a row are free from ${first} on`)
}
