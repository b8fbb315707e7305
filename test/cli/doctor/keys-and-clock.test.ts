import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keysAnswer, OF_SERVICE, startDoctorScene } from './scene.ts'

describe('the check of the keys', () => {
  it('is good when the key server gives keys', async (t) => {
    const scene = await startDoctorScene(t)
    const { host } = new URL(scene.google.url)

    assert.deepEqual(await scene.findings('keys'), [`ok ${host} answers, 1 key`])
    scene.google.answers('/certs', keysAnswer({}, 2))
    assert.deepEqual(await scene.findings('keys'), [`ok ${host} answers, 2 keys`])
  })

  for (const [name, answer, said] of [
    ['an error', { status: 503, body: 'down' }, 'answers with status 503, not with keys'],
    ['a page', { status: 200, body: '<html>' }, 'answers without a set of RSA keys'],
    ['no keys', keysAnswer({}, 0), 'answers without a set of RSA keys'],
  ] as const) {
    it(`fails for ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.answers('/certs', answer)

      assert.deepEqual(await scene.findings('keys'), [
        `fail ${new URL(scene.google.url).host} ${said}`,
      ])
    })
  }

  it('fails when nothing listens', async (t) => {
    const scene = await startDoctorScene(t)
    await scene.google.close()

    assert.match((await scene.findings('keys')).join(), /^fail .* cannot be reached: ECONNREFUSED$/)
  })

  it('is skipped when the service needs none', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('keys', [], { env: { PUSH_AUTH: 'none' } })

    assert.deepEqual(found, ['skip PUSH_AUTH is none: the service needs no keys'])
  })
})

describe('the check of the clock', () => {
  const at = (time: string, headers = {}) =>
    keysAnswer({ date: `Thu, 01 Jan 2026 ${time} GMT`, ...headers })

  for (const [answer, kind, seconds] of [
    [at('00:00:00'), 'ok', '0.5'],
    [at('00:00:29'), 'ok', '29.5'],
    [at('00:00:30'), 'warn', '30.5'],
    [keysAnswer({ date: 'Wed, 31 Dec 2025 23:59:00 GMT' }), 'warn', '59.5'],
    [at('00:04:59'), 'warn', '299.5'],
    [at('00:05:00'), 'fail', '300.5'],
    [at('00:00:00', { age: '3600' }), 'fail', '3600.5'],
  ] as const) {
    it(`finds ${kind} when it is ${seconds} s off`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.answers('/certs', answer)

      const [found = ''] = await scene.findings('clock')

      const { host } = new URL(scene.google.url)
      assert.ok(found.startsWith(`${kind} ${seconds} s from that of ${host}`), found)
    })
  }

  it('adds the age of an answer that a cache gives', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(
      '/certs',
      keysAnswer({ date: 'Wed, 31 Dec 2025 23:00:00 GMT', age: '3600' }),
    )

    assert.match((await scene.findings('clock')).join(), /^ok 0\.5 s /)
  })

  it('asks the key server once for both checks', async (t) => {
    const scene = await startDoctorScene(t)
    const { out } = await scene.run(['--only', 'clock,keys'])

    assert.match(out, /^ok {4}clock .*\nok {4}keys /)
    assert.equal(scene.google.keyRequests(), 1)
  })

  it('takes Mixpanel’s time where the service needs no keys', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('clock', [], { env: { PUSH_AUTH: 'none' } })

    // The answer has the real time, and the clock of the test stands still.
    assert.match(
      found.join(),
      new RegExp(`^fail .* from that of ${new URL(scene.mixpanel.url).host}`),
    )
    assert.equal(scene.google.keyRequests(), 0)
  })

  it('is skipped when no time can be had', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers('/certs', keysAnswer({ date: 'soon' }))

    assert.match((await scene.findings('clock')).join(), /^skip .* does not tell its time$/)
    await scene.google.close()
    assert.match((await scene.findings('clock')).join(), /^skip .* cannot be reached/)
  })

  it('is skipped for a service on Cloud Run', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('clock', OF_SERVICE)

    assert.deepEqual(found, ['skip Cloud Run sets the clock of its instances'])
  })
})
