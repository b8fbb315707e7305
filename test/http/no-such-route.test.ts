import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startApp } from '../helpers/app.ts'

const TOKEN = { authorization: 'Bearer secret-token' }

async function startScene(t: TestContext) {
  const scene = await startApp(t)
  return { ...scene, ask, paths }

  async function ask(method: string, path: string, headers = {}): Promise<number> {
    const answer = await fetch(`${scene.url}${path}`, { method, headers })
    await answer.text()
    return answer.status
  }

  /** Returns the paths that log lines at level warning name. */
  function paths(): readonly unknown[] {
    return scene.log.flatMap((line) =>
      line.severity === 'WARNING' && 'path' in line ? [line.path] : [],
    )
  }
}

describe('a request to no route', () => {
  it('is counted, and logged once a minute when it has a token', async (t) => {
    const { ask, paths, refusals, clock } = await startScene(t)

    for (let n = 0; n < 3; n++) assert.equal(await ask('POST', '/pubsub/push', TOKEN), 404)
    await clock.advance(60_000)
    assert.equal(await ask('GET', '/push', TOKEN), 404)

    assert.deepEqual(await refusals(), { NOT_FOUND: 4 })
    assert.deepEqual(paths(), ['POST /pubsub/push', 'GET /push'])
  })

  it('is counted and not logged when it has no token', async (t) => {
    const { ask, log, refusals } = await startScene(t)

    assert.equal(await ask('GET', '/favicon.ico'), 404)
    assert.equal(await ask('GET', '/%zz'), 404)

    assert.deepEqual(await refusals(), { NOT_FOUND: 2 })
    assert.deepEqual(
      log.filter(({ severity }) => severity !== 'INFO'),
      [],
    )
  })

  for (const [what, path, logged] of [
    ['without its query', '/pubsub?token=secret', 'POST /pubsub'],
    ['without what follows a semicolon', '/pubsub;token=secret', 'POST /pubsub'],
    ['cut off when it is long', `/${'x'.repeat(5_000)}`, `POST /${'x'.repeat(99)}…`],
    ['when it is no legal URL', '/%zz', 'POST /%zz'],
  ] as const) {
    it(`is logged with its path ${what}`, async (t) => {
      const { ask, paths, log } = await startScene(t)

      assert.equal(await ask('POST', path, TOKEN), 404)

      assert.deepEqual(paths(), [logged])
      assert.doesNotMatch(JSON.stringify(log), /secret/)
    })
  }
})

describe('a push', () => {
  for (const path of ['/push', '/push/', '/', '/push?x=1', '/push/?x=1']) {
    it(`is taken at ${path}`, async (t) => {
      const { ask, url } = await startScene(t)

      const answer = await fetch(`${url}${path}`, {
        method: 'POST',
        body: '{"message":{"messageId":"1"}}',
      })

      assert.equal(answer.status, 204)
      assert.equal(await ask('GET', path), 404)
    })
  }
})
