import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../src/local/pubsub-stand-in.ts'
import type { PrivacyStep } from '../../src/transform/mapping/mapping-file.ts'
import { compilePrivacy } from '../../src/transform/mapping/privacy/compile-privacy.ts'
import { withPrivacy } from '../../src/transform/mapping/privacy/with-privacy.ts'
import { asPublished, createTransform, type Transform } from '../../src/transform/transform.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { startWorld, type World, type WorldOptions } from '../helpers/world.ts'

const MESSAGE = { messageId: '77', publishTime: '2026-01-02T03:04:05.678Z' }
const STEPS: readonly PrivacyStep[] = [
  { remove: ['**.email', '**.contact.phone', 'customer.name'] },
  { hash: ['**.passport', 'customer.id'], key: 'KEY' },
]
const SECRET = 's3cr3t-value'
/** No push waits for the events of others. */
const AT_ONCE = { BATCH_LINGER_MS: '0' }

function privately(transform: Transform = asPublished, steps = STEPS): Transform {
  const made = compilePrivacy(steps, { env: { KEY: 'a key of the tests' }, keys: 'environment' })
  assert.ok(made.kind === 'compiled')
  return withPrivacy(transform, made.privacy)
}

function startPrivate(t: TestContext, options: WorldOptions = {}): Promise<World> {
  return startWorld(t, { transform: privately(), ...options })
}

/** Lets Mixpanel refuse the one event of the next request, and quote a value of it. */
function refuseNext({ mixpanel }: World, quoted: string): void {
  const failed = {
    index: 0,
    field: 'properties.x',
    message: `'properties.x' is invalid: ${quoted}`,
  }
  mixpanel.answerNext(1, {
    kind: 'status',
    status: 400,
    body: JSON.stringify({
      code: 400,
      error: 'some data points in the request failed validation',
      failed_records: [failed],
      num_records_imported: 0,
      status: 'Bad Request',
    }),
  })
}

function eventOf(properties: object, name = 'a'): string {
  return JSON.stringify({ event: name, properties: { distinct_id: 'u', ...properties } })
}

describe('an event that came out of the mapping', () => {
  it('is stored as it came out, when it cannot be prepared or Mixpanel refuses it', async (t) => {
    const world = await startPrivate(t)
    const customer = { name: SECRET, plan: 'pro' }
    refuseNext(world, 'plan pro')

    await world.pusher.push({ ...MESSAGE, data: eventOf({ customer }) })
    await world.pusher.push({ ...MESSAGE, messageId: '78', data: eventOf({ customer, time: 'x' }) })

    const letters = await world.deadLetters()
    assert.deepEqual(
      letters.map(({ reason, stage, event }) => [reason, stage, event]),
      [
        ['refused_by_mixpanel', 'mapped', eventOf({ customer: { plan: 'pro' } })],
        ['invalid_event', 'mapped', eventOf({ customer: { plan: 'pro' }, time: 'x' })],
      ],
    )
    assert.equal(letters[0]?.detail, "'properties.x' is invalid: plan pro")
  })

  it('is stored as it was published with DEAD_LETTER_ORIGINAL=keep', async (t) => {
    const world = await startPrivate(t, { env: { DEAD_LETTER_ORIGINAL: 'keep' } })
    const data = eventOf({ email: 'kept', time: 'x' })

    await world.pusher.push({ ...MESSAGE, data, attributes: { email: 'kept' } })

    const [letter] = await world.deadLetters()
    assert.deepEqual([letter?.stage, letter?.event], ['published', data])
    assert.deepEqual(letter?.message.attributes, { email: 'kept' })
  })

  it('is sent byte for byte when nothing is taken from it', async (t) => {
    const world = await startPrivate(t)
    const data =
      '{ "event":"a", "properties":{"distinct_id":"u","n":1.0,"time":1767000000,"$insert_id":"i"} }'

    await world.pusher.push({ ...MESSAGE, data })

    assert.equal(world.mixpanel.rows()[0]?.properties.n, 1)
    assert.equal(world.mixpanel.traffic().bytes, data.length + 2)
  })
})

