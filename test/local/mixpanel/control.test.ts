import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FAVOURED, SWITCHES } from '../../../src/local/mixpanel/switches.ts'
import { aRecord, postImport } from '../post-import.ts'
import { startMixpanel } from '../start-local.ts'

const GOOD = aRecord()

describe('over the control API', () => {
  it('switches are set, and shown as they are set', async (t) => {
    const { url } = await startMixpanel(t)

    const answer = await control(url, 'PATCH /control/switches', { idManagement: 'original' })

    assert.equal(answer.status, 200)
    const switches = { ...FAVOURED, idManagement: 'original' }
    assert.deepEqual(await setOf(url), {
      switches,
      faults: { next: [], always: 'normally' },
      quota: 'unlimited',
    })
    assert.equal((await postImport(url, [aRecord({}, '$merge')])).status, 200)
  })

  it('switches go back to the favoured reading', async (t) => {
    const { url } = await startMixpanel(t, { switches: { idManagement: 'original' } })

    assert.equal((await control(url, 'DELETE /control/switches')).status, 200)

    assert.equal((await postImport(url, [aRecord({}, '$merge')])).status, 400)
  })

  it('a fault is set for a number of requests', async (t) => {
    const { url } = await startMixpanel(t)
    const fault = { kind: 'status', status: 503, body: 'no', headers: { 'retry-after': '1' } }

    assert.equal((await control(url, 'PUT /control/faults', { ...fault, times: 2 })).status, 200)
    assert.partialDeepStrictEqual(await setOf(url), {
      faults: { next: [{ behaviour: fault, times: 2 }] },
    })

    assert.deepEqual(await statuses(url, 3), [503, 503, 200])
  })

  it('a fault is set until it is changed, or ended', async (t) => {
    const { url } = await startMixpanel(t)

    await control(url, 'PUT /control/faults', { kind: 'odd', answer: 'bad_gateway_page' })
    assert.deepEqual(await statuses(url, 2), [502, 502])
    await control(url, 'PUT /control/faults', { kind: 'throttle', retryInMs: 0 })
    assert.deepEqual(await statuses(url, 2), [429, 429])
    await control(url, 'DELETE /control/faults')
    assert.deepEqual(await statuses(url, 1), [200])
  })

  it('a fault that is set ends those that were', async (t) => {
    const { url } = await startMixpanel(t)
    await control(url, 'PUT /control/faults', { kind: 'status', status: 500, times: 9 })

    await control(url, 'PUT /control/faults', { kind: 'shortfall', imported: 0, once: true })

    assert.deepEqual(await statuses(url, 1), [200])
  })

  it('the end of faults sends the answers that a gate holds', async (t) => {
    const mixpanel = await startMixpanel(t)
    await control(mixpanel.url, 'PUT /control/faults', { kind: 'gate' })
    const held = postImport(mixpanel.url, [GOOD])
    await mixpanel.waitForRequests(1)

    await control(mixpanel.url, 'DELETE /control/faults')

    assert.equal((await held).status, 200)
  })

  it('a quota is set and lifted', async (t) => {
    const { url } = await startMixpanel(t)

    await control(url, 'PUT /control/quota', { events: 1, windowMs: 60_000 })
    assert.partialDeepStrictEqual(await setOf(url), { quota: { events: 1, windowMs: 60_000 } })
    assert.deepEqual(await statuses(url, 2), [200, 429])
    await control(url, 'DELETE /control/quota')
    assert.deepEqual(await statuses(url, 1), [200])
  })

  it('rows and requests are forgotten, and nothing else', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.switches.set({ oversizeBody: 413 })
    await postImport(mixpanel.url, [GOOD])

    assert.equal((await control(mixpanel.url, 'DELETE /rows')).status, 204)

    assert.deepEqual([mixpanel.rows(), mixpanel.requests()], [[], []])
    assert.equal(mixpanel.switches.values().oversizeBody, 413)
  })

  for (const { route, body, complaint } of [
    {
      route: 'PATCH /control/switches',
      body: { insertIdKey: 'id' },
      complaint: 'switch insertIdKey cannot be "id"; it is "insert_id" | "$insert_id"',
    },
    {
      route: 'PATCH /control/switches',
      body: [],
      complaint: 'an object of switches is wanted',
    },
    {
      route: 'PUT /control/faults',
      body: 'hang',
      complaint: /^kind must be one of status, odd, throttle, hang, .*, gate$/,
    },
    { route: 'PUT /control/faults', body: { kind: 'x' }, complaint: /^kind must be one of / },
    {
      route: 'PUT /control/faults',
      body: { kind: 'status', status: 99 },
      complaint: 'status must be a status from 200 to 599',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'status', status: 600 },
      complaint: 'status must be a status from 200 to 599',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'status', status: 500, headers: { a: 1 } },
      complaint: 'headers must be an object of texts',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'status', status: 500, body: 5 },
      complaint: 'body must be a text or an object',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'odd', answer: 'even' },
      complaint: /^answer must be one of upstream_error, /,
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'hang', times: 0 },
      complaint: 'times must be a whole number above 0',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'shortfall', imported: 1, once: 'yes' },
      complaint: 'once must be true or false',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'delay' },
      complaint: 'ms must be a whole number',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'delay', ms: 1, seconds: 1 },
      complaint: 'no such field: seconds; there are ms, times, kind',
    },
    {
      route: 'PUT /control/faults',
      body: { kind: 'hang', constructor: 1 },
      complaint: 'no such field: constructor; there are times, kind',
    },
    {
      route: 'PUT /control/quota',
      body: { events: -1 },
      complaint: 'events must be a whole number',
    },
    {
      route: 'PUT /control/quota',
      body: null,
      complaint: 'an object with events, bytes, windowMs is wanted',
    },
  ] as const) {
    it(`${route} of ${JSON.stringify(body)} is refused with what the choices are`, async (t) => {
      const mixpanel = await startMixpanel(t)
      const before = await setOf(mixpanel.url)

      const answer = await control(mixpanel.url, route, body)

      assert.equal(answer.status, 400)
      const text = (await answer.text()).trimEnd()
      if (typeof complaint === 'string') assert.equal(text, complaint)
      else assert.match(text, complaint)
      assert.deepEqual(await setOf(mixpanel.url), before)
    })
  }

  it('a body that is no JSON is refused', async (t) => {
    const { url } = await startMixpanel(t)

    const answer = await fetch(`${url}/control/quota`, { method: 'PUT', body: '{"events":' })

    assert.equal(answer.status, 400)
  })

  it('every switch is shown with its choices and the evidence, and every fault with its fields', async (t) => {
    const { url } = await startMixpanel(t)

    const { choices } = await shown(url)

    assert.deepEqual(Object.keys(choices.switches), Object.keys(SWITCHES))
    assert.deepEqual(choices.switches.insertIdKey, {
      choices: '"insert_id" | "$insert_id"',
      about: SWITCHES.insertIdKey.about,
    })
    assert.deepEqual(choices.faults.shortfall, {
      imported: 'a whole number',
      once: 'true or false; may be absent',
    })
  })

  it('every route is listed at the root', async (t) => {
    const { url } = await startMixpanel(t)

    const text = await (await fetch(url)).text()

    for (const path of [
      '/import',
      '/rows',
      '/events',
      '/compacted',
      '/requests',
      '/traffic',
      '/control/quota',
    ]) {
      assert.ok(text.includes(path), path)
    }
  })

  it('tells whoever started it what is set, after each request that sets something', async (t) => {
    const told: string[] = []
    const { url } = await startMixpanel(t, {
      controlled: ({ switches, faults, quota }) => {
        told.push(JSON.stringify([switches.poison, faults, quota]))
      },
    })

    await control(url, 'PATCH /control/switches', { poison: 'p' })
    await control(url, 'PUT /control/faults', { kind: 'hang', times: 2 })
    await control(url, 'PUT /control/quota', { events: 5 })
    await control(url, 'PUT /control/quota', { events: 'no' })
    await control(url, 'GET /control')
    for (const what of ['switches', 'faults', 'quota'])
      await control(url, `DELETE /control/${what}`)

    const hang = '{"next":[{"behaviour":{"kind":"hang"},"times":2}],"always":"normally"}'
    const none = '{"next":[],"always":"normally"}'
    assert.deepEqual(told, [
      `["p",${none},"unlimited"]`,
      `["p",${hang},"unlimited"]`,
      `["p",${hang},{"events":5}]`,
      `["",${hang},{"events":5}]`,
      `["",${none},{"events":5}]`,
      `["",${none},"unlimited"]`,
    ])
  })
})

async function control(url: string, route: string, body?: unknown): Promise<Response> {
  const [method = '', path = ''] = route.split(' ')
  const sent = body === undefined ? {} : { body: JSON.stringify(body) }
  return fetch(`${url}${path}`, { method, ...sent })
}

/** The answer of `GET /control`. */
interface Shown {
  readonly set: unknown
  readonly choices: Readonly<Record<'switches' | 'faults', Readonly<Record<string, unknown>>>>
}

async function shown(url: string): Promise<Shown> {
  return JSON.parse(await (await fetch(`${url}/control`)).text())
}

async function setOf(url: string): Promise<unknown> {
  return (await shown(url)).set
}

async function statuses(url: string, count: number): Promise<readonly number[]> {
  const seen = []
  for (let n = 0; n < count; n++) seen.push((await postImport(url, [GOOD])).status)
  return seen
}
