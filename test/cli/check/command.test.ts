import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { check } from '../../../src/cli/check.ts'
import { Ended } from '../../../src/cli/frame/io.ts'
import { createFakeIo, type FakeIoOptions } from '../../helpers/fake-io.ts'
import { until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'

const GOOD = '{"event":"a","properties":{"distinct_id":"u-1"}}'
const CHANGED = '{"event":"a","properties":{"$insert_id":"order/17"}}'
const CUT = `{"event":"a","properties":{"note":"${'x'.repeat(1_204)}"}}`
const REJECTED = '{"event":"a","properties":{"time":"soon"}}'
const NOT_JSON = '{"event":"a","properties":{},}'
const DROPPING = 'export default (input) => (input.event === "a" ? null : input)'
/** An environment that `serve` starts with. */
const COMPLETE = {
  MIXPANEL_REGION: 'eu',
  MIXPANEL_PROJECT_TOKEN: '0123456789abcdef0123456789ab3f2a',
  PUSH_AUDIENCE: 'https://example.com/push',
  PUSH_SERVICE_ACCOUNT: 'push@example.iam.gserviceaccount.com',
}

describe('check of events', () => {
  it('prints findings with their places, and the totals', async () => {
    const { code, out } = await run(['-'], { stdin: lines(GOOD, CHANGED, CUT, REJECTED, NOT_JSON) })

    assert.equal(code, 1)
    assert.deepEqual(out.split('\n'), [
      'stdin:2     changed    $insert_id "order/17" is not legal: would be 5a30bcfd30862809ba87e6bce106f54d1c2f',
      'stdin:3     cut        properties.note: 1,204 characters, Mixpanel keeps 255',
      'stdin:4     rejected   properties.time: the time is neither an epoch in seconds or ms nor ISO 8601',
      'stdin:5:30  not_json   line 5 is not JSON',
      '5 events   1 good · 1 changed · 1 cut · 1 not_json · 1 rejected   0.00 s',
      '',
    ])
  })

  const CODES: readonly (readonly [
    what: string,
    text: string,
    args: readonly string[],
    code: number,
  ])[] = [
    ['a good event', GOOD, [], 0],
    ['no event', '', [], 0],
    ['a changed event', CHANGED, [], 0],
    ['a changed event, strictly', CHANGED, ['--strict'], 0],
    ['a warning', CUT, [], 0],
    ['a warning, strictly', CUT, ['--strict'], 1],
    ['a rejected event', REJECTED, [], 1],
    ['a text that is not JSON', NOT_JSON, [], 1],
    ['a rejected event among hidden findings', REJECTED, ['--limit', '0'], 1],
    ['a rejected event below a huge limit', REJECTED, ['--limit', '9'.repeat(400)], 1],
  ]
  for (const [what, text, args, code] of CODES) {
    it(`ends with ${code} after ${what}`, async () => {
      assert.equal((await run(['-', ...args], { stdin: text })).code, code)
    })
  }

  it('prints so many findings of each kind, and counts all', async () => {
    const text = lines(...Array.from({ length: 30 }, () => [REJECTED, CUT]).flat())

    const { out } = await run(['--limit', '2', '-'], { stdin: text })

    assert.equal(out.match(/^stdin:.* rejected /gm)?.length, 2)
    assert.match(out, /^…and 28 more cut: --limit N prints more$/m)
    assert.match(out, /^60 events {3}0 good · 30 cut · 30 rejected {3}/m)
  })

  it('prints the totals alone when it is to be quiet', async () => {
    const { out } = await run(['--quiet', '-'], { stdin: lines(REJECTED, CUT) })

    assert.equal(out, '2 events   0 good · 1 cut · 1 rejected   0.00 s\n')
  })

  it('prints one JSON object a line', async () => {
    const { out } = await run(['--json', '-'], { stdin: lines(GOOD, REJECTED, NOT_JSON) })

    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        {
          kind: 'rejected',
          file: 'stdin',
          line: 2,
          field: 'properties.time',
          detail: 'the time is neither an epoch in seconds or ms nor ISO 8601',
        },
        { kind: 'not_json', file: 'stdin', line: 3, column: 30, detail: 'line 3 is not JSON' },
        {
          kind: 'totals',
          events: 3,
          good: 1,
          kinds: { not_json: 1, rejected: 1 },
          hidden: {},
          seconds: 0,
        },
      ],
    )
  })

  it('explains each event: in, out, and the reason why it is not sent', async (t) => {
    const file = await aFile(t, 'drop.mjs', DROPPING)
    const other = '{"event":"b","properties":{"time":1760000000,"$insert_id":"b-1"}}'

    const { out } = await run(['--explain', '--transform', file, '-'], {
      stdin: lines(GOOD, other, CUT.replace('"a"', '"b"').replace('{"note', '{"time":1,"note')),
    })

    assert.deepEqual(out.split('\n').slice(0, 6), [
      'stdin:1',
      `  in    ${GOOD}`,
      '  dropped  by transform',
      'stdin:2',
      `  in    ${other}`,
      `  out   ${other}`,
    ])
    assert.match(out, /^ {2}rejected {2}properties.time: the time is before 1971$/m)
  })

  it('shows a derived insert id as derived, in what it explains', async () => {
    const { out } = await run(['--explain', '--publish-time', '2026-01-01T00:00:00Z', '-'], {
      stdin: GOOD,
    })

    const sent = `{"event":"a","properties":{"distinct_id":"u-1","time":${Date.UTC(2026, 0, 1)},"$insert_id":"derived"}}`
    assert.ok(out.includes(`  out   ${sent}\n`), out)
  })

  it('prints no contents of events without --explain', async () => {
    const secret = 'a-value-of-the-event'
    const texts = [
      `{"event":"${secret}","properties":{"distinct_id":"${secret}","time":"${secret}"}}`,
      `{"event":"a","properties":{"distinct_id":"${secret}","note":"${secret.repeat(20)}","$ignore":"${secret}"}}`,
      `{"event":"a","properties":{"distinct_id":"${secret}",}}`,
    ]

    const { out } = await run(['-'], { stdin: lines(...texts) })

    assert.match(out, /cut/)
    assert.doesNotMatch(out, /a-value/)
  })

  it('escapes what a terminal would obey or hide', async () => {
    const text = '{"event":"a\\u202e","properties":{"p\\u001b[2J":"x","$insert_id":"\\u200b"}}'

    for (const args of [['-'], ['--explain', '-'], ['--json', '--explain', '-']]) {
      const { out } = await run(args, { stdin: text.replace('"x"', `"${'x'.repeat(300)}"`) })
      assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
    }
  })

  it('gives the transform the attributes and the publish time', async (t) => {
    const source =
      'export default (input, { attributes, publishTime }) => ({ event: "e", properties: { ...attributes, publishTime } })'
    const file = await aFile(t, 'attributes.mjs', source)

    const { out } = await run(
      [
        '--explain',
        '--attribute',
        'k=v=w',
        '--attribute',
        'l=',
        '--publish-time',
        '2026-01-01T00:00:00Z',
        '-',
      ],
      { stdin: '1', env: { TRANSFORM: file } },
    )

    assert.match(
      out,
      /made {2}\{"event":"e","properties":\{"k":"v=w","l":"","publishTime":"2026-01-01T00:00:00Z"\}\}/,
    )
  })

  it('names the child when a transform makes several events of a line', async (t) => {
    const source =
      'export default () => [1, 2].map((n) => ({ event: "e", properties: { time: n === 2 ? "soon" : 2e9 / 2 } }))'

    const { out } = await run(['-'], {
      stdin: '{}',
      env: { TRANSFORM: await aFile(t, 'two.mjs', source) },
    })

    assert.match(out, /^stdin:1 \(event 2\) +rejected {3}properties\.time/m)
    assert.match(out, /^2 events {3}/m)
  })

  it('checks several files, and counts them together', async (t) => {
    const one = await aFile(t, 'one.ndjson', `${GOOD}\n`)
    const two = await aFile(t, 'two.ndjson.gz', gzipSync(lines(GOOD, REJECTED)))

    const { out } = await run([one, two, '-'], { stdin: `[${GOOD}]` })

    assert.match(out, /two\.ndjson\.gz:2 /)
    assert.match(out, /^4 events {3}3 good/m)
  })

  it('agrees with the environment about INSERT_ID and the most bytes of a message', async () => {
    const env = { INSERT_ID: 'content', DECODE_MAX_BYTES: '1024' }

    const { out } = await run(['-'], { stdin: gzipSync(lines(GOOD, '7')), env })

    assert.match(out, /stdin:2 +rejected/)
  })

  it('says where a gzip is damaged, after the events before it', async () => {
    const bytes = gzipSync(
      lines(...Array.from({ length: 40_000 }, (_, n) => GOOD.replace('u-1', `u-${n * 7919}`))),
    )

    const { code, out } = await run(['-'], { stdin: bytes.subarray(0, -9) })

    assert.equal(code, 1)
    assert.match(
      out,
      /^stdin +rejected {3}the gzip is cut off or damaged: the service rejects the whole message$/m,
    )
    assert.match(out, /^\d\d,\d{3} events {3}\d\d,\d{3} good · 1 rejected/m)
  })

  it('says that a text is UTF-16, or holds NUL bytes, or ends too early', async () => {
    assert.match(
      (await run(['-'], { stdin: Buffer.from(GOOD, 'utf16le') })).out,
      /the text is UTF-16/,
    )
    assert.match(
      (await run(['-'], { stdin: `${GOOD}\n\0\0` })).out,
      /stdin:2:1 +not_json +line 2 is not JSON: it holds a NUL byte$/m,
    )
    assert.match(
      (await run(['-'], { stdin: `${GOOD}\n{"event":` })).out,
      /stdin:2:10 +not_json .*: it ends too early/,
    )
  })

  it('says the cause of a fault before what was expected', async () => {
    const { out } = await run(['-'], { stdin: '\0\0' })

    assert.match(out, /the data is not JSON: it holds a NUL byte; expected a JSON object, [^:]*$/m)
  })

  it('says whether a line is too large or the text is, and that inflated bytes count', async () => {
    const env = { DECODE_MAX_BYTES: '2000000' }
    const large = `"${'x'.repeat(3_000_000)}"`
    const line = await run(['-'], { stdin: gzipSync(`${GOOD}\n${large}\n`), env })
    const text = await run(['-'], { stdin: `[\n${GOOD},\n${`${GOOD},\n`.repeat(40_000)}`, env })

    const most = 'has more than 2000000 bytes once inflated'
    assert.match(line.out, new RegExp(`^stdin:2 +rejected +the line ${most}`, 'm'))
    assert.match(text.out, new RegExp(`^stdin:1 +rejected +the text ${most}`, 'm'))
  })

  it('says where an array is broken, or cut off', async () => {
    const broken = await run(['-'], { stdin: `[\n${GOOD},\n${REJECTED},\n${NOT_JSON}\n]` })
    const cutOff = await run(['-'], { stdin: `[${GOOD},${REJECTED}\n` })

    assert.match(
      broken.out,
      /^stdin:3 .*\nstdin:4:30 +not_json +element 3 of the array is not JSON/m,
    )
    assert.match(
      cutOff.out,
      /^stdin:1:51 .*\nstdin:1:93 +not_json +the array is cut off after element 2$/m,
    )
  })

  it('takes an empty file for a message without data', async (t) => {
    const source =
      'export default (input, { attributes }) => ({ event: String(input), properties: attributes })'
    const map = await aFile(t, 'map.mjs', source)

    const { out } = await run(['--explain', '--attribute', 'k=v', '--transform', map, '-'])

    assert.match(out, /made {2}\{"event":"undefined","properties":\{"k":"v"\}\}/)
  })

  it('leaves a bug of its own to Node, which ends with 1', async () => {
    const io = createFakeIo({ stdin: REJECTED })
    const print = () => {
      throw new TypeError('a bug')
    }
    const listeners = process.listenerCount('unhandledRejection')

    await assert.rejects(check.run(['-'], { ...io, stdout: { ...io.stdout, print } }), {
      message: 'a bug',
    })

    assert.equal(process.listenerCount('unhandledRejection'), listeners)
  })

  it('ends with the reader of its output, or at a signal', async () => {
    const io = createFakeIo()
    const stdin = new PassThrough()
    const running = check.run(['-'], { ...io, stdin: () => stdin })
    stdin.write(`${GOOD}\n`)

    io.end(new Ended(130))

    assert.equal(await running, 130)
  })
})

