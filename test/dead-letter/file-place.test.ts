import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findPlace } from '../../src/dead-letter/file-place.ts'
import type { FileState } from '../../src/dead-letter/files.ts'

const OWN: FileState = { device: 1n, inode: 7n, links: 1, bytes: 10 }

function place(own: FileState | undefined, found: FileState | undefined) {
  const file = {
    write: async () => {},
    sync: async () => {},
    state: async () => own,
    truncate: async () => {},
    close: async () => {},
  }
  const stateAt = async (path: string) => (path === 'letters/a' ? found : undefined)
  return findPlace({ file, path: 'letters/a', bytes: 10 }, { stateAt })
}

describe('a file that was written to', () => {
  for (const [what, own, found, expected] of [
    ['is in place when its path leads to it', OWN, OWN, 'in_place'],
    ['is another inode than the one at its path', OWN, { ...OWN, inode: 8n }, 'other_inode'],
    ['is another inode than one on another device', OWN, { ...OWN, device: 2n }, 'other_inode'],
    ['is lost when another has replaced it', { ...OWN, links: 0 }, { ...OWN, inode: 8n }, 'lost'],
    ['is lost when its path leads nowhere', OWN, undefined, 'lost'],
    ['is lost when somebody wrote to it', { ...OWN, bytes: 11 }, { ...OWN, bytes: 11 }, 'lost'],
    ['is lost when somebody cut it', { ...OWN, bytes: 9 }, { ...OWN, bytes: 9 }, 'lost'],
    ['is lost when the file system cannot say', undefined, OWN, 'lost'],
  ] as const) {
    it(what, async () => {
      assert.equal(await place(own, found), expected)
    })
  }
})