describe('a letter in a topic', () => {
  it('says that its event is mapped, and is not taken from the topic as an event', async (t) => {
    const { world, pubsub } = await startTopic(t, { transform: privately() })
    await world.pusher.push({ ...MESSAGE, data: eventOf({ email: SECRET, time: 'x' }) })
    const [letter] = pubsub.messages()
    assert.ok(letter)
    assert.equal(letter.attributes['pubsub-mixpanel-stage'], 'mapped')

    await world.pusher.push({ ...letter, messageId: '900' })

    assert.equal(world.mixpanel.rows().length, 0)
    const { attributes, data } = pubsub.messages()[1] ?? {}
    assert.equal(attributes?.['pubsub-mixpanel-id'], '77-1')
    assert.equal(attributes?.['pubsub-mixpanel-stage'], 'mapped')
    assert.equal(attributes?.['pubsub-mixpanel-replays'], '1')
    assert.match(attributes?.['pubsub-mixpanel-detail'] ?? '', /dead-letters replay/)
    assert.equal(data?.toString(), letter.data.toString())
  })

  it('is prepared and not mapped again by a service without a privacy section', async (t) => {
    const { world, pubsub } = await startTopic(t, {
      transform: privately(createTransform(() => [{}, { event: 'b', properties: { time: 'x' } }])),
    })
    await world.pusher.push({ ...MESSAGE, data: '{}' })
    const fails = createTransform(() => {
      throw new Error('no')
    })
    const other = await startWorld(t, { transform: fails })
    const letter = pubsub.messages().find(({ data }) => data.toString().includes('b'))
    assert.ok(letter)

    const data = '{"event":"b","properties":{"distinct_id":"u"}}'
    await other.pusher.push({ ...letter, messageId: '9', data })

    assert.deepEqual(
      other.mixpanel.rows().map(({ event, insertId }) => [event, insertId.length]),
      [['b', 36]],
    )
  })

  it('comes again as the same letter when it was stored without its content', async (t) => {
    const { world, pubsub } = await startTopic(t, {
      transform: privately(createTransform(() => ({ event: 'a', properties: {} }))),
      env: { DEAD_LETTER_ORIGINAL: 'never' },
    })
    await world.pusher.push({ ...MESSAGE, data: `{"email":"${SECRET}` })
    const [letter] = pubsub.messages()
    assert.ok(letter)

    await world.pusher.push({ ...letter, messageId: '9' })

    assert.equal(world.mixpanel.rows().length, 0)
    for (const { data, attributes } of pubsub.messages()) {
      assert.equal(data.length, 0)
      assert.equal(attributes['pubsub-mixpanel-shortened'], 'content')
    }
    assert.equal(pubsub.messages()[1]?.attributes['pubsub-mixpanel-id'], '77-1')
  })
})

describe('a message of too many rejected events', () => {
  it('is stored whole, with the paths that begin with ** applied to its lines', async (t) => {
    const world = await startPrivate(t)
    const line = (secret: string) => `{"email":"${secret}","n":1}\n`
    const data = gzipSync(`${eventOf({ time: 1 })}\n${line(SECRET).repeat(2_000)}`)
    const attributes = Object.fromEntries(
      Array.from({ length: 80 }, (_, at) => [`a${at}`, 'v'.repeat(1_000)]),
    )

    await world.pusher.push({ ...MESSAGE, data, attributes: { ...attributes, to: SECRET } })

    const [letter, ...others] = await world.deadLetters()
    assert.equal(others.length, 0)
    assert.equal(letter?.reason, 'too_many_rejected')
    assert.deepEqual(letter.message.attributes, attributes)
    const text = gunzipSync(Buffer.from(letter.data ?? '', 'base64')).toString()
    assert.equal(text, `${eventOf({ time: 1 })}\n${'{"n":1}\n'.repeat(2_000)}`)
  })
})

/** Names for the path `**.email`, as they may stand in JSON. */
const EMAIL_NAMES = [
  'email',
  'Email',
  'E-MAIL',
  'e_mail',
  '$email',
  'e mail',
  '\\u0065mail',
  'x.email',
]
const OTHER_NAMES = ['a', 'b.c', 'customer', '__proto__', 'constructor', '']

/** JSON texts with the secret at each end of `**` paths, and nowhere else. */
function jsonWithSecrets(): fc.Arbitrary<string> {
  const { value } = fc.letrec<{
    value: string
    hidden: string
    object: string
    list: string
    inner: string
  }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('1', '"x"', 'null', '9007199254740993', '""'),
      tie('object'),
      tie('list'),
      tie('inner'),
    ),
    hidden: fc.oneof(
      fc.constantFrom(
        `"${SECRET}"`,
        `["${SECRET}"]`,
        `{"a":"${SECRET}"}`,
        `{"${SECRET}":1}`,
        `"[\\"${SECRET}\\"]"`,
      ),
    ),
    object: fc
      .array(
        fc.oneof(
          fc.tuple(fc.constantFrom(...OTHER_NAMES), tie('value')),
          fc.tuple(fc.constantFrom(...EMAIL_NAMES, 'passport', 'contact.phone'), tie('hidden')),
          fc.tuple(
            fc.constant('contact'),
            tie('hidden').map((hidden) => `{"Phone":${hidden}}`),
          ),
        ),
        { maxLength: 4 },
      )
      .map((members) => `{${members.map(([name, json]) => `"${name}":${json}`).join()}}`),
    list: fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    inner: tie('object').map((json) => JSON.stringify(json)),
  }))
  return value
}

