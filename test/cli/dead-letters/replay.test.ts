import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { deadLetters } from '../../../src/cli/dead-letters.ts'
import { Ended } from '../../../src/cli/frame/io.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import type { DeadLetter } from '../../../src/model/dead-letter.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { createFakeIo, type FakeIoOptions } from '../../helpers/fake-io.ts'
import { aFolder } from '../../helpers/world.ts'
import { startLetters } from './letters-scene.ts'

const PUBLISHED = '2026-01-01T00:00:00.000Z'
const message = {
  messageId: '77',
  subscription: 'projects/p/subscriptions/s',
  publishTime: PUBLISHED,
  attributes: {},
}
/** A module that sets a time that can be read. */
const FIX_TIME = `export default (event, letter) => {
  event.properties.time = letter.message.publishTime
  return event
}`
/** A transform that makes an event of each item, and rejects items that have no name. */
const ITEMS = `export default ({ items }) => items.map((name) => {
  return { event: name, properties: { distinct_id: 'u' } }
})`

function eventText(properties: object = {}): string {
  return JSON.stringify({ event: 'e', properties: { distinct_id: 'u', ...properties } })
}

/** A letter of a line of message 77. */
function onLine(line: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  return aDeadLetter({
    id: `77-${line}`,
    line,
    reason: 'invalid_event',
    field: 'properties.time',
    event: eventText(),
    message,
    ...changes,
  })
}

