import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'
import { startLocal } from '../cli/local-scene.ts'
import { startPage } from './page-scene.ts'

const GOOD = '{"event":"hello","properties":{"distinct_id":"me"}}'
const BAD = '{"event":"hello","properties":{"distinct_id":"me","time":"yesterday"}}'
/** Past 2^53, where a number of JavaScript is another one. */
const LARGE = '{"event":"hello","properties":{"distinct_id":"me","n":12345678901234567891}}'
const MAPPING = `version: 1
rules:
  - name: health checks
    when: 'data.type == "health_check"'
    drop: true
  - name: all else
    event: '\${data.type}'
    distinct_id: '\${data.userId}'
`

async function aMapping(t: Parameters<typeof aFolder>[0], text = MAPPING): Promise<string> {
  const path = join(await aFolder(t), 'mapping.yaml')
  await writeFile(path, text)
  return path
}

describe('the page of a local world', () => {
  it('has its address beside the others', async (t) => {
    const local = await startLocal(t)

    assert.match(local.said(), new RegExp(`page +http://127.0.0.1:${local.base + 5}\n`))
    assert.match(local.said(), /^Starting a whole world on this machine …\n/)
  })

  it('is not there with --no-page', async (t) => {
    const local = await startLocal(t, ['--no-page'])

    assert.doesNotMatch(local.said(), /\bpage\b/)
    await assert.rejects(fetch(`http://127.0.0.1:${local.base + 5}/`))
  })

  it('shows a message with each event: its outcome, field, and what was sent', async (t) => {
    const { publish, comes, ask } = await startPage(t)

    const messageId = await publish(`${LARGE}\n${BAD}\nno JSON`, {
      attributes: { a: 'b' },
      orderingKey: 'k',
    })
    await comes({ kind: 'delivered', messageId, answer: '204', settlement: 'ack', attempt: 1 })
    await comes({ kind: 'settled', messageId, reason: 'dead_lettered' })
    await comes({ kind: 'dead_letter', id: `${messageId}-2` })
    await comes({ kind: 'dead_letter', id: `${messageId}-3` })
    const { body } = await ask('message', { messageId })

    assert.partialDeepStrictEqual(body, {
      messageId,
      attributes: { a: 'b' },
      orderingKey: 'k',
      deliveries: [{ settlement: 'ack', attempt: 1 }],
      events: [
        { line: 1, outcome: 'imported', copies: 1, input: LARGE },
        { line: 2, outcome: 'dead_lettered', reason: 'invalid_event', field: 'properties.time' },
        { line: 3, outcome: 'dead_lettered', reason: 'invalid_json', input: 'no JSON' },
      ],
    })
    const { sent } = body.events[0]
    const written = sent.filter((piece: { isChanged?: true }) => piece.isChanged)
    assert.equal(written.at(-1).text, `"${messageId}-1"`)
    assert.equal(written.length, 2)
    assert.ok(sent[0].text.includes('12345678901234567891'))
  })

  it('shows what Mixpanel has, with its requests, and the books', async (t) => {
    const { publish, comes, ask, url } = await startPage(t)
    const ownId =
      '{"event":"own","properties":{"distinct_id":"me","time":1795510800,"$insert_id":"own-1"}}'

    await comes({ kind: 'delivered', messageId: await publish(`${GOOD}\n${ownId}`) })
    await comes({ kind: 'delivered', messageId: await publish(ownId) })
    const { body } = await ask('mixpanel')

    const marked = body.rows.map(({ event, pieces }: { event: string; pieces: object[] }) => {
      return [event, pieces.filter((piece) => 'isChanged' in piece).length]
    })
    assert.deepEqual(marked, [
      ['own', 0],
      ['own', 0],
      ['hello', 2],
    ])
    assert.partialDeepStrictEqual(body.requests, [{ status: 200, events: 1, stored: 1 }])
    await until('the present counts', async () => {
      const { present } = await (await fetch(`${url}/state`)).json()
      return present.mixpanel.copies === 1 && present.books.imported === 3
    })
  })

  it('lists a dead letter as dead-letters list does, and replays it with a mended text', async (t) => {
    const { publish, comes, ask, local } = await startPage(t)
    const messageId = await publish(BAD)
    await comes({ kind: 'dead_letter', id: `${messageId}-1` })
    const listed = await ask('letters')
    const [{ key }] = listed.body.letters

    const opened = await ask('letter', { key })
    const noJson = await ask('replay', { key, text: '{' })
    const again = await ask('replay', { key, text: BAD })
    const gone = await ask('replay', { key, text: BAD })
    const relisted = await ask('letters')
    const mended = await ask('replay', { key: relisted.body.letters[0].key, text: LARGE })

    assert.partialDeepStrictEqual(listed.body, {
      open: 1,
      done: 0,
      groups: [{ values: ['invalid_event', 'properties.time', 'hello'], letters: 1 }],
    })
    assert.deepEqual([opened.body.text, opened.body.isMendable], [BAD, true])
    assert.match(opened.body.now, /^would fail again: invalid_event properties\.time: /)
    assert.partialDeepStrictEqual(again.body.report, { failed_again: 1, imported: 0 })
    assert.equal(noJson.status, 400)
    assert.match(noJson.body.error, /^The event is no JSON: /)
    assert.equal(gone.status, 404)
    assert.partialDeepStrictEqual(mended.body.report, { imported: 1, failed_again: 0 })
    assert.partialDeepStrictEqual((await ask('letters')).body, { open: 0, done: 2 })
    const events = await (await fetch(`http://127.0.0.1:${local.base + 2}/rows`)).text()
    // The row holds the text as it was sent, with every digit.
    assert.match(events, /12345678901234567891/)
    const { body } = await ask('message', { messageId })
    assert.partialDeepStrictEqual(body.deliveries, [{ settlement: 'ack' }])
  })

  it('says why a message was nacked, and shows its redelivery', async (t) => {
    const { publish, comes, ask } = await startPage(t)
    const fault = { kind: 'status', status: 503 }
    assert.equal((await ask('weather', { part: 'faults', to: fault })).status, 200)

    const messageId = await publish(GOOD)
    const nack = await comes({ kind: 'delivered', messageId, settlement: 'nack' })
    const { body } = await ask('message', { messageId })
    await ask('weather', { part: 'faults', to: null })
    await comes({ kind: 'delivered', messageId, settlement: 'ack', again: 'redelivery' })

    assert.equal(nack.code, 'MIXPANEL_UNAVAILABLE')
    assert.partialDeepStrictEqual(body.events, [
      { outcome: 'returned', reason: 'MIXPANEL_UNAVAILABLE' },
    ])
  })

  it('says what the stand-in does not take', async (t) => {
    const { ask } = await startPage(t)

    const fault = await ask('weather', { part: 'faults', to: { kind: 'bogus' } })
    const part = await ask('weather', { part: 'constructor', to: null })
    const empty = await ask('publish', { text: '' })

    assert.deepEqual([fault.status, /^kind must be one of/.test(fault.body.error)], [400, true])
    assert.equal(part.status, 400)
    assert.match(empty.body.text, /Some messages are empty/)
  })

  it('takes the keys away, so that pushes are nacked, and gives them back', async (t) => {
    const { publish, comes, ask } = await startPage(t)
    await comes({ kind: 'delivered', messageId: await publish(GOOD), settlement: 'ack' })

    await ask('weather', { part: 'keys', to: 'withheld' })
    const messageId = await publish(GOOD)
    const nack = await comes({ kind: 'delivered', messageId, settlement: 'nack' })
    await ask('weather', { part: 'keys', to: null })

    assert.match(nack.code, /^(TOKEN_KEY_UNKNOWN|KEYS_UNAVAILABLE)$/)
    await comes({ kind: 'switched', what: 'keys', to: 'withheld' })
    await comes({ kind: 'switched', what: 'keys', to: 'given' })
  })

  it('stops the service, and starts it again: the message comes then', async (t) => {
    const { publish, comes, ask, url, local } = await startPage(t)

    await ask('weather', { part: 'service', to: 'stopped' })
    const messageId = await publish(GOOD)
    await comes({ kind: 'delivered', messageId, answer: 'no answer' })
    const { present } = await (await fetch(`${url}/state`)).json()
    await ask('weather', { part: 'service', to: 'running' })

    assert.deepEqual(
      [present.service, present.health, present.books],
      ['stopped', undefined, undefined],
    )
    await comes({ kind: 'delivered', messageId, settlement: 'ack' })
    await local.says(/switched +service: stopped\n[\s\S]*switched +service: running\n/)
    assert.doesNotMatch(local.said(), /ended by itself/)
  })

  it('tries a draft of the mapping on the last message, with what each rule said', async (t) => {
    const { publish, comes, ask } = await startPage(t, [], { TRANSFORM: await aMapping(t) })
    const messageId = await publish('{"type":"paid","userId":"u-1"}')
    await comes({ kind: 'delivered', messageId, settlement: 'ack' })

    const { body: read } = await ask('mapping')
    const draft = read.text.replace('health_check', 'paid')
    const { body } = await ask('try', { text: draft })
    const { body: broken } = await ask('try', {
      text: 'version: 1\nrules:\n  - name: x\n    wen: "true"\n',
    })
    const { body: message } = await ask('message', { messageId })

    assert.equal(read.text, MAPPING)
    assert.partialDeepStrictEqual(body.trial.events, [
      { rule: 'health checks', rules: ['rules[0] health checks matched'] },
    ])
    assert.match(broken.mistakes[0], /^3:5 |^4:5 /)
    assert.partialDeepStrictEqual(message.events, [
      {
        outcome: 'imported',
        rules: [
          'rules[0] health checks did not match: data.type is "paid", not "health_check"',
          'rules[1] all else matched',
        ],
      },
    ])
  })

  it('saves the mapping, which the service loads anew, and leaves a faulty one alone', async (t) => {
    const path = await aMapping(t)
    const { publish, comes, ask, local } = await startPage(t, [], { TRANSFORM: path })
    const [, pid] = /process (\d+)/.exec(local.said()) ?? []

    await ask('save', { text: MAPPING.replace('health_check', 'paid') })
    await comes({ kind: 'switched', what: 'mapping', to: 'loaded anew' })
    const dropped = await publish('{"type":"paid","userId":"u-1"}')
    await comes({ kind: 'settled', messageId: dropped, reason: 'dropped' })
    await ask('save', { text: 'version: 1\nrules: 7\n' })
    await local.says(/switched +mapping: not loaded: .*mapping\.yaml:2/)
    const still = await publish('{"type":"paid","userId":"u-2"}')

    await comes({ kind: 'settled', messageId: still, reason: 'dropped' })
    assert.match(await readFile(path, 'utf8'), /rules: 7/)
    assert.throws(() => process.kill(Number(pid), 0), /ESRCH/)
  })

  it('loads a module anew when its file changes, too', async (t) => {
    const path = join(await aFolder(t), 'map.mjs')
    await writeFile(path, "export default (event) => ({ ...event, event: 'one' })")
    const { publish, comes, ask } = await startPage(t, [], { TRANSFORM: path })
    await comes({ kind: 'delivered', messageId: await publish(GOOD), settlement: 'ack' })

    await writeFile(path, "export default (event) => ({ ...event, event: 'another' })")
    await comes({ kind: 'switched', what: 'mapping', to: 'loaded anew' })
    const messageId = await publish(GOOD)
    await comes({ kind: 'delivered', messageId, settlement: 'ack' })
    const { body } = await ask('mixpanel')
    const { body: message } = await ask('message', { messageId })

    assert.deepEqual(
      body.rows.map(({ event }: { event: string }) => event),
      ['another', 'one'],
    )
    assert.match(message.note, /The module of TRANSFORM has changed/)
  })

  it('shows at most fifty items a second, and then sums of them', async (t) => {
    const { comes, items, local } = await startPage(t)
    const messages = Array.from({ length: 500 }, () => ({
      data: Buffer.from(GOOD).toString('base64'),
    }))

    const answer = await fetch(
      `http://127.0.0.1:${local.base + 4}/v1/projects/local-project/topics/events:publish`,
      { method: 'POST', body: JSON.stringify({ messages }) },
    )
    assert.equal(answer.status, 200)

    const { counts } = await comes({ kind: 'sums' })
    const before = items.findIndex(({ kind }) => kind === 'sums')
    const shown = items.slice(0, before).filter(({ kind }) => kind !== 'present')
    assert.equal(shown.length, 50)
    assert.equal(counts.published, 450)
  })

  it('answers another site with 403 on every action', async (t) => {
    const { url } = await startPage(t)
    const actions = [...(await actionNames()), 'bogus']
    assert.ok(actions.length > 9)

    for (const action of actions) {
      const post = (headers: Record<string, string>) =>
        fetch(`${url}/do/${action}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: '{}',
        })
      assert.equal((await post({ origin: 'http://evil.example' })).status, 403, action)
      assert.equal((await post({})).status, 403, action)
    }
  })

  it('ends on Ctrl-C with pages open, and prints the sums', async (t) => {
    const { publish, comes, local } = await startPage(t)
    const fault = `{"event":"hello","properties":{"distinct_id":"me","time":"never"}}`
    await comes({ kind: 'delivered', messageId: await publish(`${GOOD}\n${fault}`) })
    await local.says(/dead letter/)

    process.kill(-(local.command.pid ?? Number.NaN), 'SIGINT')

    assert.equal(await local.ended(), 0)
    assert.match(
      local.said(),
      /\nIn all: 1 message published, 1 acked, 0 nacked, 1 event in Mixpanel, 1 dead letter, 0 messages not acked\n$/,
    )
  })
})

/** The names of the actions, as the page asks for them. */
async function actionNames(): Promise<readonly string[]> {
  const script = await readFile(new URL('../../../src/local/page/page.js', import.meta.url), 'utf8')
  return [...new Set([...script.matchAll(/\bask\('([\w-]+)'/g)].map(([, name = '']) => name))]
}
