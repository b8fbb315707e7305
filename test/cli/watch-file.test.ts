import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { watchFile } from '../../src/cli/watch-file.ts'
import { until } from '../helpers/until.ts'
import { aFolder } from '../helpers/world.ts'

/** A file that is watched, and looks at it one by one. */
async function startScene(t: TestContext) {
  const path = join(await aFolder(t), 'mapping.yaml')
  await writeFile(path, 'one')
  let changes = 0
  let next: (() => void) | undefined
  const after = (_ms: number, task: () => void) => {
    next = task
    return () => {
      next = undefined
    }
  }
  const stop = watchFile(path, { after }, () => {
    changes += 1
  })
  await looked()
  return { path, stop, look, changes: () => changes, isLooking: () => next !== undefined }

  async function look(): Promise<void> {
    const task = next
    next = undefined
    task?.()
    await looked()
  }

  function looked(): Promise<void> {
    return until('a look', () => next !== undefined)
  }
}

describe('a watched file', () => {
  it('has changed when it was written, or another was put in its place', async (t) => {
    const { path, look, changes } = await startScene(t)

    await look()
    assert.equal(changes(), 0)
    await writeFile(path, 'longer')
    await look()
    assert.equal(changes(), 1)
    await writeFile(`${path}.new`, 'longer')
    await rename(`${path}.new`, path)
    await look()

    assert.equal(changes(), 2)
  })

  it('has not changed while it is gone', async (t) => {
    const { path, look, changes } = await startScene(t)

    await rm(path)
    await look()
    assert.equal(changes(), 0)
    await writeFile(path, 'one more')
    await look()

    assert.equal(changes(), 1)
  })

  it('is looked at no more after the end', async (t) => {
    const { stop, isLooking } = await startScene(t)

    stop()

    assert.equal(isLooking(), false)
  })
})