describe('a value at the end of a ** path', () => {
  it('is sent, stored, logged and exposed nowhere', async (t) => {
    const fails = createTransform(
      (input) => {
        if (JSON.stringify(input ?? '').includes('"fail":true'))
          throw new Error(JSON.stringify(input))
        return [input, { event: 'b', properties: input }].map((event) => Object(event))
      },
      import.meta.dirname,
      true,
    )
    const worlds = [
      await startPrivate(t, { env: AT_ONCE }),
      await startPrivate(t, { env: AT_ONCE, transform: privately(fails) }),
    ]
    let messageId = 0

    await fc.assert(
      fc.asyncProperty(
        jsonWithSecrets(),
        jsonWithSecrets(),
        fc.boolean(),
        async (json, other, isRefused) => {
          const data = [
            json,
            `{"event":"a","properties":{"distinct_id":"u","x":${json}},"y":${other}}`,
            `{"event":"a","time":"no","properties":{"time":"no","x":${other}}}`,
            `{"fail":true,"x":${json}}`,
            `{"event":"b","properties":${other}}`,
          ].join('\n')
          for (const world of worlds) {
            messageId += 1
            if (isRefused) refuseNext(world, 'no')
            await world.pusher.push({
              messageId: String(messageId),
              data,
              orderingKey: json.includes(SECRET) ? SECRET : 'k',
              attributes: { source: 'web', 'E-Mail': SECRET, body: other },
            })
          }
        },
      ),
      { numRuns: 40 },
    )

    for (const world of worlds) {
      const letters = await world.deadLetters()
      assert.ok(letters.length > 40 && world.mixpanel.rows().length > 0)
      await assertNowhere(world, JSON.stringify(letters))
    }
  })
})

describe('a value at the end of another path', () => {
  it('is sent, logged and exposed nowhere, and in no letter of a mapped event', async (t) => {
    const transform = createTransform((input, { attributes }) => {
      const properties = {
        customer: { name: attributes.who, id: attributes.who, ...Object(input) },
      }
      return [
        { event: 'a', properties: { distinct_id: 'u', ...properties } },
        { event: 'b', properties: { ...properties, time: 'no' } },
      ]
    })
    const world = await startPrivate(t, { env: AT_ONCE, transform: privately(transform) })
    const names = fc.constantFrom('name', 'id')
    const hidden = fc.constantFrom<unknown>(SECRET, [SECRET], { a: SECRET }, [[{ a: [SECRET] }]])
    let messageId = 0

    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, hidden), fc.boolean(), async (customer, isRefused) => {
        messageId += 1
        if (isRefused) refuseNext(world, 'no')
        await world.pusher.push({
          messageId: String(messageId),
          data: JSON.stringify(customer),
          orderingKey: SECRET,
          attributes: { who: SECRET, source: 'web', note: `of ${SECRET}` },
        })
      }),
      { numRuns: 40 },
    )

    const letters = await world.deadLetters()
    assert.ok(letters.length >= 40 && letters.every(({ stage }) => stage === 'mapped'))
    assert.ok(world.mixpanel.rows().length > 0)
    await assertNowhere(world, JSON.stringify(letters))
  })
})

async function assertNowhere(world: World, letters: string): Promise<void> {
  const health = await fetch(`${world.url}/health/ready`)
  const places = {
    sent: JSON.stringify(world.mixpanel.rows()),
    letters,
    logs: world.logLines.join('\n'),
    metrics: await world.service.metrics.text(),
    health: await health.text(),
  }
  for (const [place, text] of Object.entries(places)) {
    const at = text.indexOf(SECRET)
    assert.equal(at, -1, `${place}: ${text.slice(Math.max(0, at - 300), at + 60)}`)
  }
}

async function startTopic(t: TestContext, options: WorldOptions) {
  const pubsub = await startPubsub(t)
  const env = {
    DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
    PUBSUB_EMULATOR_HOST: `127.0.0.1:${pubsub.port}`,
    ...options.env,
  }
  return { world: await startWorld(t, { ...options, env }), pubsub }
}
