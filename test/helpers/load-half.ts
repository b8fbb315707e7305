import { globSync } from 'node:fs'
import { before } from 'node:test'
import { fileURLToPath } from 'node:url'

const TESTS = fileURLToPath(new URL('../', import.meta.url))

/**
 * Loads every second file of the in-process tests into this process. A process for each file would
 * take twice the CPU. No test starts before all files are loaded.
 */
export async function loadHalf(half: 0 | 1): Promise<void> {
  const loaded = loadAll(inProcessTests().filter((_, place) => place % 2 === half))
  before(() => loaded)
  await loaded
}

function inProcessTests(): readonly string[] {
  return globSync('**/*.test.ts', { cwd: TESTS, exclude: ['system'] }).sort()
}

async function loadAll(files: readonly string[]): Promise<void> {
  for (const file of files) await import(`${TESTS}${file}`)
}