describe('the progress of check', () => {
  it('is off the terminal before a finding is printed there', async () => {
    const io = createFakeIo({ terminal: true, env: { NO_COLOR: '1' } })
    const stdin = new PassThrough()
    const before: string[] = []
    const print = () => void before.push(io.err().slice(-40))
    const running = check.run(['-'], { ...io, stdin: () => stdin, stdout: { ...io.stdout, print } })
    await until('stdin is read', () => stdin.listenerCount('readable') > 0)

    await io.clock.advance(250)
    stdin.end(REJECTED)
    await running

    assert.match(before[0] ?? '', / MB · /)
    assert.ok(before[0]?.endsWith('\r\u001b[2K'), before[0])
  })
})

describe('wrong use of check', () => {
  it('is one line about a folder or a file that is not there', async (t) => {
    const folder = join(await aFolder(t), 'folder')
    await mkdir(folder)

    for (const [file, text] of [
      [folder, `${folder} is a folder: name the files in it`],
      [`${folder}/none`, `${folder}/none: no such file or directory`],
    ] as const) {
      const { code, out, err } = await run(['-', file], { stdin: REJECTED })
      assert.deepEqual([code, out, err.split('\n').length], [2, '', 2])
      assert.ok(err.includes(text), err)
    }
  })

  for (const [args, text] of [
    [['-', '-'], 'stdin is named twice'],
    [['--limit', 'x', '-'], '--limit must be a whole number'],
    [
      ['--publish-time', '2026-02-30T00:00:00Z', '-'],
      '--publish-time must be a time in RFC 3339, like 2026-01-31T12:00:00Z',
    ],
    [['--attribute', 'x', '-'], '--attribute must have the form NAME=VALUE'],
    [['--publish-time', 'today', '-'], '--publish-time must be a time in RFC 3339'],
    [['--transform', 'none.mjs', '-'], 'TRANSFORM none.mjs cannot be loaded'],
    [['--explain'], '--explain needs a FILE, or - for stdin'],
  ] as const) {
    it(`is one line: ${text}`, async () => {
      const { code, out, err } = await run(args)

      assert.deepEqual([code, out, err.split('\n').length], [2, '', 2])
      assert.ok(err.includes(text), err)
    })
  }

  it('names each variable that decides about events and has no good value', async () => {
    const { code, err } = await run(['-'], { env: { INSERT_ID: 'none', DECODE_MAX_BYTES: '"7"' } })

    assert.equal(code, 2)
    assert.match(err, /DECODE_MAX_BYTES holds quotes/)
    assert.match((await run(['-'], { env: { INSERT_ID: 'none' } })).err, /INSERT_ID must be one of/)
  })
})

