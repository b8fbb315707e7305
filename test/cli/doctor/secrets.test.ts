import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ACCESS_TOKEN } from './fake-google.ts'
import {
  aService,
  aSubscription,
  DEAD_TOPIC,
  OF_SERVICE,
  OF_SUBSCRIPTION,
  PUSH_ACCOUNT,
  SERVICE_PATH,
  SERVICE_URL,
  SUBSCRIPTION_PATH,
  startDoctorScene,
} from './scene.ts'

const secrets = fc.string({
  minLength: 8,
  maxLength: 40,
  unit: fc.constantFrom(...'abcXYZ0189-_/+=$&'),
})
const statuses = fc.constantFrom(200, 302, 400, 401, 403, 404, 429, 500)
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('the output of doctor', () => {
  it('holds no secret, whatever the servers say', async (t) => {
    const scene = await startDoctorScene(t)

    await fc.assert(
      fc.asyncProperty(
        secrets,
        secrets,
        statuses,
        fc.boolean(),
        async (token, secret, status, account) => {
          const told = account ? [secret, base64(`user:${secret}`)] : [token, base64(`${token}:`)]
          const error = { code: status, status: 'X', message: [...told, ACCESS_TOKEN].join(' ') }
          const body = { error: told.join(' '), failed_records: told }
          for (const one of [scene.mixpanel, scene.other])
            one.answerAlways({ kind: 'status', status, body })
          for (const path of [
            '/certs',
            SUBSCRIPTION_PATH,
            SERVICE_PATH,
            `/v1/${DEAD_TOPIC}:testIamPermissions`,
          ]) {
            scene.google.answers(path, { status, body: { error, token: ACCESS_TOKEN } })
          }
          const credentials = account
            ? {
                MIXPANEL_PROJECT_TOKEN: '',
                MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'user',
                MIXPANEL_SERVICE_ACCOUNT_SECRET: secret,
                MIXPANEL_PROJECT_ID: '1',
              }
            : { MIXPANEL_PROJECT_TOKEN: token }
          const env = { ...credentials, DEAD_LETTER: `pubsub:${DEAD_TOPIC}` }

          for (const args of [
            [],
            ['--json'],
            OF_SERVICE,
            ['--other-regions', ...OF_SUBSCRIPTION],
          ]) {
            const { out, err } = await scene.run(args, { env })

            const hidden = account
              ? [secret, base64(`user:${secret}`)]
              : [token, base64(`${token}:`)]
            for (const one of [...hidden, ACCESS_TOKEN]) {
              assert.ok(!`${out}${err}`.includes(one), `${one} in\n${out}${err}`)
            }
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  for (const [mode, audience] of [
    ['oidc', undefined],
    ['oidc', 'https://push.example.com'],
    ['cloud-run-iam', undefined],
  ] as const) {
    it(`holds no token of a push endpoint: ${mode}, ${audience}`, async (t) => {
      const scene = await startDoctorScene(t)
      const pushEndpoint = `${SERVICE_URL.replace('//', '//me:a-password@')}/push?token=a-token`
      const oidcToken = { serviceAccountEmail: PUSH_ACCOUNT, audience }
      const env = { PUSH_AUTH: mode, ...(mode === 'cloud-run-iam' && { PUSH_AUDIENCE: '' }) }
      scene.google.has(SUBSCRIPTION_PATH, aSubscription({}, { pushEndpoint, oidcToken }))
      scene.google.has(SERVICE_PATH, aService({ env }))

      for (const args of [OF_SUBSCRIPTION, [...OF_SUBSCRIPTION, ...OF_SERVICE.slice(2)]]) {
        const { out } = await scene.run(['--only', 'subscription', ...args], {
          env: { DEAD_LETTER: 'file:letters' },
        })

        assert.match(out, /subscription .*\?…/)
        assert.doesNotMatch(out, /a-token|a-password/)
      }
    })
  }

  it('holds the rest of Mixpanel’s own text', async (t) => {
    const scene = await startDoctorScene(t)
    const error = 'the token 0123456789 is unknown'
    scene.mixpanel.answerAlways({ kind: 'status', status: 401, body: { error } })

    const found = await scene.findings('mixpanel', [], {
      env: { MIXPANEL_PROJECT_TOKEN: '0123456789' },
    })

    assert.match(found.join(), /refuses this token: the token … is unknown/)
  })
})
