import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { aFolder } from '../../helpers/world.ts'
import { begin, MAIN, run, textOf } from './run.ts'

const GOOD = '{"event":"a","properties":{"distinct_id":"u-1"}}\n'
const REJECTED = '{"event":"a"}\n'

describe('check as a process', () => {
  it('ends quietly when the reader of its output has enough', async (t) => {
    const file = join(await aFolder(t), 'events.ndjson')
    await writeFile(file, REJECTED.repeat(200_000))
    const child = begin('check', ['--limit', '200000', file])
    const closed = once(child, 'exit')

    child.stdout?.once('data', () => child.stdout?.destroy())

    assert.equal(await textOf(child.stderr), '')
    assert.deepEqual(await closed, [0, null])
  })

  it('ends with 130 at Ctrl-C, while it waits for stdin', async (t) => {
    const child = begin('check', ['--limit', '1', '-'])
    t.after(() => child.kill('SIGKILL'))
    const closed = once(child, 'exit')
    child.stdin?.on('error', () => {}).write(REJECTED.repeat(200_000))
    await once(child.stdout ?? child, 'data')

    child.kill('SIGINT')

    assert.deepEqual(await closed, [130, null])
  })

  it('says once that a transform leaves a rejected promise, and goes on', async (t) => {
    const folder = await aFolder(t)
    const [file, map] = [join(folder, 'events.ndjson'), join(folder, 'map.mjs')]
    await writeFile(file, GOOD.repeat(60_000))
    await writeFile(map, 'export default (e) => (void Promise.reject(new Error("left")), e)')

    const { code, out, err } = await run('check', ['--transform', map, file])

    assert.equal(code, 0)
    assert.match(out, /^60,000 events {3}60,000 good/)
    assert.match(err, /^the transform left a promise that was rejected: left; .*\n$/)
  })

  it('says that stdin is a folder', () => {
    const folder = openSync('.', 'r')
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'check', '-'], {
      stdio: [folder, 'pipe', 'pipe'],
      encoding: 'utf8',
    })
    closeSync(folder)

    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^pubsub-mixpanel check: stdin is a folder: name the files in it /)
  })

  it('reads stdin that ends, and needs no configuration', async () => {
    const child = begin('check', ['-'])
    const closed = once(child, 'exit')
    child.stdin?.end(GOOD)

    assert.match(await textOf(child.stdout), /^1 event {3}1 good/)
    assert.deepEqual(await closed, [0, null])
  })
})
