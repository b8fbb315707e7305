import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { lettersIn } from '../../helpers/world.ts'
import {
  COPIED,
  eventText,
  LETTERS,
  messagesOf,
  onLine,
  startSubscription,
} from './subscription-scene.ts'

const YESTERDAY = eventText({ time: 'yesterday' })
const FIX_TIME = `export default (event, letter) => {
  event.properties.time = letter.message.publishTime
  return event
}`
const FOREIGN = { data: 'hello', attributes: { a: 'b' } }

describe('dead-letters list of a subscription', () => {
  it('counts the letters, says how many messages it looked at, and gives all back', async (t) => {
    const { letters, run, subscription } = await startSubscription(t)
    const refused = { reason: 'refused_by_mixpanel', field: 'properties.plan' } as const
    await letters(onLine(1), onLine(2, refused), onLine(3))

    const { code, out, err } = await run('list')

    assert.deepEqual([code, err], [0, ''])
    assert.deepEqual(out.split('\n'), [
      'REASON               FIELD            EVENT  LETTERS  FIRST             LAST',
      'invalid_event        properties.time  e            2  2026-01-01 00:00  2026-01-01 00:00',
      'refused_by_mixpanel  properties.plan  e            1  2026-01-01 00:00  2026-01-01 00:00',
      `3 letters in ${LETTERS} (3 messages looked at)`,
      '',
    ])
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 3])
    assert.equal(subscription.pull(10).length, 3)
  })

  it('counts a letter once that several instances have stored', async (t) => {
    const { letters, run } = await startSubscription(t)
    await letters(onLine(1), onLine(1), onLine(1, { replays: 1 }))

    const { out } = await run('list', '--json')

    assert.partialDeepStrictEqual(JSON.parse(out), {
      subscription: LETTERS,
      open: 2,
      done: 0,
      unreadable: 0,
      foreign: 0,
      messages: 3,
      whole: true,
    })
  })

  it('lists copies that a dead-letter policy made, and says of other messages that they stay', async (t) => {
    const { publish, letters, run, subscription } = await startSubscription(t)
    const part = {
      data: 'x',
      attributes: { 'pubsub-mixpanel-id': '1-1', 'pubsub-mixpanel-part': '1/2' },
    }
    publish({ data: eventText(), attributes: { ...COPIED } }, FOREIGN, part)
    await letters(onLine(1))

    const { code, out, err } = await run('list', '--by', 'reason,subscription')

    assert.equal(code, 1)
    assert.match(out, /^dead_letter_policy +projects\/p1\/subscriptions\/events-push +1 /m)
    assert.match(out, /^2 letters in .* \(4 messages looked at\)$/m)
    assert.deepEqual(err.split('\n'), [
      'messages that are no letters, and stay: 1',
      'letters that cannot be read, and stay: 1',
      'copies of whole messages, whose events get new ids unless they have an $insert_id: 1',
      '',
    ])
    assert.equal(subscription.backlog(), 4)
  })

  it('takes the flags that choose letters', async (t) => {
    const { publish, letters, run } = await startSubscription(t)
    publish({ data: eventText(), attributes: { ...COPIED } })
    await letters(onLine(1), onLine(2, { event: '{"event":"paid"}', reason: 'too_large' }))

    const listed = async (...args: readonly string[]) =>
      (await run('list', '--ids', ...args)).out.trimEnd().split('\n')

    assert.deepEqual(await listed('--event', 'paid'), ['77-2'])
    assert.deepEqual(await listed('--reason', 'invalid_event', '--all'), ['77-1'])
    assert.match(String(await listed('--reason', 'dead_letter_policy')), /^\d+-0$/)
    assert.equal((await listed('--since', '2026-01-01', '--until', '2026-01-01')).length, 2)
  })

  it('escapes the invisible characters of letters', async (t) => {
    const { letters, run } = await startSubscription(t)
    await letters(onLine(1, { id: 'a\u202eb', event: '{"event":"x\\u001b[2J"}' }))

    assert.match((await run('list')).out, /x\\u001b\[2J/)
    assert.match((await run('list', '--ids')).out, /^a\\u202eb$/m)
  })

  it('reads more messages than one answer holds', async (t) => {
    const { publish, run, subscription } = await startSubscription(t)
    const [message = {}] = await messagesOf(onLine(1))
    const ids = Array.from({ length: 2_500 }, (_, at) => ({ 'pubsub-mixpanel-id': `77-${at}` }))
    publish(...ids.map((id) => ({ ...message, attributes: { ...message.attributes, ...id } })))

    assert.match((await run('list')).out, /^2,500 letters in .* \(2,500 messages looked at\)$/m)
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 2_500])
  })
})

