import assert from 'node:assert/strict'
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { describe, it, type TestContext } from 'node:test'
import { aFolder } from '../../helpers/world.ts'
import { DEAD_TOPIC, startDoctorScene } from './scene.ts'

/** The resources of Node that open a socket, or look up a name to open one. */
const NETWORK = /^(TCP|TLS|PIPE|UDP|HTTP|GETADDRINFO|QUERY|DNS)/

/** Returns the kinds of network resources that are made while a task runs, and because of it. */
async function networkOf(t: TestContext, task: () => Promise<unknown>): Promise<readonly string[]> {
  const within = new AsyncLocalStorage<string[]>()
  const hook = createHook({
    init: (_id, type) => {
      if (NETWORK.test(type)) within.getStore()?.push(type)
    },
  }).enable()
  t.after(() => hook.disable())
  const made: string[] = []
  await within.run(made, task)
  return made
}

describe('doctor --offline', () => {
  for (const DEAD_LETTER of ['file', 'subscription', `pubsub:${DEAD_TOPIC}`]) {
    it(`opens no socket, with ${DEAD_LETTER}, and checks the rest`, async (t) => {
      const scene = await startDoctorScene(t)
      const folder = await aFolder(t)
      const env = { DEAD_LETTER: DEAD_LETTER === 'file' ? `file:${folder}` : DEAD_LETTER }
      let out = ''

      const made = await networkOf(t, async () => {
        const run = await scene.run(['--offline'], { env })
        out = run.out
      })

      assert.deepEqual(made, [])
      assert.match(out, /^ok {4}configuration .*\n(ok|skip) +dead letters .*\nnothing failed\n$/)
      assert.deepEqual(scene.google.asked(), [])
      assert.equal(scene.google.keyRequests(), 0)
      assert.equal(scene.mixpanel.requests().length, 0)
    })
  }

  it('would be seen to open one', async (t) => {
    const scene = await startDoctorScene(t)

    const made = await networkOf(t, () => scene.run([]))

    assert.ok(made.includes('TCPWRAP'), made.join())
  })
})
