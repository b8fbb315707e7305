import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { aFolder, startWorld } from '../../helpers/world.ts'

const PAGE = await readFile(new URL('../../../docs/dead-letters.md', import.meta.url), 'utf8')
const HAS_JQ = spawnSync('jq', ['--version']).status === 0
const PUBLISHED = Date.parse('2026-01-02T03:04:05Z')

/** The commands of the page that write `replay.ndjson`. */
function recipe(): string {
  const [, found] = /```sh\n(mkdir replaying .*?)```/s.exec(PAGE) ?? []
  assert.ok(found, 'the page has no recipe')
  return found
}

async function replayed(t: TestContext, letters: string): Promise<readonly string[]> {
  const folder = await aFolder(t)
  await mkdir(join(folder, 'dead-letters'))
  await writeFile(join(folder, 'dead-letters', 'a.ndjson'), letters)
  execFileSync('sh', ['-ec', recipe()], { cwd: folder })
  return (await readFile(join(folder, 'replay.ndjson'), 'utf8')).split('\n').filter(Boolean)
}

function event(properties: object): string {
  return JSON.stringify({ event: 'e', properties: { distinct_id: 'u', ...properties } })
}

/** A letter with what the recipe reads of one. */
function letter(line: number, text: string, more: object = {}): string {
  const message = { messageId: '77', publishTime: new Date(PUBLISHED).toISOString() }
  return `${JSON.stringify({ id: `77-${line}`, event: text, message, ...more })}\n`
}

describe('the recipe for a replay by hand', { skip: !HAS_JQ && 'no jq' }, () => {
  it('leaves one of each event, however often it is followed', async (t) => {
    const world = await startWorld(t)
    const bad = [
      event({ time: 'yesterday' }),
      event({ time: 'yesterday', $insert_id: 'own-id' }),
      event({ time: 'yesterday', $insert_id: 'undefined' }),
      event({ time: 'yesterday', $insert_id: '' }),
    ]
    await world.pusher.push({ messageId: '77', data: `${event({})}\n${bad.join('\n')}` })
    const letters = (await world.deadLetters()).map((one) => `${JSON.stringify(one)}\n`)
    assert.equal(letters.length, 4)

    const lines = await replayed(t, `${letters.join('')}{"id":"torn`)
    const mended = lines.map((line) => line.replace('"yesterday"', String(PUBLISHED)))
    for (const messageId of ['100', '101']) {
      await world.pusher.push({ messageId, data: mended.join('\n') })
    }

    assert.equal(world.mixpanel.rows().length, 1 + 2 * 4)
    const ids = world.mixpanel.deduplicated().map(({ insertId }) => insertId)
    assert.deepEqual(ids, ['77-1', '77-2', 'own-id', '77-4', '77-5'])
  })

  it('gives an event the time and the insert id that its letter names', async (t) => {
    const time = PUBLISHED - 1_000
    const lines = await replayed(
      t,
      letter(1, event({ $insert_id: 'short' }), { insertId: 'i-1', time }) + letter(2, event({})),
    )

    assert.deepEqual(
      lines.map((line) => JSON.parse(line).properties),
      [
        { distinct_id: 'u', $insert_id: 'i-1', time },
        { distinct_id: 'u', time: '2026-01-02T03:04:05.000Z', $insert_id: '77-2' },
      ],
    )
  })

  it('leaves out what it is not for', async (t) => {
    const lines = await replayed(
      t,
      [
        letter(1, event({}), { child: 1, children: 2 }),
        letter(0, event({}), { events: 9, lines: '1-9' }),
        letter(2, event({ long: 'x'.repeat(90_000) })),
        letter(3, '{"event":'),
        letter(4, '"text"'),
        letter(5, '{"event":"e","properties":7}'),
        '{"id":"77-0","data":"/w==","message":{"messageId":"77"}}\n',
        letter(6, event({})),
      ].join(''),
    )

    assert.deepEqual(
      lines.map((line) => JSON.parse(line).properties.$insert_id),
      ['77-6'],
    )
  })
})

describe('the recipe for letters of a topic', { skip: !HAS_JQ && 'no jq' }, () => {
  it('mends data that is text, keeps all other data, and keeps the attributes', async (t) => {
    const [, mend = ''] = /\n(jq '\{messages: .*? > replay\.json)\n/s.exec(PAGE) ?? []
    const folder = await aFolder(t)
    const gzip = gzipSync('{"time":"yesterday"}').toString('base64')
    const text = Buffer.from('{"time":"yesterday","é":1}').toString('base64')
    const attributes = { 'pubsub-mixpanel-id': '77-1' }
    const letters = [{ data: text, attributes }, { data: gzip }, { attributes }]
    const pulled = letters.map((message) => ({ message }))
    await writeFile(join(folder, 'letters.json'), JSON.stringify(pulled))

    execFileSync('sh', ['-ec', mend], { cwd: folder })

    const { messages } = JSON.parse(await readFile(join(folder, 'replay.json'), 'utf8'))
    assert.deepEqual(messages, [
      { attributes, data: Buffer.from('{"time":"2026-11-23","é":1}').toString('base64') },
      { attributes: null, data: gzip },
      { attributes, data: '' },
    ])
  })
})
