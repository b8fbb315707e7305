import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The disk for the service's dead letters, which can be full, slow or held. */
export interface Disk {
  /** The variables that make a Node process use this disk. */
  readonly env: Readonly<Record<string, string>>
  /** Makes every write fail with ENOSPC, after half of its bytes. */
  setFull(full: boolean): void
  /** Delays each write and each sync by `ms`; 0 ends the delay. */
  setSlow(ms: number): void
  /** Holds each call after its bytes are on disk: the process waits for the result. */
  hold(): void
  /** Whether a process waits in a held call, with its bytes on disk. */
  isHolding(): boolean
  letGo(): void
}

/**
 * Creates a disk. Its switches are files in `folder`, which `faulty-disk.ts` reads in the service's
 * process. They outlive a killed process.
 */
export function createDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true })
  const preload = pathToFileURL(join(import.meta.dirname, 'faulty-disk.ts'))

  return {
    env: { NODE_OPTIONS: `--import=${preload}`, FAULTY_DISK: folder },
    setFull: (full) => set('full', full ? 'yes' : undefined),
    setSlow: (ms) => set('slow', ms > 0 ? String(ms) : undefined),
    hold() {
      set('holding', undefined)
      set('hold', 'yes')
    },
    isHolding: () => existsSync(join(folder, 'holding')),
    letGo() {
      set('hold', undefined)
      set('holding', undefined)
    },
  }

  function set(name: string, value: string | undefined): void {
    const path = join(folder, name)
    if (value === undefined) rmSync(path, { force: true })
    else writeFileSync(path, value)
  }
}
