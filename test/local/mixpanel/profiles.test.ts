import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LOCAL_CREDENTIALS, type MixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { startMixpanel } from '../start-local.ts'

const { token } = LOCAL_CREDENTIALS
const VERBOSE = 'verbose=1'

interface PostOptions {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
}

describe('operations on a profile', () => {
  const cases = [
    {
      what: 'set what is there and what is not',
      ops: [{ $set: { a: 1 } }, { $set: { a: 2, b: 3 } }],
      left: { a: 2, b: 3 },
    },
    {
      what: 'set once what is not there',
      ops: [{ $set: { a: 1 } }, { $set_once: { a: 2, b: 3 } }],
      left: { a: 1, b: 3 },
    },
    {
      what: 'add numbers, to 0 when there is none',
      ops: [{ $add: { a: 5 } }, { $add: { a: -2 } }],
      left: { a: 3 },
    },
    {
      what: 'add to 0 what is no number',
      ops: [{ $set: { a: 'x' } }, { $add: { a: 2 } }],
      left: { a: 2 },
    },
    {
      what: 'unite lists without duplicates',
      ops: [{ $union: { a: [1, 2, 2] } }, { $union: { a: [2, { b: 1 }] } }],
      left: { a: [1, 2, { b: 1 }] },
    },
    {
      what: 'append, duplicates too',
      ops: [{ $append: { a: 1 } }, { $append: { a: 1 } }],
      left: { a: [1, 1] },
    },
    {
      what: 'remove from lists',
      ops: [{ $set: { a: [1, 2, 1], b: 1 } }, { $remove: { a: 1, b: 1, c: 1 } }],
      left: { a: [2], b: 1 },
    },
    {
      what: 'remove nothing that every object has by birth',
      ops: [{ $set: { a: [1] } }, { $remove: { constructor: 1 } }],
      left: { a: [1] },
    },
    {
      what: 'unset by name',
      ops: [{ $set: { a: 1, b: 2 } }, { $unset: ['a', 'c'] }],
      left: { b: 2 },
    },
  ]
  for (const { what, ops, left } of cases) {
    it(`${what}`, async (t) => {
      const mixpanel = await startMixpanel(t)

      assert.equal(await post(mixpanel, '/engage', ops.map(userUpdate)), '1')

      assert.deepEqual(mixpanel.profiles(), [{ id: ['ada'], properties: left }])
    })
  }

  it('delete it', async (t) => {
    const mixpanel = await startMixpanel(t)

    await post(mixpanel, '/engage', [{ $set: { a: 1 } }, { $delete: '' }].map(userUpdate))

    assert.deepEqual(mixpanel.profiles(), [])
  })

  it('concern that profile alone', async (t) => {
    const mixpanel = await startMixpanel(t)
    const bob = { $token: token, $distinct_id: 'bob', $set: { b: 1 } }

    await post(mixpanel, '/engage', [userUpdate({ $set: { a: 1 } }), bob])

    assert.deepEqual(mixpanel.profiles(), [
      { id: ['ada'], properties: { a: 1 } },
      { id: ['bob'], properties: { b: 1 } },
    ])
  })

  for (const op of [
    { $set: 1 },
    { $set_once: [] },
    { $add: { a: '1' } },
    { $union: { a: 1 } },
    { $append: 'a' },
    { $remove: null },
    { $unset: { a: 1 } },
    { $unset: [1] },
  ]) {
    it(`are refused with a value they do not take: ${JSON.stringify(op)}`, async (t) => {
      const mixpanel = await startMixpanel(t)

      assert.deepEqual(await post(mixpanel, '/engage', [userUpdate(op)], { query: VERBOSE }), {
        error: 'the operation does not take such a value',
        status: 0,
      })
      assert.deepEqual(mixpanel.profiles(), [])
    })
  }
})

