import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { startLetters } from './letters-scene.ts'

const EVENT = '{"event":"paid","properties":{"distinct_id":"u","time":"yesterday"}}'
const message = {
  messageId: '77',
  subscription: 'projects/p/subscriptions/s',
  publishTime: '2026-01-01T00:00:00Z',
  attributes: { 'a\u0007': 'b\u202e' },
}
const LETTER = aDeadLetter({
  id: '77-3',
  reason: 'invalid_event',
  field: 'properties.time',
  event: EVENT,
  line: 3,
  message,
})

describe('dead-letters show', () => {
  it('lays a letter out, with what the service says of it now, and its event', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters([LETTER, aDeadLetter()])

    const { code, out } = await run('show', '77-3')

    assert.equal(code, 0)
    assert.match(out, /^id +77-3\n/)
    assert.match(out, /\nfield +properties\.time\n/)
    assert.match(out, /\npublishTime +2026-01-01T00:00:00Z\n/)
    assert.match(out, /\nattribute a\\u0007 +b\\u202e\n/)
    assert.match(
      out,
      /\nnow +would fail again: invalid_event properties\.time: the time is neither /,
    )
    assert.ok(out.includes(`\n\n${EVENT}\n`))
    assert.ok(!out.includes('1-1'))
  })

  it('escapes what a terminal would obey in JSON, too', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters([LETTER])

    const { out } = await run('show', '77-3', '--json')

    assert.ok(out.includes('"b\\u202e"'), out)
  })

  it('judges the event as the fix and the transform make it', async (t) => {
    const { write } = await startLetters(t)
    const transform = await write(
      'transform.mjs',
      `export default ({ event, properties }) => {
        if (properties.time === 'yesterday') throw new Error('no day has this name')
        return { event, properties }
      }`,
    )
    const fix = await write(
      'fix.mjs',
      `export default (event, letter) => {
        event.properties.time = letter.message.publishTime
        return event
      }`,
    )
    const { letters, run } = await startLetters(t, { env: { TRANSFORM: transform } })
    await letters([LETTER])

    assert.match((await run('show', '77-3')).out, /now .*transform_failed: .*no day has this name/)
    assert.match((await run('show', '77-3', '--fix', fix)).out, /now +would be sent\n/)
  })

  it('shows every letter of an id, as JSON if asked, and names an id that it does not find', async (t) => {
    const { letters, run } = await startLetters(t)
    await letters([LETTER, { ...LETTER, replays: 1 }])

    const { code, out, err } = await run('show', '77-3', '77-4', '--json')

    assert.equal(code, 1)
    assert.match(err, /^no letter 77-4 in /)
    const [first, second, ...others] = JSON.parse(out).letters
    assert.deepEqual(first.letter, LETTER)
    assert.deepEqual([first.done, second.letter.replays, others], [false, 1, []])
  })

  for (const [what, changes, shown] of [
    ['text with control characters', { event: 'a\u001b[2J\nb\t' }, /\n\na\\u001b\[2J\nb\\t\n/],
    [
      'bytes that are no text',
      { data: '/w==' },
      /\n\n\(1 bytes that are no text, in base64\)\n\/w==\n/,
    ],
    ['bytes that are text', { data: 'YQ==' }, /\n\na\n/],
    ['nothing', {}, /stored without its content/],
  ] as const) {
    it(`shows an event of ${what}`, async (t) => {
      const { letters, run } = await startLetters(t)
      const { event, ...rest } = LETTER
      await letters([{ ...rest, ...changes }])

      assert.match((await run('show', '77-3')).out, shown)
    })
  }

  it('wants an id', async (t) => {
    const { run } = await startLetters(t)

    const { code, err } = await run('show')

    assert.equal(code, 2)
    assert.match(err, /the id of a letter is missing/)
  })

  for (const [what, file, text, mistake] of [
    ['is not there', 'other.mjs', '', /--fix .*gone\.mjs cannot be loaded/],
    [
      'exports nothing',
      'gone.mjs',
      '',
      /--fix .* must export a function .* but exports nothing|no default/,
    ],
    [
      'does not parse',
      'gone.mjs',
      'export default (',
      /--fix .*gone\.mjs cannot be loaded: gone\.mjs:1/,
    ],
  ] as const) {
    it(`says in one line that a fix ${what}`, async (t) => {
      const { folder, letters, write, run } = await startLetters(t)
      await letters([LETTER])
      await write(file, text)

      const { code, err } = await run('show', '77-3', '--fix', `${folder}/gone.mjs`)

      assert.equal(code, 2)
      assert.match(err, mistake)
      assert.equal(err.split('\n').length, 2)
    })
  }
})
