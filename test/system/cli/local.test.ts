import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { freePorts } from '../../helpers/free-ports.ts'
import { until } from '../../helpers/until.ts'
import { aFolder, lettersIn } from '../../helpers/world.ts'
import { startLocal } from './local-scene.ts'
import { run } from './run.ts'

const EVENT = '{"event":"hello","properties":{"distinct_id":"me"}}'
const BAD_EVENT = '{"event":"hello","properties":{"distinct_id":"me","time":"yesterday"}}'

const HAS_CURL = await paste('curl --version').then(
  () => true,
  () => false,
)

/** As a person does in a terminal; resolves with what it printed, rejects when it failed. */
async function paste(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line])
  return stdout
}

/** The lines of a section that a person is to paste. */
function linesBelow(title: string, said: string): readonly string[] {
  const section = said.slice(said.indexOf(title)).split('\n\n', 1)[0] ?? ''
  return section
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(curl|tail) /.test(line))
}

async function takePort(t: TestContext, port: number): Promise<void> {
  const server = createServer()
  await once(server.listen(port, '127.0.0.1'), 'listening')
  t.after(() => server.close())
}

describe('npm run local', () => {
  it('prints lines that do what they say when they are pasted', {
    skip: !HAS_CURL && 'there is no curl here',
  }, async (t) => {
    const local = await startLocal(t)
    const said = local.said()
    const publish = linesBelow('Publish', said)
    const fail = linesBelow('Make Mixpanel fail', said)
    const mend = linesBelow('End the fault', said)
    const look = linesBelow('Look at', said)

    assert.equal(publish.length, 3)
    const answers = await Promise.all(publish.map(paste))
    const [good = '', bad = '', two = ''] = answers.map((text) => JSON.parse(text).messageIds[0])
    for (const id of [good, bad, two]) await local.says(new RegExp(`delivered +${id} +204 ack`))
    await local.says(new RegExp(`dead letter +${bad}-1 +invalid_event at properties.time: `))

    const looked = await Promise.all(look.map(paste))
    const shown = [
      /"event": "hello"/,
      /"requests": \d/,
      /"reason":"invalid_event"/,
      /"acks": 3/,
      /outcome="imported".* 3/,
      /"status":"ok"/,
    ]
    assert.equal(looked.length, shown.length)
    for (const [at, what] of shown.entries()) assert.match(looked[at] ?? '', what)

    const told = [
      'faults: {"kind":"status","status":503}',
      'faults: {"kind":"throttle","retryInMs":2000}',
      'faults: {"kind":"hang"}',
      'faults: {"kind":"shortfall","imported":1}',
      'faults: {"kind":"reset_after_import"} 3 times, then none',
      'quota: {"events":5,"windowMs":10000}',
      'poison: "poison"',
      'faults: none',
      'quota: unlimited',
      'poison: ""',
    ]
    for (const line of [...fail, ...mend]) await paste(line)
    await local.says(/poison: ""/)
    const switched = [...local.said().matchAll(/switched +(.*)/g)].map(([, what]) => what)
    assert.deepEqual(switched, told)
    assert.match(said, new RegExp(`pubsub-mixpanel publish --port-base ${local.base} FILE`))
  })

  it('shows a redelivery while Mixpanel fails, and its ack once it is well', async (t) => {
    const local = await startLocal(t)
    await local.control('PUT', 'faults', { kind: 'status', status: 503 })

    const id = await local.publish(EVENT)

    await local.says(new RegExp(`published +${id} +51 bytes`))
    await local.says(
      new RegExp(`delivered +${id} +503 nack +attempt 1 +[\\d,]+ ms  MIXPANEL_\\w+\n`),
    )
    await local.control('DELETE', 'faults')
    await local.says(new RegExp(`delivered +${id} +204 ack +attempt 2 +[\\d,]+ ms +redelivery\n`))
    assert.doesNotMatch(local.said().slice(local.said().indexOf('published')), /hello|distinct_id/)
  })

  it('shows a duplicate as one', async (t) => {
    const local = await startLocal(t, ['--duplicates', '1'])

    const id = await local.publish(EVENT)

    await local.says(new RegExp(`delivered +${id} +204 ack +attempt 1 +[\\d,]+ ms +duplicate\n`))
  })

  it('passes variables on to the service, but for those of another world', async (t) => {
    const folder = await aFolder(t)
    const TRANSFORM = join(folder, 'transform.mjs')
    await writeFile(TRANSFORM, "export default (event) => ({ ...event, event: 'mapped' })")
    const MIXPANEL_URL = 'http://127.0.0.1:1'
    const local = await startLocal(t, [], { TRANSFORM, MIXPANEL_URL, MIXPANEL_REGION: 'eu' })

    const id = await local.publish(EVENT)

    await local.says(new RegExp(`delivered +${id} +204 ack`))
    const events = await fetch(`http://127.0.0.1:${local.base + 2}/events`)
    assert.match(await events.text(), /"event": "mapped"/)
  })

  it('passes on the keys that the mapping names', async (t) => {
    const TRANSFORM = join(await aFolder(t), 'mapping.json')
    const privacy = [{ hash: 'ids', key: 'A_KEY_OF_MINE' }]
    await writeFile(TRANSFORM, JSON.stringify({ version: 1, privacy }))
    const local = await startLocal(t, [], { TRANSFORM, A_KEY_OF_MINE: 'a long random key' })

    const id = await local.publish(EVENT)

    await local.says(new RegExp(`delivered +${id} +204 ack`))
    const events = await fetch(`http://127.0.0.1:${local.base + 2}/events`)
    assert.match(await events.text(), /"distinctId": "[0-9a-f]{64}"/)
  })

  it('keeps dead letters where it is told to, and does not tell of old ones', async (t) => {
    const folder = await aFolder(t)
    const first = await startLocal(t, ['--dead-letters', folder])
    const old = await first.publish(BAD_EVENT)
    await first.says(new RegExp(`dead letter +${old}-1`))
    first.command.kill('SIGTERM')
    await first.ended()

    const second = await startLocal(t, ['--dead-letters', folder])
    const id = await second.publish('no JSON')
    await second.says(new RegExp(`dead letter +${id}-\\d+ +invalid_json: `))

    assert.doesNotMatch(second.said(), /invalid_event/)
    assert.equal((await lettersIn(folder)).length, 2)
  })

  it('shows dead letters that go to a topic', async (t) => {
    const local = await startLocal(t, [], {
      DEAD_LETTER: 'pubsub:projects/local-project/topics/events-dead',
    })

    const id = await local.publish(BAD_EVENT)

    await local.says(new RegExp(`dead letter +${id}-1 +invalid_event at properties.time: `))
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`ends with all that it started on ${signal}, though it comes twice`, async (t) => {
      const local = await startLocal(t)

      local.command.kill(signal)
      local.command.kill(signal)

      assert.equal(await local.ended(), 0)
      assert.deepEqual(await readdir(local.folder), [])
      assert.equal(await local.answers(), false)
    })
  }

  it('lets the service settle what it can, though Ctrl-C reaches the whole terminal', async (t) => {
    const local = await startLocal(t)
    await local.control('PUT', 'faults', { kind: 'hang' })
    const id = await local.publish(EVENT)
    await until('a request to Mixpanel', async () => {
      const traffic = await fetch(`http://127.0.0.1:${local.base + 2}/traffic`)
      return /"requests": 1/.test(await traffic.text())
    })

    process.kill(-(local.command.pid ?? Number.NaN), 'SIGINT')

    assert.equal(await local.ended(), 0)
    assert.match(local.said(), new RegExp(`Ending.*\n.*delivered +${id} +503 nack`))
  })

  it('ends with all that it started when nobody reads what it says', async (t) => {
    const local = await startLocal(t)

    local.command.stdout?.destroy()
    await local.publish(EVENT)

    assert.equal(await local.ended(), 0)
    assert.deepEqual(await readdir(local.folder), [])
    assert.equal(await local.answers(), false)
  })

  it('says so when the service ends by itself, and ends as it did', async (t) => {
    const local = await startLocal(t)
    const [, pid] = /process (\d+)/.exec(local.said()) ?? []

    process.kill(Number(pid), 'SIGKILL')

    assert.equal(await local.ended(), 1)
    assert.match(local.said(), /The service has ended by itself, by a signal\.\n\{/)
    assert.deepEqual(await readdir(local.folder), [])
  })

  for (const [place, what] of [
    [0, 'the service'],
    [1, 'the token issuer'],
    [2, 'the Mixpanel stand-in'],
    [3, 'the metrics of the service'],
    [4, 'the Pub/Sub stand-in'],
    [5, 'the page'],
  ] as const) {
    it(`says that the port of ${what} is taken, and leaves nothing behind`, async (t) => {
      const folder = await aFolder(t)
      const base = await freePorts(6)
      await takePort(t, base + place)

      const { code, err } = await run('local', ['--port-base', `${base}`], { TMPDIR: folder })

      assert.equal(code, 1)
      assert.match(err, new RegExp(`^${what} cannot listen on 127.0.0.1:${base + place}: `))
      assert.match(err, /pubsub-mixpanel local --port-base 9000/)
      assert.deepEqual(await readdir(folder), [])
    })
  }

  it('says what the service does not take, and leaves nothing behind', async (t) => {
    const folder = await aFolder(t)
    const base = await freePorts(6)
    const env = { TMPDIR: folder, BATCH_LINGER_MS: 'long' }

    const { code, err } = await run('local', ['--port-base', `${base}`], env)

    assert.equal(code, 1)
    assert.match(err, /BATCH_LINGER_MS/)
    assert.deepEqual(await readdir(folder), [])
  })

  it('teaches its options with --help', async () => {
    const { code, out } = await run('local', ['--help'])

    assert.equal(code, 0)
    for (const option of ['--port-base', '--dead-letters', '--duplicates', '--open', '--no-page']) {
      assert.ok(out.includes(option), option)
    }
  })

  for (const args of [
    ['--bogus'],
    ['extra'],
    ['--port-base', '65531'],
    ['--duplicates', '2'],
    ['--dead-letters', ''],
  ]) {
    it(`says what it takes when it is called wrongly: ${JSON.stringify(args)}`, async () => {
      const { code, out, err } = await run('local', args)

      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, /^pubsub-mixpanel local: .*\(see pubsub-mixpanel local --help\)\n$/)
    })
  }

  it('takes one place for dead letters, not two', async () => {
    const env = { DEAD_LETTER: 'subscription' }

    const { code, err } = await run('local', ['--dead-letters', 'd'], env)

    assert.equal(code, 2)
    assert.match(err, /set one of them/)
  })
})
