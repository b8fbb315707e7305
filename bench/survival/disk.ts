import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The disk under the service's dead letters, which can be full, slow, or stand still. */
export interface Disk {
  /** What makes a Node process use this disk. */
  readonly env: Readonly<Record<string, string>>
  /** Every write fails for want of room, with half of it done. */
  setFull(full: boolean): void
  /** Each write and each sync takes so much longer, in ms; 0: as long as it takes. */
  setSlow(ms: number): void
  /** What is written is on disk, but the process is not told so: it waits. */
  hold(): void
  /** Whether a process waits so, with its bytes on disk. */
  isHolding(): boolean
  letGo(): void
}

/**
 * The switches are files in `folder`, which `faulty-disk.ts` looks at in the service's process:
 * they outlive a process that is killed.
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
