import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { refusalOfName } from '../../src/local/loopback-name.ts'
import { startTokenIssuer } from '../../src/local/token-issuer.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { startMixpanel } from './start-local.ts'

/** Asks a server under another name, as the page of a web site does whose name leads here. */
function ask(url: string, method: string, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { host }, agent: false })
    asked.on('error', reject).on('response', (answer) => resolve(answer.statusCode ?? 0))
    asked.end(method === 'POST' ? '{"messages":[{"attributes":{"a":"b"}}]}' : undefined)
  })
}

async function standIns(t: TestContext) {
  const issuer = await startTokenIssuer()
  t.after(issuer.close)
  return { issuer, mixpanel: await startMixpanel(t), pubsub: await startPubsub(t) }
}

describe('a stand-in', () => {
  for (const [name, isTaken] of [
    ['127.0.0.1:8082', true],
    ['LOCALHOST', true],
    ['[::1]:8082', true],
    ['evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example:8082', false],
    ['127.0.0.1:8082@evil.example', false],
    ['0.0.0.0:8082', false],
    ['', false],
    [undefined, false],
  ] as const) {
    it(`${isTaken ? 'answers to' : 'does not answer to'} the name ${name}`, () => {
      const headers = name === undefined ? {} : { host: name }

      assert.equal(refusalOfName({ headers })?.status, isTaken ? undefined : 403)
    })
  }

  for (const [who, method, path] of [
    ['mixpanel', 'GET', '/control'],
    ['mixpanel', 'DELETE', '/control/faults'],
    ['mixpanel', 'GET', '/events'],
    ['mixpanel', 'DELETE', '/rows'],
    ['pubsub', 'GET', '/local/subscriptions'],
    ['pubsub', 'POST', '/v1/projects/local-project/topics/events-dead:publish'],
    ['issuer', 'GET', '/token'],
  ] as const) {
    it(`refuses ${method} ${path} of ${who} under the name of a web site`, async (t) => {
      const url = `${(await standIns(t))[who].url}${path}`

      assert.equal(await ask(url, method, 'evil.example'), 403)
      assert.equal(await ask(url, method, 'localhost'), 200 + (path === '/rows' ? 4 : 0))
    })
  }

  it('answers as the real service under any name, for a proxy between', async (t) => {
    const { mixpanel, issuer } = await standIns(t)

    assert.equal(await ask(`${mixpanel.url}/import?strict=1`, 'POST', 'api.mixpanel.com'), 401)
    assert.equal(await ask(issuer.jwksUrl, 'GET', 'www.googleapis.com'), 200)
  })
})