describe('check of the configuration', () => {
  it('prints what is in force, and no secret', async () => {
    const { code, out, err } = await run([], { env: COMPLETE })

    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^ {2}MIXPANEL_PROJECT_TOKEN +set, 32 characters, ends 3f2a$/m)
    assert.match(out, /^ {2}MIXPANEL_REGION +eu$/m)
    assert.match(out, /^ {2}MIXPANEL_URL +https:\/\/api-eu\.mixpanel\.com {2}\(default\)$/m)
    assert.match(out, /^The configuration is complete · no transform · 0 warnings$/m)
    assert.doesNotMatch(out, /0123/)
  })

  it('shows nothing of a short secret but its length', async () => {
    const { out } = await run(['--json'], {
      env: {
        ...COMPLETE,
        MIXPANEL_PROJECT_TOKEN: '',
        MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'name.1.mp-service-account',
        MIXPANEL_SERVICE_ACCOUNT_SECRET: 'short-secret',
        MIXPANEL_PROJECT_ID: '17',
      },
    })

    const { settings }: { settings: { name: string; value: string }[] } = JSON.parse(out)
    const secret = settings.find(({ name }) => name === 'MIXPANEL_SERVICE_ACCOUNT_SECRET')
    assert.equal(secret?.value, 'set, 12 characters')
  })

  it('ends with 2 and names all problems when it does not load', async () => {
    const { code, out, err } = await run([], { env: { MIXPANEL_REGION: 'eu' } })

    assert.deepEqual([code, out], [2, ''])
    assert.match(err, /MIXPANEL_PROJECT_TOKEN is required[\s\S]*PUSH_AUDIENCE is required/)
    assert.match(err, /\(To check events, name a FILE, or - for stdin\.\)\n$/)
  })

  it('loads the transform, as serve does', async (t) => {
    const file = await aFile(t, 'broken.mjs', 'export default (input => input')
    const good = await aFile(t, 'good.mjs', DROPPING)

    const broken = await run([], { env: { ...COMPLETE, TRANSFORM: file } })
    assert.equal(broken.code, 2)
    assert.match(broken.err, /broken\.mjs:1:\d+: /)
    assert.match((await run(['--transform', good], { env: COMPLETE })).out, /good\.mjs loads/)
  })

  it('ends with 1 on a warning when it is strict', async () => {
    const env = { ...COMPLETE, PUSH_AUTH: 'none' }

    assert.equal((await run([], { env })).code, 0)
    const { code, out } = await run(['--strict'], { env })
    assert.equal(code, 1)
    assert.match(out, /^warning {2}PUSH_AUTH is none/m)
  })
})

async function run(args: readonly string[], options: FakeIoOptions = {}) {
  const io = createFakeIo(options)
  const code = await check.run(args, io)
  return { code, out: io.out(), err: io.err() }
}

async function aFile(t: TestContext, name: string, text: string | Buffer): Promise<string> {
  const file = join(await aFolder(t), name)
  await writeFile(file, text)
  return file
}

function lines(...texts: readonly string[]): string {
  return `${texts.join('\n')}\n`
}
