import { gzipSync } from 'node:zlib'

/** The body of a push that costs the service as much as a publisher can make it cost. */
export interface Bomb {
  readonly name: string
  /** The message id makes the bodies of one bomb differ. */
  body(messageId: string): string
}

const MB = 1_000_000
/** The largest data of a message, before base64. */
const PLAIN_BYTES = 9 * MB
/** Just below the limit of a message's inflated size. */
const INFLATED_BYTES = 64 * MB
const BODY_BYTES = 16 * MB

const EVENT = '{"event":"a","properties":{"distinct_id":"u-1"}}'

export const BOMBS: readonly Bomb[] = [
  gzipOf('60 lines of a million [', () => repeated(`${'['.repeat(MB)}\n`, 60 * MB)),
  gzipOf('lines of 64 KiB of [', () => repeated(`${'['.repeat(65_000)}\n`)),
  gzipOf('lines of 64 KiB of nested arrays', () => repeated(`${nested(32_000)}\n`)),
  gzipOf('line feeds', () => repeated('\n')),
  gzipOf('commas', () => repeated(',')),
  gzipOf('spaces', () => repeated(' ')),
  gzipOf('no-break spaces', () => repeated('\u00a0')),
  gzipOf('quotes', () => repeated('"')),
  gzipOf('an array of commas', () => repeated(',', INFLATED_BYTES, '[')),
  gzipOf('an array of [', () => repeated('[', INFLATED_BYTES, '[')),
  gzipOf('an array of escaped quotes', () => repeated('\\"', INFLATED_BYTES, '["')),
  gzipOf('a lone brace, then lines', () => repeated(`${EVENT},\n`, 40 * MB, '{\n')),
  gzipOf('one string', () => `"${'x'.repeat(INFLATED_BYTES - 2)}"`),
  gzipOf('lines of an object of 3,000 names', () => repeated(`${wide(3_000)}\n`)),
  plainOf('lines of an object of 100,000 names', () =>
    Buffer.from(repeated(`${wide(100_000)}\n`, PLAIN_BYTES)),
  ),
  plainOf('elements of 100,000 names', () =>
    Buffer.from(repeated(`${wide(100_000)},`, PLAIN_BYTES, '[')),
  ),
  gzipOf('lines of 4 MB of text', () => repeated(`{"a":"${'x'.repeat(4 * MB)}"}\n`, 24 * MB)),
  gzipOf('lines of 12 MB of text', () => repeated(`{"a":"${'x'.repeat(12 * MB)}"}\n`, 25 * MB)),
  gzipOf('lines of 12 MB of control characters', () => `${EVENT}\n${'\u0001'.repeat(12 * MB)}`),
  gzipOf('a line of 60 MB beside an event', () => `${EVENT}\n${'x'.repeat(60 * MB)}`),
  gzipOf(
    'a line of 60 MB of control characters beside an event',
    () => `${EVENT}\n${'\u0001'.repeat(60 * MB)}`,
  ),
  gzipOf('an event, then 60 MB of spaces', () => `${EVENT}${' '.repeat(60 * MB)}\n${EVENT}`),
  gzipOf('an array, then 60 MB of spaces', () => `[${EVENT}]${' '.repeat(60 * MB)}`),
  gzipOf('an array, then 60 MB of no-break spaces', () => `[${EVENT}${'\u00a0'.repeat(30 * MB)}x`),
  gzipOf('events of 4 MB of names', () =>
    repeated(
      `{"x":1,"event":"a","properties":{"$insert_id":1,"distinct_id":"u","time":"2026-01-01","y":${wide(131_000)},"t":"${'\\"'.repeat(1_000_000)}"}}\n`,
      30 * MB,
    ),
  ),
  gzipOf('lines of 4 MB of é', () => repeated(`{"a":"${'é'.repeat(2 * MB - 10)}"}\n`, 24 * MB)),
  gzipOf('objects of one name', () => many(200_000, (index) => `{"${index.toString(36)}":1}\n`)),
  gzipOf('a million lines 1', () => repeated('1\n', 1_999_998)),
  gzipOf('an array of 200,000 numbers', () => `${repeated('1,', 400_000, '[')}1]`),
  gzipOf('200,000 lines {}', () => repeated('{}\n', 600_000)),
  gzipOf('200,000 events', () => repeated(`${EVENT}\n`, 10 * MB)),
  gzipOf('an array of 200,000 events', () => `${repeated(`${EVENT},`, 10 * MB, '[')}${EVENT}]`),
  gzipOf('an array broken at its end', () => repeated(`${EVENT},`, 10 * MB, '[')),
  gzipOf('garbage', () => repeated('x\n', 20 * MB)),
  gzipOf('events with a million escapes', () => repeated(`${escaped(1_000_000)}\n`)),
  plainOf('bytes that are not UTF-8', () => Buffer.alloc(PLAIN_BYTES, 0xff)),
  plainOf('lines that are not UTF-8', () => lines(Buffer.from([0xff, 0x0a]))),
  plainOf('lines that are not UTF-8 beside an event', () =>
    Buffer.concat([
      Buffer.from(`${EVENT}\n`),
      lines(Buffer.from([0xff, 0x0a])).subarray(0, 1_999_000),
    ]),
  ),
  plainOf('nine megabytes of events', () => Buffer.from(repeated(`${EVENT}\n`, PLAIN_BYTES))),
  bodyOf('data that is not base64', (id) => envelope(id, '%'.repeat(13 * MB))),
  bodyOf('data of escapes', (id) => envelope(id, '\\u0041'.repeat(2 * MB))),
  bodyOf('a key of arrays', (id) => withKey(id, `[${repeated('[],', BODY_BYTES - 500)}[]]`)),
  bodyOf('a key of escaped quotes', (id) => withKey(id, `"${repeated('\\"', BODY_BYTES - 500)}"`)),
  bodyOf('a key of a million names', (id) => withKey(id, wide(1_000_000))),
  bodyOf(
    'a million attributes',
    (id) => `{"message":{"messageId":"${id}","attributes":${wide(MB)}}}`,
  ),
  bodyOf('spaces around a push', (id) => ' '.repeat(BODY_BYTES - 500) + envelope(id, '')),
  bodyOf('100 attributes and a thousand bad lines', (id) => withAttributes(id)),
]