describe('dead-letters show of a subscription', () => {
  it('shows a letter with its event and what would become of it, and gives all back', async (t) => {
    const { letters, run, subscription } = await startSubscription(t)
    await letters(onLine(1), onLine(2, { event: YESTERDAY }))

    const { code, out } = await run('show', '77-2')

    assert.equal(code, 0)
    assert.match(out, /^reason +invalid_event$/m)
    assert.match(out, /^now +would fail again: invalid_event properties\.time/m)
    assert.ok(out.includes(YESTERDAY))
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 2])
  })

  it('shows a letter that was compressed to be published', async (t) => {
    const { publish, run } = await startSubscription(t)
    publish(...(await messagesOf(onLine(1), { compressed: true })))

    assert.ok((await run('show', '77-1')).out.includes(eventText()))
  })

  it('says that there is no such letter', async (t) => {
    const { run } = await startSubscription(t)

    const { code, err } = await run('show', '77-2')

    assert.deepEqual([code, err], [1, `no letter 77-2 in ${LETTERS}\n`])
  })
})

describe('a dry run of a replay of a subscription', () => {
  it('says what would become of the letters, and gives all back', async (t) => {
    const { letters, run, subscription, mixpanel } = await startSubscription(t)
    await letters(
      onLine(1),
      onLine(2, { event: YESTERDAY }),
      onLine(3, { replays: 5 }),
      onLine(4, { reason: 'refused_by_mixpanel', insertId: 'i', time: 1_767_000_000_000 }),
    )

    const { code, out } = await run('replay')

    assert.equal(code, 1)
    assert.match(
      out,
      /^4 letters {3}1 would be sent · 2 would fail again · 1 not known until sent$/m,
    )
    assert.ok(out.includes(`(see: dead-letters show --from ${LETTERS} 77-2)`), out)
    assert.match(out, /Nothing was sent\. Add --apply\.$/m)
    assert.equal(mixpanel.requests().length, 0)
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 4])
    assert.equal(subscription.pull(10).length, 4)
  })

  it('needs neither Mixpanel nor a place for letters', async (t) => {
    const { letters, run, subscription } = await startSubscription(t, {
      env: { MIXPANEL_PROJECT_TOKEN: '', DEAD_LETTER: 'nonsense' },
    })
    await letters(onLine(1))

    const { code, out } = await run('replay', '--limit', '1', '--json')

    assert.equal(code, 0)
    assert.partialDeepStrictEqual(JSON.parse(out), { subscription: LETTERS, would_be_sent: 1 })
    assert.equal(subscription.outstanding(), 0)
  })
})

