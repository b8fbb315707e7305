import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { freePorts } from '../../helpers/free-ports.ts'
import { aFolder } from '../../helpers/world.ts'
import { begin, run } from './run.ts'

/** The base of the demo's six ports, and the one of them that is taken. */
async function portsOfWhichOneIsTaken(t: TestContext): Promise<{ base: number; taken: number }> {
  const base = await freePorts(6)
  const taken = base + 2
  const server = createServer()
  await once(server.listen(taken, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return { base, taken }
}

describe('the demo', () => {
  it('shows the main job and ends by itself, with 0 because all was as promised', async (t) => {
    const { code, out } = await run('demo', ['--once'], { TMPDIR: await aFolder(t) })

    assert.equal(code, 0)
    assert.equal(out.match(/answered 204 \(acked\)/g)?.length, 2)
    assert.match(out, /Events in Mixpanel: 11/)
    assert.equal(out.match(/ {2}test_event /g)?.length, 10)
    assert.match(out, /Dead letters: 1, .*\n +invalid_event at properties\.time: /)
    assert.match(out, /All as promised/)
  })

  for (const args of [
    ['--bogus'],
    ['extra'],
    ['--port-base'],
    ['--port-base', '-5'],
    ['--port-base', 'abc'],
    ['--port-base', ''],
  ]) {
    it(`says what it takes when it is called wrongly: ${JSON.stringify(args)}`, async () => {
      const { code, out, err } = await run('demo', args)

      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, /^pubsub-mixpanel demo: .*\(see pubsub-mixpanel demo --help\)\n$/)
      assert.doesNotMatch(err, /^ +at /m)
    })
  }

  it('names the port that is taken, says how to take others, and leaves nothing behind', async (t) => {
    const folder = await aFolder(t)
    const { base, taken } = await portsOfWhichOneIsTaken(t)

    const { code, err } = await run('demo', ['--port-base', `${base}`], { TMPDIR: folder })

    assert.equal(code, 1)
    assert.match(err, new RegExp(`127.0.0.1:${taken}`))
    assert.match(err, /--port-base 9000/)
    assert.deepEqual(await readdir(folder), [])
  })

  it('ends with all that it started on SIGTERM', async (t) => {
    const folder = await aFolder(t)
    const port = await freePorts(6)
    const demo = begin('demo', ['--port-base', String(port)], { TMPDIR: folder })
    t.after(() => demo.kill('SIGKILL'))
    assert.ok(demo.stdout)
    for await (const line of createInterface({ input: demo.stdout })) {
      if (line.includes('Try next')) break
    }

    demo.kill('SIGTERM')
    const [code] = await once(demo, 'close')

    assert.equal(code, 0)
    assert.deepEqual(await readdir(folder), [])
    await assert.rejects(fetch(`http://127.0.0.1:${port}/health/live`))
  })
})