/** Letters, the commands about them, and a Mixpanel. */
async function startScene(t: TestContext, options: FakeIoOptions & { transform?: string } = {}) {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const modules = await aFolder(t)
  const transform = options.transform && (await module('transform.mjs', options.transform))
  const env = {
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    ...(transform && { TRANSFORM: transform }),
    ...options.env,
  }
  const scene = await startLetters(t, { ...options, env })
  return { ...scene, env, mixpanel, module, replay, rows, stored, open }

  async function module(name: string, text: string): Promise<string> {
    const path = join(modules, name)
    await writeFile(path, text)
    return path
  }

  function replay(...args: readonly string[]) {
    return scene.run('replay', '--rate', '30000', ...args)
  }

  /** The rows of Mixpanel as `event insert id time`. */
  function rows(): readonly string[] {
    const all = mixpanel.rows()
    return all.map(({ event, insertId, time }) => `${event} ${insertId} ${iso(time)}`).sort()
  }

  /** The letters that a replay has stored, in files of its own. */
  async function stored(): Promise<readonly DeadLetter[]> {
    const names = (await readdir(scene.folder)).filter((name) => name.startsWith('dead-letters-'))
    const texts = await Promise.all(names.map((one) => readFile(join(scene.folder, one), 'utf8')))
    const letters = texts.flatMap((text) => text.trim().split('\n'))
    // The name of a file says nothing about its age within a day.
    return letters
      .map((line): DeadLetter => JSON.parse(line))
      .sort((one, other) => one.replays - other.replays)
  }

  async function open(): Promise<number> {
    return JSON.parse((await scene.run('list', '--json')).out).open
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

describe('a dry run of a replay', () => {
  it('says what would become of the letters, and sends and writes nothing', async (t) => {
    const { letters, replay, mixpanel, folder } = await startScene(t)
    await letters([
      onLine(1),
      onLine(2),
      onLine(3, { event: eventText({ time: 'yesterday' }) }),
      onLine(4, { replays: 5 }),
      onLine(5, { reason: 'refused_by_mixpanel', insertId: 'i', time: 1_767_000_000_000 }),
    ])

    const { code, out } = await replay()

    assert.equal(code, 1)
    assert.deepEqual(out.split('\n'), [
      '5 letters   2 would be sent · 2 would fail again · 1 not known until sent',
      '  1  invalid_event properties.time: the time is neither an epoch in seconds or ms nor ISO 8601   (see: dead-letters show 77-3)',
      '  1  replayed 5 times already   (see: dead-letters show 77-4)',
      'Nothing was sent. Add --apply.',
      '',
    ])
    assert.equal(mixpanel.requests().length, 0)
    assert.deepEqual(await readdir(folder), ['a.ndjson'])
  })

  it('needs no token and no folder of its own', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters([onLine(1)])

    assert.deepEqual(await run('replay'), {
      code: 0,
      out: '1 letter   1 would be sent\nNothing was sent. Add --apply.\n',
      err: '',
    })
  })

  it('prints each verdict, and JSON', async (t) => {
    const { letters, replay, folder } = await startScene(t)
    await letters([onLine(1), onLine(2, { event: '{' })])

    assert.match(
      (await replay('--ids')).out,
      /^77-1\twould be sent\n77-2\twould fail again\n2 letters/,
    )
    assert.deepEqual(JSON.parse((await replay('--json', '77-2')).out), {
      folder,
      applied: false,
      letters: 1,
      would_be_sent: 0,
      would_fail_again: 1,
      not_known_until_sent: 0,
      would_be_dropped: 0,
      faults: [{ id: '77-2', letters: 1, title: 'invalid_json', detail: 'line 2 is not JSON' }],
    })
  })
})

describe('a replay', () => {
  it('sends mended events under the ids and the time of their message, and is done once', async (t) => {
    const { letters, module, replay, rows, run, folder } = await startScene(t)
    await letters([onLine(2, { event: eventText({ time: 'yesterday' }) }), onLine(3)])
    const fix = await module('fix.mjs', FIX_TIME)

    const { code, out } = await replay('--apply', '--fix', fix)

    assert.deepEqual([code, out], [0, '2 letters   2 imported\n'])
    assert.deepEqual(rows(), [`e 77-2 ${PUBLISHED}`, `e 77-3 ${PUBLISHED}`])
    assert.match((await run('list')).out, /^0 letters in .* \(2 done\)\n$/)
    assert.equal((await replay('--apply')).out, '0 letters\n')
    assert.deepEqual((await readdir(folder)).sort(), ['a.ndjson', 'replayed.ndjson'])
  })

  it('sends both of two events that were pushed by hand under one message id, each once', async (t) => {
    const { letters, replay, mixpanel, open, run } = await startScene(t)
    const one = onLine(1, { event: eventText({ distinct_id: 'u-1' }) })
    const other = onLine(1, { event: eventText({ distinct_id: 'u-2' }) })
    await letters([one, other])
    await letters([other, one], 'of-another-instance.ndjson')
    const prune = async () => (await run('prune', '--done', '--older-than', '0s')).out
    assert.equal((await run('list', '--ids')).out, '77-1\n77-1\n')

    assert.match((await replay('--apply', '--limit', '1')).out, /1 imported\n/)
    assert.equal(await open(), 1)
    assert.match(await prune(), /^0 files/)
    assert.match((await replay('--apply')).out, /1 imported\n/)

    assert.equal(mixpanel.rows().length, 2)
    assert.equal(mixpanel.deduplicated().length, 2)
    assert.match(await prune(), /\n2 files with 4 letters removed, 0 kept\n$/)
  })

  it('keeps the insert id and the time of a letter, unless the fix changes them', async (t) => {
    const { letters, module, replay, rows } = await startScene(t)
    const time = Date.parse('2025-12-30T00:00:00Z')
    const known = { reason: 'refused_by_mixpanel', insertId: 'letters', time } as const
    const own = eventText({ time: '2025-12-31T00:00:00Z', $insert_id: 'own' })
    await letters([
      onLine(1, { ...known, event: eventText() }),
      onLine(2, { ...known, event: own, insertId: 'letters-2' }),
      onLine(3, { ...known, event: own, insertId: 'letters-3' }),
      onLine(4, { ...known, event: own, insertId: 'letters-4' }),
    ])
    const fix = await module(
      'fix.mjs',
      `export default (event, { line }) => {
        event.properties.plan = 'pro'
        if (line === 3) event.properties.$insert_id = 'fixed'
        if (line === 4) event.properties.time = '2025-12-29T00:00:00Z'
        return event
      }`,
    )

    await replay('--apply', '--fix', fix)

    assert.deepEqual(
      rows(),
      [
        `e fixed ${iso(time)}`,
        'e letters-4 2025-12-29T00:00:00.000Z',
        `e letters ${iso(time)}`,
        `e letters-2 ${iso(time)}`,
      ].sort(),
    )
  })

  it('keeps them against what the transform makes', async (t) => {
    const { letters, replay, rows } = await startScene(t, {
      transform: `export default ({ at }) => {
        return { event: 'e', properties: { distinct_id: 'u', time: at, $insert_id: 'new' } }
      }`,
    })
    const time = Date.parse('2025-05-06T00:00:00Z')
    await letters([onLine(1, { event: '{"at":1767000000}', insertId: 'letters', time })])

    await replay('--apply')

    assert.deepEqual(rows(), [`e letters ${iso(time)}`])
  })

  it('does not transform an event that was stored as the transform made it', async (t) => {
    const { letters, replay, rows } = await startScene(t, { transform: ITEMS })
    const place = { child: 2, children: 3 }
    await letters([
      onLine(1, {
        id: '77-1-2',
        stage: 'mapped',
        ...place,
        insertId: 'second',
        time: 1_767_000_000_000,
      }),
      onLine(2, { stage: 'mapped' }),
    ])

    const { out } = await replay('--apply')

    assert.match(out, /2 imported/)
    assert.deepEqual(rows(), [`e 77-2 ${PUBLISHED}`, `e second ${iso(1_767_000_000_000)}`])
  })

  it('sends only the child of a line that a letter is for', async (t) => {
    const { letters, replay, rows } = await startScene(t, { transform: ITEMS })
    await letters([
      onLine(1, {
        id: '77-1-2',
        event: '{"items":["a","b","c"]}',
        child: 2,
        children: 3,
        insertId: 'b-1',
        time: 1_767_000_000_000,
      }),
    ])

    await replay('--apply')

    assert.deepEqual(
      rows().map((row) => row.slice(0, 5)),
      ['b b-1'],
    )
  })

  it('sends nothing of a line of which the transform makes another number of events', async (t) => {
    const { letters, replay, rows, open } = await startScene(t, { transform: ITEMS })
    const child = { child: 2, children: 3 }
    await letters([
      onLine(1, { id: '77-1-2', event: '{"items":["a","b"]}', ...child }),
      onLine(2, { event: '{"items":["c","d"]}' }),
      onLine(3, { event: '{"items":["f","g"]}', reason: 'transform_failed' }),
    ])

    const { code, out } = await replay('--apply')

    assert.equal(code, 1)
    assert.match(out, /3 letters {3}1 imported · 2 not sent\n/)
    assert.match(
      out,
      /1 {2}the transform makes 2 events of the line now, and made 3 {3}\(see: .* 77-1-2\)/,
    )
    assert.deepEqual(
      rows().map((row) => row[0]),
      ['f', 'g'],
    )
    assert.equal(await open(), 2)

    assert.match((await replay('--apply', '--all-children')).out, /2 letters {3}2 imported\n/)
    assert.deepEqual(
      rows().map((row) => row[0]),
      ['a', 'b', 'c', 'd', 'f', 'g'],
    )
  })

  it('sends only the lines that a letter of many stands for', async (t) => {
    const { letters, replay, rows } = await startScene(t)
    const lines = Array.from({ length: 9 }, () => eventText()).join('\n')
    await letters([
      onLine(0, { reason: 'too_many_rejected', event: lines, events: 3, lines: '2-3,9' }),
    ])

    await replay('--apply')

    assert.deepEqual(
      rows().map((row) => row.slice(0, 6)),
      ['e 77-2', 'e 77-3', 'e 77-9'],
    )
  })

  it('mends only the lines that a letter of many stands for', async (t) => {
    const { letters, module, replay, rows } = await startScene(t)
    const event = [eventText({ good: true }), eventText(), eventText({ good: true })].join('\n')
    await letters([onLine(0, { reason: 'too_many_rejected', event, events: 1, lines: '2' })])
    const fix = await module(
      'fix.mjs',
      `export default (event) => {
        if (event.properties.good) throw new Error('this one is good')
        return { ...event, event: 'mended' }
      }`,
    )

    assert.match((await replay('--apply', '--fix', fix)).out, /1 imported\n/)
    assert.deepEqual(rows(), [`mended 77-2 ${PUBLISHED}`])
  })

  it('sends nothing of a letter of many when the fix fails for one of its lines', async (t) => {
    const { letters, module, replay, rows, open } = await startScene(t)
    const event = [eventText(), eventText({ odd: true }), eventText()].join('\n')
    await letters([onLine(0, { reason: 'too_many_rejected', event, events: 3, lines: '1-3' })])
    const fix = await module(
      'fix.mjs',
      "export default (event) => { if (event.properties.odd) throw new Error('odd'); return event }",
    )

    assert.match(
      (await replay('--apply', '--fix', fix)).out,
      /1 not sent\n {2}1 {2}the fix failed: .*odd/,
    )
    assert.deepEqual([rows(), await open()], [[], 1])
  })

  it('takes a letter of a whole message as a message', async (t) => {
    const { letters, replay, rows } = await startScene(t)
    const data = gzipSync(`${eventText()}\n${eventText()}`).toString('base64')
    const { event, field, ...letter } = onLine(0, { reason: 'too_large', data })
    await letters([letter])

    await replay('--apply')

    assert.deepEqual(
      rows().map((row) => row.slice(0, 6)),
      ['e 77-1', 'e 77-2'],
    )
  })

  it('lets a fix mend a text that is no JSON, and leave an event out', async (t) => {
    const { letters, module, replay, rows, run } = await startScene(t)
    await letters([
      onLine(1, { event: `${eventText().slice(0, -1)}?`, reason: 'invalid_json' }),
      onLine(2),
    ])
    const fix = await module(
      'fix.mjs',
      "export default (event) => typeof event === 'string' ? event.replace('?', '}') : null",
    )

    assert.match((await replay('--apply', '--fix', fix)).out, /1 imported · 1 dropped\n/)

    assert.deepEqual(rows(), [`e 77-1 ${PUBLISHED}`])
    assert.match((await run('list')).out, /0 letters in .* \(2 done\)/)
  })

  for (const [what, text] of [
    ['throws', "export default () => { throw new Error('no idea') }"],
    ['returns nothing', 'export default () => {}'],
    ['makes several events', 'export default (event) => [event, event]'],
    ['returns a promise', 'export default (event) => Promise.resolve(event)'],
  ] as const) {
    it(`sends nothing of a letter for which the fix ${what}`, async (t) => {
      const { letters, module, replay, rows, open } = await startScene(t)
      await letters([onLine(1)])

      const { code, out } = await replay('--apply', '--fix', await module('fix.mjs', text))

      assert.equal(code, 1)
      assert.match(out, /1 letter {3}1 not sent\n {2}1 {2}the fix /)
      assert.deepEqual([rows(), await open()], [[], 1])
    })
  }

  it('stores a letter that fails again as a new one, until it was replayed often enough', async (t) => {
    const { letters, replay, stored, open, folder } = await startScene(t)
    const letter = onLine(3, { event: eventText({ time: 'yesterday' }) })
    await letters([letter])

    for (const times of ['1 time', '2 times']) {
      assert.match((await replay('--apply', '--max-replays', '2')).out, /1 failed again\n/)
      const { out } = await replay('--max-replays', '1')
      assert.match(out, new RegExp(`1  replayed ${times} already`))
    }
    const last = await replay('--apply', '--max-replays', '2')

    assert.match(last.out, /1 not sent\n {2}1 {2}replayed 2 times already/)
    const again = (await stored()).map(({ deadLetteredAt, ...rest }) => rest)
    const { deadLetteredAt, detail, ...known } = letter
    assert.deepEqual(
      again.map(({ detail, ...rest }) => rest),
      [
        { ...known, replays: 1 },
        { ...known, replays: 2 },
      ],
    )
    assert.equal(await open(), 1)
    const log = await readFile(join(folder, 'replayed.ndjson'), 'utf8')
    assert.match(log, /"replays":0,.*"outcome":"stored_again","reason":"invalid_event"/)
  })

  it('stores what Mixpanel refuses again, and imports the rest', async (t) => {
    const { letters, replay, stored, rows } = await startScene(t)
    const known = { reason: 'refused_by_mixpanel', time: 1_767_000_000_000 } as const
    await letters([
      onLine(1, { ...known, insertId: 'i-1', event: eventText({ $longitude: 'x'.repeat(9) }) }),
      onLine(2, { ...known, insertId: 'i-2', event: eventText({ deep: nested(300) }) }),
    ])

    const { out } = await replay('--apply')

    assert.match(out, /1 imported · 1 failed again\n {2}1 {2}refused_by_mixpanel /)
    assert.equal(rows().length, 1)
    const [again] = await stored()
    assert.deepEqual([again?.id, again?.replays, again?.insertId], ['77-2', 1, 'i-2'])
  })

  it('stops when Mixpanel refuses the credentials, and leaves the letters open', async (t) => {
    const { letters, replay, open, folder } = await startScene(t, {
      env: { MIXPANEL_PROJECT_TOKEN: 'unauthorized' },
    })
    await letters(Array.from({ length: 1_200 }, (_, at) => onLine(at + 1)))

    const { code, out, err } = await replay('--apply')

    assert.equal(code, 1)
    assert.match(err, /Mixpanel answered 401: look at token/)
    assert.match(
      out,
      /^1,000 letters {3}1,000 not sent\n(.*\n)* {2} *[\d,]+ {2}not imported yet: misconfigured/,
    )
    assert.equal(await open(), 1_200)
    assert.equal(await readFile(join(folder, 'replayed.ndjson'), 'utf8'), '')
  })

  it('ends soon after a signal, with what was imported written down and the rest open', async (t) => {
    const { letters, folder, mixpanel, env, open } = await startScene(t)
    await letters([onLine(1), onLine(2), onLine(3)])
    mixpanel.answerAlways({ kind: 'throttle', retryInMs: 60_000 })
    const io = createFakeIo({ env })
    const args = ['replay', '--from', folder, '--apply', '--rate', '2']

    const ended = deadLetters.run(args, { ...io, clock: systemClock })
    await mixpanel.waitForRequests(1)
    io.end(new Ended(130))

    assert.equal(await ended, 130)
    assert.match(io.out(), /1 not sent\n {2}1 {2}not imported yet: /)
    assert.equal(await open(), 3)
    assert.deepEqual((await readdir(folder)).sort(), ['a.ndjson', 'replayed.ndjson'])
  })

  it('sends those that were asked for', async (t) => {
    const { letters, replay, rows } = await startScene(t)
    await letters([onLine(1), onLine(2), onLine(3, { reason: 'invalid_json' }), onLine(4)])

    await replay('--apply', '77-2')
    await replay('--apply', '--reason', 'invalid_json')
    await replay('--apply', '--limit', '1')

    assert.deepEqual(
      rows().map((row) => row.slice(0, 6)),
      ['e 77-1', 'e 77-2', 'e 77-3'],
    )
  })

  it('asks on a terminal, and takes everything but yes for no', async (t) => {
    for (const [stdin, sent] of [
      ['y\n', 1],
      ['n\n', 0],
      ['', 0],
    ] as const) {
      const { letters, replay, mixpanel } = await startScene(t, { terminal: true, stdin })
      await letters([onLine(1)])

      const { code, err } = await replay('--apply')

      assert.ok(err.includes(`Send 1 letter to ${mixpanel.url}? [y/N]`), err)
      assert.deepEqual([code, mixpanel.rows().length], [1 - sent, sent])
    }
  })

  it('asks nothing with --yes', async (t) => {
    const { letters, replay, mixpanel } = await startScene(t, { terminal: true })
    await letters([onLine(1)])

    assert.equal((await replay('--apply', '--yes')).code, 0)
    assert.equal(mixpanel.rows().length, 1)
  })

  for (const [what, holder, told] of [
    [
      'a process that runs',
      { pid: process.pid, host: hostname() },
      /is the lock of process \d+ on /,
    ],
    ['a process of another host', { pid: 1, host: 'other' }, /is the lock of process 1 on other/],
    [
      'a process that has ended',
      { pid: 2 ** 22 + 1, host: hostname() },
      /has ended: remove the file/,
    ],
    ['an unknown process', {}, /of an unknown process: remove it if none runs/],
  ] as const) {
    it(`refuses a folder that is locked by ${what}`, async (t) => {
      const { letters, write, replay, rows, folder } = await startScene(t)
      await letters([onLine(1)])
      await write('replay.lock', JSON.stringify({ ...holder, at: PUBLISHED }))

      const { code, err } = await replay('--apply')

      assert.equal(code, 2)
      assert.match(err, told)
      assert.equal(err.split('\n').length, 2)
      assert.deepEqual([rows(), (await readdir(folder)).sort()], [[], ['a.ndjson', 'replay.lock']])
    })
  }

  for (const [args, mistake] of [
    [['--rate', '0'], /--rate needs a whole number from 1/],
    [['--limit', 'all'], /--limit needs a whole number/],
    [['--apply'], /MIXPANEL_PROJECT_TOKEN is required.*MIXPANEL_REGION is required/],
  ] as const) {
    it(`says what is wrong in one line: ${args.join(' ')}`, async (t) => {
      const { letters, run } = await startLetters(t)
      await letters([onLine(1)])

      const { code, err } = await run('replay', ...args)

      assert.equal(code, 2)
      assert.match(err, mistake)
      assert.equal(err.split('\n').length, 2)
    })
  }
})

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { a: nested(depth - 1) }
}
