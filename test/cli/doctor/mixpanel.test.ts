import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { startLoopbackServer } from '../../../src/local/loopback-server.ts'
import { LOCAL_CREDENTIALS } from '../../../src/local/mixpanel-stand-in.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'
import { until } from '../../helpers/until.ts'
import { aService, OF_SERVICE, SERVICE_PATH, startDoctorScene } from './scene.ts'

/** The region as in production, where its host is known. */
const IN_EU = { MIXPANEL_URL: '', MIXPANEL_REGION: 'eu' }
const record = (changes: object) => ({
  index: 0,
  field: 'properties.time',
  message: 'm',
  ...changes,
})
const body = (changes: object) => ({
  code: 400,
  error: 'some data points in the request failed validation',
  failed_records: [record({})],
  num_records_imported: 0,
  ...changes,
})

describe('the check of Mixpanel', () => {
  it('is good when Mixpanel refuses the event for its time, and nothing is stored', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('mixpanel')

    const { host } = new URL(scene.mixpanel.url)
    assert.deepEqual(found, [`ok ${host} takes this token (0 ms); nothing was stored`])
    assert.deepEqual(scene.mixpanel.rows(), [])
    assert.equal(scene.mixpanel.requests().length, 1)
  })

  it('sends the same event of the year 2100 each time, under strict=1', async (t) => {
    const scene = await startDoctorScene(t)
    const sent: unknown[] = []
    const server = await startLoopbackServer(
      { name: 'Mixpanel', port: 0 },
      async (request, response) => {
        sent.push({ url: request.url, events: JSON.parse(await text(request)) })
        response.end()
      },
    )
    t.after(() => server.close())

    await scene.findings('mixpanel', [], { env: { MIXPANEL_URL: server.url } })
    await scene.findings('mixpanel', [], { env: { MIXPANEL_URL: server.url } })

    const properties = {
      time: Date.UTC(2100, 0, 1),
      distinct_id: '',
      $insert_id: 'pubsub-mixpanel-doctor',
      $ignore: true,
    }
    const once = {
      url: '/import?strict=1&ip=0',
      events: [{ event: 'pubsub-mixpanel doctor', properties }],
    }
    assert.deepEqual(sent, [once, once])
  })

  it('stores nothing where an event of the future is taken', async (t) => {
    const scene = await startDoctorScene(t)
    scene.mixpanel.switches.set({ farFuture: 'clamped' })

    const found = await scene.findings('mixpanel')

    assert.match(found.join(), /^warn /)
    assert.deepEqual(scene.mixpanel.rows(), [])
  })

  it('is good with a service account, too', async (t) => {
    const scene = await startDoctorScene(t)
    const { username, secret } = LOCAL_CREDENTIALS.serviceAccount

    const found = await scene.findings('mixpanel', [], {
      env: {
        MIXPANEL_PROJECT_TOKEN: '',
        MIXPANEL_SERVICE_ACCOUNT_USERNAME: username,
        MIXPANEL_SERVICE_ACCOUNT_SECRET: secret,
        MIXPANEL_PROJECT_ID: LOCAL_CREDENTIALS.projectId,
      },
    })

    assert.match(found.join(), /^ok .* takes this service account/)
  })

  it('fails with Mixpanel’s own text when the credentials are refused', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('mixpanel', [], {
      env: { MIXPANEL_PROJECT_TOKEN: 'other-token' },
    })

    assert.match(found.join(), /^fail .* refuses this token: Unauthorized, invalid project secret/)
    assert.equal(scene.other.requests().length, 0)
  })

  it('asks other regions only when it is told to, and names the one that takes the token', async (t) => {
    const scene = await startDoctorScene(t)
    scene.mixpanel.switches.set({ host: 'wrong_401' })

    const unasked = await scene.findings('mixpanel', [], { env: IN_EU })
    const requestsBefore = scene.other.requests().length
    const asked = await scene.findings('mixpanel', ['--other-regions'], { env: IN_EU })

    assert.match(unasked.join(), /\(--other-regions asks/)
    assert.equal(requestsBefore, 0)
    assert.match(asked.join(), /^fail .* takes it: set MIXPANEL_REGION=us$/)
  })

  it('says so when no other region takes the token', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('mixpanel', ['--other-regions'], {
      env: { ...IN_EU, MIXPANEL_PROJECT_TOKEN: 'unknown-token' },
    })

    assert.match(found.join(), /^fail .*; no other region takes it$/)
  })

  for (const [env, kind] of [
    [IN_EU, 'fail'],
    [{}, 'warn'],
  ] as const) {
    it(`finds a proxy or a stand-in behind a 200: ${kind} at ${'MIXPANEL_URL' in env ? 'a region' : 'MIXPANEL_URL'}`, async (t) => {
      const scene = await startDoctorScene(t)
      const answer = { code: 200, num_records_imported: 1, status: 'OK' }
      scene.mixpanel.answerAlways({ kind: 'status', status: 200, body: answer })

      const found = await scene.findings('mixpanel', [], { env })

      assert.match(found.join(), new RegExp(`^${kind} .* it is a proxy or a stand-in$`))
    })
  }

  it('warns when the project is throttled', async (t) => {
    const scene = await startDoctorScene(t)
    scene.mixpanel.answerAlways({ kind: 'throttle', retryInMs: 1_000 })

    assert.match((await scene.findings('mixpanel')).join(), /^warn .* answers 429/)
  })

  it('is good for an answer without a count', async (t) => {
    const scene = await startDoctorScene(t)
    const { num_records_imported, ...rest } = body({})
    scene.mixpanel.answerAlways({ kind: 'status', status: 400, body: rest })

    assert.equal(num_records_imported, 0)
    assert.match((await scene.findings('mixpanel')).join(), /^ok /)
  })

  for (const [name, status, answer] of [
    ['another field', 400, body({ failed_records: [record({ field: '$insert_id' })] })],
    ['another index', 400, body({ failed_records: [record({ index: 1 })] })],
    ['no index', 400, body({ failed_records: [record({ index: undefined })] })],
    ['two records', 400, body({ failed_records: [record({}), record({ index: 1 })] })],
    ['records of text', 400, body({ failed_records: ['properties.time'] })],
    ['no record', 400, body({ failed_records: undefined })],
    ['an event that was imported', 400, body({ num_records_imported: 1 })],
    ['a text', 400, 'Bad Request'],
    ['no page', 404, '<html>'],
    ['a proxy that forbids', 403, '<html>'],
    ['a redirect', 302, ''],
    ['another success', 202, body({})],
    ['an error', 500, 'upstream connect error'],
  ] as const) {
    it(`fails for an answer that proves nothing: ${status}, ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.mixpanel.answerAlways({ kind: 'status', status, body: answer })

      assert.match((await scene.findings('mixpanel')).join(), /^fail .* proves nothing: /)
    })
  }

  it('fails when nothing listens', async (t) => {
    const scene = await startDoctorScene(t)
    await scene.mixpanel.close()

    assert.match(
      (await scene.findings('mixpanel')).join(),
      /^fail .* cannot be reached: ECONNREFUSED/,
    )
  })

  it('fails after five seconds without an answer, and the other checks go on', async (t) => {
    const scene = await startDoctorScene(t)
    scene.mixpanel.answerAlways({ kind: 'hang' })
    const io = createFakeIo({ env: scene.env })

    const running = scene.run(['--only', 'mixpanel,keys'], { io })
    await until('the request', () => scene.mixpanel.requests().length === 1)
    await io.clock.advance(5_000)

    const { code, out } = await running
    assert.equal(code, 1)
    assert.match(out, /FAIL {2}mixpanel +no answer within 5 s\nok {4}keys/)
  })

  it('is skipped when a secret of the service holds the token', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('mixpanel', OF_SERVICE, {
      env: { MIXPANEL_PROJECT_TOKEN: '' },
    })

    assert.match(found.join(), /^skip .* set MIXPANEL_PROJECT_TOKEN here, too, to try it$/)
    assert.equal(scene.mixpanel.requests().length, 0)
  })

  it('asks the region of the service, with a token of the shell, and mends its region', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.has(SERVICE_PATH, aService())
    scene.mixpanel.switches.set({ host: 'wrong_401' })

    const found = await scene.findings('mixpanel', ['--other-regions', ...OF_SERVICE], {
      env: { MIXPANEL_URL: 'http://127.0.0.1:1' },
    })

    assert.match(
      found.join(),
      / mend: gcloud run services update pubsub-mixpanel --region europe-west1 --project p --update-env-vars MIXPANEL_REGION=us$/,
    )
  })

  it('runs while other parts of the configuration are broken', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('mixpanel', [], {
      env: { PUSH_AUDIENCE: '', DEAD_LETTER: 'x' },
    })

    assert.match(found.join(), /^ok /)
  })
})