describe('an update is answered 200 and not applied', () => {
  const set = { $set: { a: 1 } }
  const cases = [
    {
      what: 'without a token',
      update: { ...userUpdate(set), $token: '' },
      error: '$token, missing or empty',
    },
    {
      what: 'without a distinct id',
      update: { ...userUpdate(set), $distinct_id: '' },
      error: 'distinct_id, missing or empty',
    },
    {
      what: 'without an operation',
      update: userUpdate({}),
      error: 'exactly one operation is wanted',
    },
    {
      what: 'with two operations',
      update: userUpdate({ ...set, $unset: [] }),
      error: 'exactly one operation is wanted',
    },
    { what: 'that is no object', update: 7, error: 'data, missing or empty' },
    {
      what: 'of more than 1 MB',
      update: userUpdate({ $set: { a: 'x'.repeat(1024 * 1024) } }),
      error: 'an update must not be larger than 1MB',
    },
    {
      what: 'of more than 2000 properties',
      update: userUpdate({ $set: numbered(2001) }),
      error: 'a profile has 2000 properties at most',
    },
    {
      what: 'with a name of 256 characters',
      update: userUpdate({ $set: { ['x'.repeat(256)]: 1 } }),
      error: 'the name of a property has 255 characters at most',
    },
    {
      what: 'with a list of more than 256 KB',
      update: userUpdate({ $set: { a: ['x'.repeat(256 * 1024 - 3)] } }),
      error: 'a list or an object has 256KB at most',
    },
  ]
  for (const { what, update, error } of cases) {
    it(`when it comes ${what}`, async (t) => {
      const mixpanel = await startMixpanel(t)

      const answer = await post(mixpanel, '/engage', [update], { query: VERBOSE })

      assert.deepEqual(answer, { error, status: 0 })
      assert.equal(await post(mixpanel, '/engage', [update]), '0')
      assert.deepEqual(mixpanel.profiles(), [])
    })
  }

  it('when another project is meant, and says that all is well', async (t) => {
    const mixpanel = await startMixpanel(t)
    const update = { ...userUpdate(set), $token: 'other' }

    const answer = await post(mixpanel, '/engage', [update], { query: VERBOSE })

    assert.deepEqual(answer, { error: null, status: 1 })
    assert.deepEqual(mixpanel.profiles(), [])
  })

  it('when there are more than 2000', async (t) => {
    const mixpanel = await startMixpanel(t)

    assert.equal(await post(mixpanel, '/engage', Array(2000).fill(userUpdate(set))), '1')
    assert.equal(await post(mixpanel, '/engage', Array(2001).fill(userUpdate(set))), '0')
  })

  it('when its body is gzip, no JSON, no list or empty', async (t) => {
    const mixpanel = await startMixpanel(t)

    for (const body of ['\u001f\ufffd', '{', '{}', '[]', '']) {
      const answer = await post(mixpanel, '/engage', body, { query: VERBOSE })
      assert.deepEqual(answer, { error: 'data, missing or empty', status: 0 })
    }
  })
})

describe('a profile', () => {
  it('takes no more than 2000 properties in the end, and keeps those it has', async (t) => {
    const mixpanel = await startMixpanel(t)
    await post(mixpanel, '/engage', [userUpdate({ $set: numbered(2000) })])

    assert.equal(await post(mixpanel, '/engage', [userUpdate({ $set: { more: 1 } })]), '0')
    assert.equal(await post(mixpanel, '/engage', [userUpdate({ $set: { key0: 'new' } })]), '1')

    assert.partialDeepStrictEqual(mixpanel.profiles(), [{ properties: { key0: 'new' } }])
  })

  it('is updated by a form too, in JSON or base64', async (t) => {
    const mixpanel = await startMixpanel(t)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const json = JSON.stringify([userUpdate({ $add: { n: 1 } })])

    for (const data of [json, Buffer.from(json).toString('base64')]) {
      const body = String(new URLSearchParams({ data }))
      assert.equal(await post(mixpanel, '/engage', body, { headers }), '1')
    }

    assert.partialDeepStrictEqual(mixpanel.profiles(), [{ properties: { n: 2 } }])
  })

  it('is forgotten with the rows', async (t) => {
    const mixpanel = await startMixpanel(t)
    await post(mixpanel, '/engage', [userUpdate({ $set: { a: 1 } })])
    await post(mixpanel, '/groups', [groupUpdate({ $set: { a: 1 } })])

    mixpanel.clear()

    assert.deepEqual([mixpanel.profiles(), mixpanel.groups()], [[], []])
  })

  it('can be read with curl, as can that of a group', async (t) => {
    const mixpanel = await startMixpanel(t)
    await post(mixpanel, '/engage', [userUpdate({ $set: { a: 1 } })])
    await post(mixpanel, '/groups', [groupUpdate({ $set: { b: 1 } })])
    const view = async (path: string) => (await fetch(mixpanel.url + path)).json()

    assert.deepEqual(await view('/profiles'), mixpanel.profiles())
    assert.deepEqual(await view('/groups'), mixpanel.groups())
  })
})

describe('an update', () => {
  it('may be 1 MB long', async (t) => {
    const mixpanel = await startMixpanel(t)
    const empty = JSON.stringify(userUpdate({ $set: { a: '' } }))
    const a = 'x'.repeat(1024 * 1024 - empty.length)

    assert.equal(await post(mixpanel, '/engage', [userUpdate({ $set: { a } })]), '1')
  })

  it('may name a property in 255 characters, and hold a list of 256 KB', async (t) => {
    const mixpanel = await startMixpanel(t)
    const list = ['x'.repeat(256 * 1024 - 4)]

    const update = userUpdate({ $set: { ['😀'.repeat(255)]: list } })

    assert.equal(await post(mixpanel, '/engage', [update]), '1')
  })
})

