import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { deadLetters } from '../../../src/cli/dead-letters.ts'
import { openReplayedLog } from '../../../src/dead-letter/replayed-log.ts'
import type { DeadLetter } from '../../../src/model/dead-letter.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'
import { startLetters } from './letters-scene.ts'

/** A letter of an event with a name, stored on a day of November. */
function of(name: string, day: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  const at = `2026-11-${String(day).padStart(2, '0')}T05:03:00.000Z`
  const event = JSON.stringify({ event: name, properties: {} })
  const id = `${name}-${day}-1`
  return aDeadLetter({ id, reason: 'invalid_event', deadLetteredAt: at, event, ...changes })
}

const PLAN = { reason: 'refused_by_mixpanel', field: 'properties.plan' } as const
const DONE = of('paid', 27, { ...PLAN, id: 'done-1' })
const LETTERS = [
  of('paid', 25, PLAN),
  of('signed_up', 24),
  of('signed_up', 26),
  of('signed_up', 25),
  DONE,
]

describe('dead-letters list', () => {
  it('counts open letters by reason, field and event, the most first, and those that are done', async (t) => {
    const { folder, letters, run } = await startLetters(t)
    await letters(LETTERS)
    const log = await openReplayedLog(folder)
    await log.append([{ letter: DONE, outcome: 'imported', at: 0 }])
    await log.close()

    const { code, out } = await run('list')

    assert.equal(code, 0)
    assert.deepEqual(out.split('\n'), [
      'REASON               FIELD            EVENT      LETTERS  FIRST             LAST',
      'invalid_event        -                signed_up        3  2026-11-24 05:03  2026-11-26 05:03',
      'refused_by_mixpanel  properties.plan  paid             1  2026-11-25 05:03  2026-11-25 05:03',
      `4 letters in ${folder} (1 done)`,
      '',
    ])
    const all = await run('list', '--all', '--by', 'reason')
    assert.match(
      all.out,
      /refused_by_mixpanel +2 .*27 05:03\n5 letters in .* \(1 of them done\)\n$/,
    )
  })

  for (const [args, lines] of [
    [
      ['--by', 'day'],
      ['2026-11-25 2', '2026-11-24 1', '2026-11-26 1', '2026-11-27 1'],
    ],
    [['--by', 'event', '--reason', 'refused_by_mixpanel'], ['paid 2']],
    [['--by', 'event', '--reason', 'invalid_json'], []],
    [['--by', 'event', '--event', 'paid', '--event', 'other'], ['paid 2']],
    [
      ['--by', 'day', '--since', '2026-11-26'],
      ['2026-11-26 1', '2026-11-27 1'],
    ],
    [['--by', 'day', '--until', '2026-11-24'], ['2026-11-24 1']],
    [['--by', 'day', '--until', '2026-11-24T05:03Z'], []],
    [['--by', 'day', '--since', '3d', '--until', '47h'], ['2026-11-26 1']],
    [['--by', 'subscription'], ['projects/p/subscriptions/s 5']],
  ] as const) {
    it(`counts those that were asked for: ${args.join(' ')}`, async (t) => {
      const clock = createFakeClock(Date.parse('2026-11-28T05:04:00Z'))
      const { letters, run } = await startLetters(t, { clock })
      await letters(LETTERS)

      const { out } = await run('list', ...args)

      const rows = out.split('\n').slice(1, -2)
      assert.deepEqual(
        rows.map((row) => row.split(/\s+/).slice(0, 2).join(' ')),
        lines,
      )
    })
  }

  it('prints ids, a line each, or all about them as JSON', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters(LETTERS.slice(0, 2))

    assert.equal((await run('list', '--ids')).out, 'paid-25-1\nsigned_up-24-1\n')
    const [first] = (await run('list', '--ids', '--json')).out.split('\n')
    assert.deepEqual(JSON.parse(first ?? ''), {
      id: 'paid-25-1',
      subscription: 'projects/p/subscriptions/s',
      replays: 0,
      reason: 'refused_by_mixpanel',
      field: 'properties.plan',
      event: 'paid',
      deadLetteredAt: '2026-11-25T05:03:00.000Z',
      done: false,
    })
  })

  it('prints one JSON document', async (t) => {
    const { folder, letters, run } = await startLetters(t)
    await letters(LETTERS.slice(0, 1))

    assert.deepEqual(JSON.parse((await run('list', '--json')).out), {
      folder,
      open: 1,
      done: 0,
      unreadable: 0,
      groups: [
        {
          reason: 'refused_by_mixpanel',
          field: 'properties.plan',
          event: 'paid',
          letters: 1,
          first: '2026-11-25T05:03:00.000Z',
          last: '2026-11-25T05:03:00.000Z',
        },
      ],
    })
  })

  it('prints names from events so that they change nothing on a terminal', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters([of('a\u001b[2J\u202e\nb', 1), of('x'.repeat(500), 2)])

    const { out } = await run('list', '--by', 'event')

    assert.ok(out.includes(String.raw`a\u001b[2J\u202e\nb`))
    assert.ok(out.includes(`${'x'.repeat(59)}…  `))
  })

  it('names lines that are no letters, and ends with 1', async (t) => {
    const { write, run } = await startLetters(t)
    await write('a.ndjson', `{"id":\n${JSON.stringify(of('paid', 1))}\n{"torn`)

    const { code, out, err } = await run('list')

    assert.equal(code, 1)
    assert.match(out, /1 letter in/)
    assert.equal(err, '1 line could not be read as a letter\n')
  })

  it('puts letters of too many kinds together', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters(Array.from({ length: 10_002 }, (_, place) => of(`e${place}`, 1)))

    const { groups, open } = JSON.parse((await run('list', '--by', 'event', '--json')).out)

    assert.equal(open, 10_002)
    assert.equal(groups.length, 10_001)
    assert.deepEqual([groups[0].event, groups[0].letters], [null, 2])
  })

  for (const [args, mistake] of [
    [['--by', 'raeson'], /did you mean reason\?/],
    [['--by', ''], /--by needs a value/],
    [['--by', 'reason,'], /--by takes .*, not an empty name/],
    [['--by', 'reason,field, reason'], /--by names reason twice/],
    [['--since', ''], /--since needs a value/],
    [['--until='], /--until needs a value/],
    [['--from', ''], /--from needs a value/],
    [['--reason', 'invalid'], /did you mean invalid_json\?/],
    [['--since', 'yesterday'], /--since needs a time such as/],
    [['--from', 'projects/p/topics/t'], /--from takes a folder or a subscription/],
    [['--from', 'projects//subscription/s'], /--from takes a folder or a subscription/],
    [['--from', 'projects/p/subscriptions/'], /--from takes a folder or a subscription/],
    [['--from', '/nowhere/at/all'], /\/nowhere\/at\/all: no such file or directory/],
  ] as const) {
    it(`says what is wrong in one line: ${args.join(' ')}`, async (t) => {
      const { run } = await startLetters(t)

      const { code, out, err } = await run('list', ...args)

      assert.deepEqual([code, out], [2, ''])
      assert.match(err, mistake)
      assert.equal(err.split('\n').length, 2)
    })
  }

  for (const [value, code, shown] of [
    ['file:FOLDER', 0, /0 letters in FOLDER/],
    ['subscription', 2, /DEAD_LETTER names no folder: name one with --from/],
    ['pubsub:projects/p/topics/letters', 2, /DEAD_LETTER names a topic: name a subscription to it/],
  ] as const) {
    it(`takes the folder from DEAD_LETTER: ${value}`, async (t) => {
      const { folder } = await startLetters(t)
      const io = createFakeIo({ env: { DEAD_LETTER: value.replace('FOLDER', folder) } })

      assert.equal(await deadLetters.run(['list'], io), code)

      assert.match(`${io.out()}${io.err()}`.replaceAll(folder, 'FOLDER'), shown)
    })
  }

  it('says that a file is no folder', async (t) => {
    const { folder, write } = await startLetters(t)
    await write('a.ndjson', '')
    const io = createFakeIo()

    assert.equal(await deadLetters.run(['list', '--from', join(folder, 'a.ndjson')], io), 2)
    assert.match(io.err(), /not a directory/)
  })
})
