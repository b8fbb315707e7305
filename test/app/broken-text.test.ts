import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../src/local/pubsub-stand-in.ts'
import { startPubsub } from '../helpers/pubsub.ts'
import { startWorld, type World } from '../helpers/world.ts'

const NOT_UTF8 = Buffer.from('{"event":"caf\xe9","properties":{"distinct_id":"u-1"}}', 'latin1')
const MENDED = '{"event":"café","properties":{"distinct_id":"u-1"}}'

describe('a message of a thousand lines, one of which is not UTF-8', () => {
  const lines = Array.from({ length: 1_000 }, (_, index) => eventOf(`e-${index + 1}`))
  const bytes = withBadLine(lines, 500)
  for (const [how, data] of [
    ['plain', bytes],
    ['gzip', gzipSync(bytes)],
  ] as const) {
    it(`gives all others, and one letter with the line’s bytes and its number: ${how}`, async (t) => {
      const world = await startWorld(t)

      const answer = await world.pusher.push({ messageId: '77', data })

      assert.equal(answer.status, 204)
      assert.equal(world.mixpanel.rows().length, 999)
      const [letter, ...others] = await world.deadLetters()
      assert.deepEqual(others, [])
      assert.partialDeepStrictEqual(letter, { id: '77-500', reason: 'unreadable_data', line: 500 })
      assert.equal(letter?.data, NOT_UTF8.toString('base64'))
      assert.equal(letter?.event, undefined)
    })
  }

  it('can be replayed once it is mended, and keeps its place', async (t) => {
    const { pusher, mixpanel, pubsub } = await startTopic(t)
    await pusher.push({ messageId: '77', data: bytes })
    const [letter] = pubsub.messages()
    assert.deepEqual(letter && Buffer.from(letter.data), NOT_UTF8)

    const answer = await pusher.push({ ...letter, messageId: '99', data: MENDED })

    assert.equal(answer.status, 204)
    const row = mixpanel.rows().find(({ event }) => event === 'café')
    assert.equal(row?.properties.$insert_id, '77-500')
  })

  it('is a letter again when it is replayed as it was', async (t) => {
    const { pusher, pubsub } = await startTopic(t)
    await pusher.push({ messageId: '77', data: bytes })
    const [letter] = pubsub.messages()

    const answer = await pusher.push({ ...letter, messageId: '99' })

    assert.equal(answer.status, 204)
    const [, again] = pubsub.messages()
    assert.deepEqual(again && Buffer.from(again.data), NOT_UTF8)
    assert.equal(again?.attributes['pubsub-mixpanel-line'], '500')
  })
})

describe('JSON that is broken in one place', () => {
  it('is one letter with the whole text, though a line inside it looks like an event', async (t) => {
    const world = await startWorld(t)
    const data = `{\n  "batch": [\n    ${eventOf('inside')}\n  ],\n  "count": NaN\n}\n`

    const answer = await world.pusher.push({ messageId: '77', data })

    assert.equal(answer.status, 204)
    assert.deepEqual(world.mixpanel.rows(), [])
    const letters = await world.deadLetters()
    assert.deepEqual(
      letters.map(({ id, reason, event }) => ({ id, reason, event })),
      [{ id: '77-1', reason: 'invalid_json', event: data }],
    )
  })

  it('is one letter with the rest of an array, whose good elements are imported', async (t) => {
    const world = await startWorld(t)
    const rest = `{"event":"bad","properties":{"n":NaN}},${eventOf('c')}]`

    const answer = await world.pusher.push({
      messageId: '77',
      data: `[${eventOf('a')},${eventOf('b')},${rest}`,
    })

    assert.equal(answer.status, 204)
    assert.deepEqual(
      world.mixpanel.rows().map(({ properties }) => properties.$insert_id),
      ['77-1', '77-2'],
    )
    const letters = await world.deadLetters()
    assert.deepEqual(
      letters.map(({ id, event }) => ({ id, event })),
      [{ id: '77-3', event: rest }],
    )
  })

  it('is one letter with the bytes of the rest, when they are not UTF-8', async (t) => {
    const world = await startWorld(t)
    const rest = Buffer.concat([NOT_UTF8, Buffer.from(' x]')])

    await world.pusher.push({
      messageId: '77',
      data: Buffer.concat([Buffer.from(`[${eventOf('a')} `), rest]),
    })

    const [letter] = await world.deadLetters()
    assert.partialDeepStrictEqual(letter, { id: '77-2', data: rest.toString('base64') })
    assert.equal(letter?.event, undefined)
  })

  it('is replayed as the events it was meant to hold', async (t) => {
    const { pusher, mixpanel, pubsub } = await startTopic(t)
    await pusher.push({
      messageId: '77',
      data: `[${eventOf('a')},${eventOf('b')} ${eventOf('c')}]`,
    })
    const [letter] = pubsub.messages()

    const answer = await pusher.push({ ...letter, messageId: '99', data: `[${letter?.data}` })

    assert.equal(answer.status, 204)
    assert.deepEqual(
      mixpanel
        .rows()
        .map(({ event }) => event)
        .sort(),
      ['a', 'b', 'c'],
    )
  })
})

function eventOf(name: string): string {
  return JSON.stringify({ event: name, properties: { distinct_id: 'u-1' } })
}

function withBadLine(lines: readonly string[], number: number): Buffer {
  return Buffer.concat(
    lines.flatMap((line, index) => [
      index + 1 === number ? NOT_UTF8 : Buffer.from(line),
      Buffer.from('\n'),
    ]),
  )
}

async function startTopic(t: TestContext): Promise<World & { pubsub: Pubsub }> {
  const pubsub = await startPubsub(t)
  const env = {
    DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`,
    PUBSUB_EMULATOR_HOST: pubsub.host,
  }
  return { ...(await startWorld(t, { env })), pubsub }
}

type Pubsub = Awaited<ReturnType<typeof startPubsub>>