describe('a replay of a subscription', () => {
  it('sends the letters under their own ids, and acks them', async (t) => {
    const { letters, run, rows, subscription, pubsub } = await startSubscription(t)
    await letters(onLine(1), onLine(1), onLine(2, { insertId: 'own', time: 1_767_000_000_000 }))

    const { code, out, err } = await run('replay', '--apply')

    assert.deepEqual([code, out, err], [0, '2 letters   2 imported\n', ''])
    assert.deepEqual(rows(), ['e 77-1', 'e own'])
    assert.deepEqual([subscription.stats().acks, subscription.backlog()], [3, 0])
    assert.equal(pubsub.requests().length, 0)
    assert.match((await run('list')).out, /^0 letters in .* \(0 messages looked at\)$/m)
  })

  it('stores a letter that fails again with one replay more, and then acks the old one', async (t) => {
    const { letters, run, subscription } = await startSubscription(t)
    await letters(onLine(1, { event: YESTERDAY }), onLine(2))

    const { code, out, err } = await run('replay', '--apply')

    assert.equal(code, 1)
    assert.match(out, /^2 letters {3}1 imported · 1 failed again$/m)
    assert.match(err, /^letters that failed again, in projects\/.*\/events-dead now: 1$/m)
    const [again, ...others] = subscription.pull(10)
    assert.equal(again?.message.attributes['pubsub-mixpanel-id'], '77-1')
    assert.equal(again?.message.attributes['pubsub-mixpanel-replays'], '1')
    assert.equal(String(again?.message.data), YESTERDAY)
    assert.deepEqual(others, [])
  })

  it('stores it in a folder when DEAD_LETTER names one', async (t) => {
    const { letters, run, subscription, folder, env } = await startSubscription(t)
    env.DEAD_LETTER = `file:${folder}/again`
    await letters(onLine(1, { event: YESTERDAY }))

    const { err } = await run('replay', '--apply')

    assert.match(err, /^letters that failed again, in .*\/again now: 1$/m)
    assert.partialDeepStrictEqual(await lettersIn(join(folder, 'again')), [
      { id: '77-1', replays: 1, event: YESTERDAY },
    ])
    assert.equal(subscription.backlog(), 0)
  })

  it('leaves it when DEAD_LETTER is subscription', async (t) => {
    const { letters, run, subscription } = await startSubscription(t, {
      env: { DEAD_LETTER: 'subscription' },
    })
    await letters(onLine(1, { event: YESTERDAY }), onLine(2))

    const { code, err } = await run('replay', '--apply')

    assert.equal(code, 1)
    assert.match(err, /^letters that failed again, in the subscription now: 1$/m)
    assert.deepEqual([subscription.stats().acks, subscription.backlog()], [1, 1])
    assert.equal(subscription.outstanding(), 0)
  })

  it('leaves the old letter when the new one cannot be stored', async (t) => {
    const { letters, run, subscription, pubsub } = await startSubscription(t)
    await letters(onLine(1, { event: YESTERDAY }))
    pubsub.answerAlways({ kind: 'status', status: 503, body: {} })

    const { code, out, err } = await run('replay', '--apply')

    assert.equal(code, 1)
    assert.match(out, /1 not sent/)
    assert.match(err, /could not be stored in projects\/.*\/events-dead/)
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 1])
  })

  it('sends a letter that always fails --max-replays times, once a run', async (t) => {
    const { letters, run, subscription } = await startSubscription(t)
    await letters(onLine(1, { event: YESTERDAY }))

    const outs: string[] = []
    for (let time = 0; time < 3; time += 1) {
      outs.push((await run('replay', '--apply', '--max-replays', '2')).out.split('\n')[0] ?? '')
    }

    assert.deepEqual(outs, [
      '1 letter   1 failed again',
      '1 letter   1 failed again',
      '1 letter   1 not sent',
    ])
    assert.equal(subscription.backlog(), 1)
  })

  it('sends the events of a copy, and stores those that are bad as letters of their own', async (t) => {
    const { publish, run, rows, subscription } = await startSubscription(t)
    const bad = '{"event":'
    const data = `${eventText()}\n${bad}\n${eventText({ n: 2 })}`
    const [id] = publish({ data, attributes: { ...COPIED, a: 'b' } })

    const { code } = await run('replay', '--apply')

    assert.equal(code, 1)
    assert.deepEqual(rows(), [`e ${id}-1`, `e ${id}-3`])
    const [again, ...others] = subscription.pull(10)
    assert.equal(String(again?.message.data), bad)
    assert.partialDeepStrictEqual(again?.message.attributes, {
      a: 'b',
      'pubsub-mixpanel-id': `${id}-2`,
      'pubsub-mixpanel-replays': '1',
      'pubsub-mixpanel-subscription': 'projects/p1/subscriptions/events-push',
      'pubsub-mixpanel-publish-time': '2026-01-01T00:00:00.000Z',
    })
    assert.deepEqual(others, [])
  })

  it('never acks a message that is no letter, or a letter that was not asked for', async (t) => {
    const { publish, letters, run, rows, subscription } = await startSubscription(t)
    publish(FOREIGN)
    await letters(onLine(1), onLine(2), onLine(3, { reason: 'too_large' }))

    const { code, err } = await run(
      'replay',
      '--apply',
      '--reason',
      'invalid_event',
      '--limit',
      '1',
    )

    assert.equal(code, 0)
    assert.match(err, /^messages that are no letters, and stay: 1$/m)
    assert.deepEqual(rows(), ['e 77-1'])
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 3])
  })

  it('takes the service’s own transform, and a fix', async (t) => {
    const { letters, run, rows, module } = await startSubscription(t, {
      transform: `export default ({ items }) => items.map((event) => ({ event, properties: { distinct_id: 'u', time: 'x' } }))`,
    })
    const child = { child: 2, children: 2, insertId: 'c', time: 1_767_000_000_000 }
    await letters(onLine(1, { event: '{"items":["a","b"]}', id: '77-1-2', ...child }))

    await run('replay', '--apply')

    assert.deepEqual(rows(), ['b c'])
    await letters(onLine(2, { event: YESTERDAY }))
    const fix = await module('fix.mjs', FIX_TIME)
    assert.match((await run('replay', '--fix', fix)).out, /would/)
  })

  it('asks on a terminal, and gives all back when the answer is no', async (t) => {
    const { letters, run, subscription, mixpanel } = await startSubscription(t, { terminal: true })
    await letters(onLine(1))

    const { code, err } = await run('replay', '--apply')

    assert.equal(code, 1)
    assert.match(err, /Send 1 letter to http:.*\? \[y\/N\] Nothing was sent\./s)
    assert.equal(mixpanel.requests().length, 0)
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 1])
  })

  it('writes nothing into the folder it runs in', async (t) => {
    const { letters, run, folder } = await startSubscription(t)
    await letters(onLine(1))

    await run('replay', '--apply')

    assert.deepEqual(await readdir(folder), [])
  })

  it('stops when Mixpanel refuses the credentials, and gives all back', async (t) => {
    const { letters, run, subscription } = await startSubscription(t, {
      env: { MIXPANEL_PROJECT_TOKEN: 'f'.repeat(32) },
    })
    await letters(onLine(1), onLine(2))

    const { code, err } = await run('replay', '--apply')

    assert.equal(code, 1)
    assert.match(err, /Mixpanel answered 401: look at token, project and region/)
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 2])
  })
})

it('prune is for folders only', async (t) => {
  const { run } = await startSubscription(t)

  const { code, err } = await run('prune', '--done')

  assert.equal(code, 2)
  assert.match(err, /--from takes a folder here/)
})