describe('some updates that are good and some that are not', () => {
  const mixed = [userUpdate({ $set: { a: 1 } }), userUpdate({})]

  it('are 1 while one is enough, and 0 when all must be good; the good ones are applied', async (t) => {
    const mixpanel = await startMixpanel(t)

    assert.equal(await post(mixpanel, '/engage', mixed), '1')
    mixpanel.switches.set({ engageText: 'all_valid' })
    assert.equal(await post(mixpanel, '/engage', mixed), '0')
    assert.equal(await post(mixpanel, '/engage', mixed.slice(0, 1)), '1')
    assert.deepEqual(await post(mixpanel, '/engage', mixed, { query: VERBOSE }), {
      error: 'exactly one operation is wanted',
      status: 0,
    })

    assert.deepEqual(mixpanel.profiles(), [{ id: ['ada'], properties: { a: 1 } }])
  })

  it('are told of with verbose=2 as with 1, unless that means nothing', async (t) => {
    const mixpanel = await startMixpanel(t)
    const query = 'verbose=2'

    assert.deepEqual(await post(mixpanel, '/engage', mixed, { query }), { error: null, status: 1 })
    mixpanel.switches.set({ engageVerbose2: 'unknown' })
    assert.equal(await post(mixpanel, '/engage', mixed, { query }), '1')
    assert.deepEqual(await post(mixpanel, '/engage', mixed, { query: VERBOSE }), {
      error: null,
      status: 1,
    })
  })

  it('are counted with strict=1 when told to', async (t) => {
    const mixpanel = await startMixpanel(t)
    const query = 'verbose=1&strict=1'

    assert.deepEqual(await post(mixpanel, '/engage', mixed, { query }), { error: null, status: 1 })
    mixpanel.switches.set({ engageStrict: 'counted' })
    assert.deepEqual(await post(mixpanel, '/engage', mixed, { query }), {
      error: null,
      status: 1,
      num_good_events: 1,
    })
  })
})

describe('the profile of a group', () => {
  it('is told by key and id, and takes the operations of groups', async (t) => {
    const mixpanel = await startMixpanel(t)
    const ops = [
      { $set: { a: 1, list: [1, 2] } },
      { $set_once: { b: 2 } },
      { $union: { list: [3] } },
      { $remove: { list: 1 } },
      { $unset: ['a'] },
    ]

    assert.equal(await post(mixpanel, '/groups', ops.map(groupUpdate)), '1')
    assert.deepEqual(mixpanel.groups(), [
      { id: ['company', 'acme'], properties: { list: [2, 3], b: 2 } },
    ])
    await post(mixpanel, '/groups', [groupUpdate({ $delete: '' })])
    assert.deepEqual(mixpanel.groups(), [])
  })

  for (const { update, error } of [
    {
      update: { ...groupUpdate({ $set: {} }), $group_key: '' },
      error: '$group_key, missing or empty',
    },
    {
      update: { ...groupUpdate({ $set: {} }), $group_id: null },
      error: '$group_id, missing or empty',
    },
    {
      update: { ...groupUpdate({ $set: {} }), $distinct_id: 'ada' },
      error: '$distinct_id, not allowed for groups',
    },
    { update: groupUpdate({ $append: { a: 1 } }), error: '$append, not supported' },
    { update: groupUpdate({ $add: { a: 1 } }), error: '$add, not supported' },
  ]) {
    it(`is not updated: ${error}`, async (t) => {
      const mixpanel = await startMixpanel(t)

      const answer = await post(mixpanel, '/groups', [update], { query: VERBOSE })

      assert.deepEqual(answer, { error, status: 0 })
      assert.deepEqual(mixpanel.groups(), [])
    })
  }

  it('takes $add where that is switched on', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { groupAdd: 'accepted' } })

    await post(mixpanel, '/groups', [groupUpdate({ $add: { a: 1 } })])
    await post(mixpanel, '/groups', [groupUpdate({ $append: { a: 1 } })])

    assert.partialDeepStrictEqual(mixpanel.groups(), [{ properties: { a: 1 } }])
  })
})

/** Posts without credentials, and returns the body: parsed when it is JSON. */
async function post(
  { url }: MixpanelStandIn,
  path: string,
  body: string | readonly unknown[],
  { query = '', headers = { 'content-type': 'application/json' } }: PostOptions = {},
): Promise<unknown> {
  const sent = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${url}${path}?${query}`, { method: 'POST', headers, body: sent })
  assert.equal(answer.status, 200)
  const text = await answer.text()
  return answer.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text
}

function userUpdate(op: object): object {
  return { $token: token, $distinct_id: 'ada', ...op }
}

function groupUpdate(op: object): object {
  return { $token: token, $group_key: 'company', $group_id: 'acme', ...op }
}

function numbered(count: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]))
}
