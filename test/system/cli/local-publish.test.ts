import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { TopicMessage } from '../../../src/local/pubsub/publish-rules.ts'
import { LOCAL_TOPIC } from '../../../src/local/push-request.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { aFolder } from '../../helpers/world.ts'
import { begin, run, textOf } from './run.ts'

interface Scene {
  /** Tells the command where the world is. */
  readonly ports: readonly string[]
  /** The data of each published message. */
  readonly published: () => readonly string[]
  readonly messages: () => readonly TopicMessage[]
  readonly file: (text: string | Buffer) => Promise<string>
}

/** The Pub/Sub of a world, and a folder for files. */
async function startScene(t: TestContext): Promise<Scene> {
  const base = await freePorts(5)
  const pubsub = await startPubsub(t, { port: base + 4 })
  pubsub.createTopic(LOCAL_TOPIC)
  const folder = await aFolder(t)
  return {
    ports: ['--port-base', String(base)],
    messages: () => pubsub.messages(LOCAL_TOPIC),
    published: () => pubsub.messages(LOCAL_TOPIC).map(({ data }) => String(data)),
    async file(text) {
      const path = join(folder, 'events.ndjson')
      await writeFile(path, text)
      return path
    },
  }
}

describe('npm run local:publish', () => {
  it('publishes a file, a hundred events in each message', async (t) => {
    const { ports, published, file } = await startScene(t)
    const lines = Array.from({ length: 250 }, (_, place) => `{"event":"${place}"}\n`)

    const { code, out } = await run('publish', [...ports, await file(lines.join(''))])

    assert.equal(code, 0)
    assert.equal(out, 'Published 250 events in 3 messages.\n')
    const expected = [lines.slice(0, 100), lines.slice(100, 200), lines.slice(200)]
    assert.deepEqual(
      published(),
      expected.map((part) => part.join('')),
    )
  })

  it('publishes the events of a file of gzip', async (t) => {
    const { ports, published, file } = await startScene(t)

    const { code, out } = await run('publish', [...ports, await file(gzipSync('{"event":"a"}'))])

    assert.deepEqual([code, out], [0, 'Published 1 event in 1 message.\n'])
    assert.deepEqual(published(), ['{"event":"a"}\n'])
  })

  it('publishes nothing of small gzip that is damaged, and ends with 1', async (t) => {
    const { ports, published, file } = await startScene(t)
    const path = await file(gzipSync('{"event":"a"}').subarray(0, -2))

    const { code, out, err } = await run('publish', [...ports, path])

    assert.deepEqual([code, out], [1, ''])
    assert.equal(err, `${path}: the gzip is cut off or damaged\n`)
    assert.deepEqual(published(), [])
  })

  it('publishes what comes on stdin, so many events in each message', async (t) => {
    const { ports, published } = await startScene(t)

    const command = begin('publish', [...ports, '--per-message', '2', '-'])
    command.stdin?.end('a\nb\nc')
    const [out] = await Promise.all([textOf(command.stdout), once(command, 'close')])

    assert.equal(out, 'Published 3 events in 2 messages.\n')
    assert.deepEqual(published(), ['a\nb\n', 'c\n'])
  })

  it('publishes texts, with attributes and an ordering key', async (t) => {
    const { ports, messages } = await startScene(t)
    const texts = ['-e', '{"event":"a"}', '--event', '{"event":"b"}']
    const more = ['--attribute', 'k=v=w', '--attribute', 'l=', '--ordering-key', 'o']

    const { code, out } = await run('publish', [...ports, ...texts, ...more])

    assert.deepEqual([code, out], [0, 'Published 2 events in 1 message.\n'])
    assert.partialDeepStrictEqual(messages(), [
      { attributes: { k: 'v=w', l: '' }, orderingKey: 'o' },
    ])
    assert.equal(String(messages()[0]?.data), '{"event":"a"}\n{"event":"b"}\n')
  })

  for (const lines of [150, 30_000]) {
    it(`publishes a pretty-printed array of ${lines} lines whole`, async (t) => {
      const { ports, published, file } = await startScene(t)
      const events = Array.from({ length: lines / 5 }, (_, n) => ({
        event: `${n}`,
        properties: { n },
      }))
      const text = JSON.stringify(events, null, 2)
      assert.ok(text.split('\n').length > lines)

      const { code, out } = await run('publish', [...ports, await file(text)])

      const count = (lines / 5).toLocaleString('en-US')
      assert.deepEqual([code, out], [0, `Published ${count} events in 1 message.\n`])
      assert.deepEqual(published(), [text])
    })
  }

  it('says that there is no world where it looks', async () => {
    const base = await freePorts(5)
    const args = ['--port-base', String(base), import.meta.filename]

    const { code, out, err } = await run('publish', args)

    assert.equal(code, 1)
    assert.match(
      err,
      new RegExp(`^No world answers at http://127.0.0.1:${base + 4}\\. .*pubsub-mixpanel local`),
    )
    assert.equal(out, '')
  })

  it('says what it was answered where there is something else', async (t) => {
    const base = await freePorts(5)
    await startPubsub(t, { port: base + 4 })
    const args = ['--port-base', String(base), import.meta.filename]

    const { code, err } = await run('publish', args)

    assert.equal(code, 1)
    assert.match(err, /takes no events: it answered 404: .*NOT_FOUND/)
  })

  it('says that there is no such file', async (t) => {
    const { ports } = await startScene(t)

    const { code, err } = await run('publish', [...ports, 'nowhere.ndjson'])

    assert.equal(code, 2)
    assert.equal(err, 'pubsub-mixpanel publish: nowhere.ndjson: no such file or directory\n')
  })

  it('teaches its options with --help', async () => {
    const { code, out } = await run('publish', ['--help'])

    assert.equal(code, 0)
    for (const option of ['--event', '--attribute', '--ordering-key', '--port-base'])
      assert.ok(out.includes(option), option)
  })

  for (const args of [
    [],
    ['a', 'b'],
    ['--bogus', 'a'],
    ['-e', 'a', 'b'],
    ['-e', 'a', '--attribute', 'b'],
    ['-e', 'a', '--attribute', '=b'],
    ['-e', ''],
    ['--per-message', '0', 'a'],
    ['--port-base', 'x', 'a'],
  ]) {
    it(`says what it takes when it is called wrongly: ${JSON.stringify(args)}`, async () => {
      const { code, out, err } = await run('publish', args)

      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, /^pubsub-mixpanel publish: .*\(see pubsub-mixpanel publish --help\)\n$/)
    })
  }
})