function gzipOf(name: string, text: () => string): Bomb {
  return bodyOf(`gzip: ${name}`, (id) => envelope(id, gzipSync(text()).toString('base64')))
}

function plainOf(name: string, bytes: () => Buffer): Bomb {
  return bodyOf(`plain: ${name}`, (id) => envelope(id, bytes().toString('base64')))
}

function bodyOf(name: string, body: (messageId: string) => string): Bomb {
  return { name, body }
}

function envelope(messageId: string, data: string): string {
  return JSON.stringify({ message: { messageId, data: '@' } }).replace('@', data)
}

function withKey(messageId: string, json: string): string {
  return `{"message":{"messageId":"${messageId}","data":"e30="},"x":${json}}`
}

function withAttributes(messageId: string): string {
  const entries = Array.from({ length: 100 }, (_, index) => [`name-${index}`, 'v'.repeat(1_000)])
  const data = gzipSync(`${EVENT}\n${'{}\n'.repeat(1_000)}`).toString('base64')
  return JSON.stringify({ message: { messageId, data, attributes: Object.fromEntries(entries) } })
}

/** Repeats a part as often as it fits. */
function repeated(part: string, bytes = INFLATED_BYTES, before = ''): string {
  return before + part.repeat(Math.floor((bytes - before.length) / Buffer.byteLength(part)))
}

function lines(line: Buffer): Buffer {
  return Buffer.alloc(PLAIN_BYTES, line)
}

function many(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('')
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function wide(names: number): string {
  return `{${Array.from({ length: names }, (_, index) => `"${index.toString(36)}k":1`).join(',')}}`
}

/** An event in which the service must scan for the end of the properties. */
function escaped(quotes: number): string {
  return `{"event":"a","x":1,"properties":{"a":"${'\\"'.repeat(quotes / 3)}","time":1700000000}}`
}
