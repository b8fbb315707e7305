import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import type { DeadLetter } from '../../../src/model/dead-letter.ts'
import { REJECT_REASONS } from '../../../src/model/outcome.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { startLetters } from './letters-scene.ts'

const PUBLISHED = '2026-01-01T00:00:00.000Z'
/** Drops, rejects, splits or passes an event, as its text says. */
const TRANSFORM = `export default (event) => {
  if (event?.drop) return null
  if (event?.fail) throw new Error('it fails')
  return event?.split ? event.split : event
}`

const good = fc.constant({ event: 'e', properties: { distinct_id: 'u' } })
const value = fc.oneof(
  { weight: 3, arbitrary: good },
  fc.constantFrom(
    { drop: true },
    { fail: true },
    { event: '', properties: {} },
    { event: 'e', properties: { distinct_id: 'anonymous' } },
    { event: 'e', properties: { distinct_id: 'u', time: 'yesterday' } },
    { event: 'e', properties: { distinct_id: 'u', time: 1_700_000_000 } },
  ),
  fc.record({ split: fc.array(good, { maxLength: 3 }) }),
)
const text = fc.oneof(
  { weight: 4, arbitrary: value.map((one) => JSON.stringify(one)) },
  fc.constantFrom('', '{', '[]', '1'),
)
const content = fc.oneof(
  text.map((event) => ({ event })),
  fc.array(text, { maxLength: 4 }).map((lines) => ({ event: lines.join('\n'), line: 0 })),
  fc
    .array(text, { maxLength: 4 })
    .map((lines) => ({ event: lines.join('\n'), line: 0, lines: '1,3-4' })),
  fc.constant({ data: '/w==' }),
)
const place = fc.oneof(
  fc.constant({}),
  fc.record({ child: fc.integer({ min: 1, max: 3 }) }).map(({ child }) => ({ child, children: 3 })),
)
const letter = fc
  .record({
    content,
    place,
    reason: fc.constantFrom(...REJECT_REASONS),
    stage: fc.constantFrom('published', 'published', 'mapped'),
    named: fc.constantFrom({}, { insertId: 'an-id', time: 1_767_000_000_000 }),
    replays: fc.constantFrom(0, 0, 4, 5, 6),
  })
  .map(({ content, place, named, ...known }) => ({ ...known, ...place, ...named, ...content }))

/** The ends that a verdict allows. Only Mixpanel itself may refuse what would be sent. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  'would be sent': ['imported'],
  'not known until sent': ['imported'],
  'would be dropped': ['dropped'],
  'would fail again': ['failed again', 'not sent'],
}

it('the verdict of a dry run is the end of the replay', async (t) => {
  const mixpanel = await startMixpanelStandIn({ keptRequests: 0 })
  t.after(() => mixpanel.close())
  const modules = await startLetters(t)
  const transform = await modules.write('transform.mjs', TRANSFORM)
  const env = {
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    BATCH_LINGER_MS: '0',
    TRANSFORM: transform,
  }

  await fc.assert(
    fc.asyncProperty(fc.array(letter, { minLength: 1, maxLength: 20 }), async (drawn) => {
      const { letters, run } = await startLetters(t, { env })
      await letters(drawn.map(numbered))

      const judged = pairsIn((await run('replay', '--ids')).out)
      const ended = pairsIn((await run('replay', '--ids', '--apply', '--rate', '30000')).out)

      assert.equal(judged.size, drawn.length)
      for (const [id, verdict] of judged) {
        assert.ok(ENDS[verdict]?.includes(ended.get(id) ?? ''), `${verdict}: ${ended.get(id)}`)
      }
      const { open, done } = JSON.parse((await run('list', '--json')).out)
      const failed = [...ended.values()].filter((end) => end === 'failed again').length
      const withheld = [...ended.values()].filter((end) => end === 'not sent').length
      assert.ok(open >= withheld && (failed === 0 || open > withheld))
      assert.equal(done, drawn.length - withheld)
    }),
    { numRuns: 40 },
  )
})

function numbered(drawn: Partial<DeadLetter>, at: number): DeadLetter {
  const messageId = String(1_000 + at)
  const { event, ...rest } = aDeadLetter()
  return {
    ...rest,
    id: `${messageId}-1`,
    message: { ...rest.message, messageId, publishTime: PUBLISHED },
    ...drawn,
  }
}

function pairsIn(out: string): ReadonlyMap<string, string> {
  return new Map(
    out
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']),
  )
}
