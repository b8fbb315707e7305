import { stat } from 'node:fs/promises'
import type { Clock } from '../lib/clock.ts'

const LOOK_EVERY_MS = 200

/**
 * Calls `changed` each time when a file has changed, and returns how to stop. It looks at the file
 * by its path, as many editors put another file in its place. A file that is gone for a moment has
 * not changed.
 */
export function watchFile(
  path: string,
  { after }: Pick<Clock, 'after'>,
  changed: () => void,
): () => void {
  let cancel = (): void => {}
  let isStopped = false
  let seen: string | undefined
  void look()

  return () => {
    isStopped = true
    cancel()
  }

  async function look(): Promise<void> {
    const present = await stateOf(path)
    if (isStopped) return
    if (seen !== undefined && present !== undefined && present !== seen) changed()
    seen = present ?? seen
    cancel = after(LOOK_EVERY_MS, () => void look())
  }
}

async function stateOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined)
  return stats && `${stats.ino} ${stats.size} ${stats.mtimeMs}`
}
