import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { createSite } from '../../../../src/transform/mapping/expressions/expression-error.ts'
import { matchesAnyPattern } from '../../../../src/transform/mapping/expressions/functions/matches.ts'
import { createZones } from '../../../../src/transform/mapping/expressions/functions/zones.ts'
import { newFrame } from '../../../../src/transform/mapping/expressions/part.ts'
import { celValue, scopeOf } from './expressing.ts'

const scope = scopeOf(
  JSON.stringify({
    text: 'a😀b😀c',
    plain: 'One.two',
    list: ['a', 'b'],
    mixed: ['a', 1],
    object: { a: 1, b: 2 },
    time: '2026-11-24T08:59:58.250Z',
    seconds: 1_795_510_798,
    after: '{"id":12345678901234567,"rate":0.1}',
    row: { id: 1 },
    params: [
      { key: 'page', value: { string_value: '/a', int_value: null } },
      { key: 'count', value: { int_value: 3 } },
      { key: 'none', value: { string_value: null, int_value: null } },
      { key: 'whole', value: { string_value: 'x', other: 1 } },
      { key: 'plain', value: 'p' },
      { key: 'page', value: { string_value: '/b' } },
      { key: null, value: 1 },
      null,
    ],
    pattern: '^One',
    bad: '(',
    counted: 'a{2}',
    day: '2026-03-29T00:30:00Z',
    accent: 'é',
    truth: true,
    inherited: 'toString',
  }),
)

const CASES: readonly (readonly [cel: string, value: unknown])[] = [
  ['size(data.text)', 5],
  ['size(data.plain)', 7],
  ['data.list.size()', 2],
  ['size(data.object)', 2],
  ['size(b"abc")', 3],
  ['data.plain.contains("e.t")', true],
  ['contains(data.plain, "x")', false],
  ['data.plain.startsWith("One")', true],
  ['data.plain.endsWith("One")', false],
  ['data.text.indexOf("b")', 2],
  ['data.text.indexOf("😀", 2)', 3],
  ['data.text.indexOf("x")', -1],
  ['data.text.lastIndexOf("😀")', 3],
  ['data.text.lastIndexOf("😀", 2)', 1],
  ['data.text.lastIndexOf("x")', -1],
  ['data.text.substring(1, 3)', '😀b'],
  ['data.text.substring(3)', '😀c'],
  ['data.plain.substring(0, 3)', 'One'],
  ['data.plain.substring(4)', 'two'],
  ['data.plain.substring(-5, 100)', 'One.two'],
  ['data.text.substring(4, 100)', 'c'],
  ['data.text.substring(9)', ''],
  ['data.text.substring(1, 9007199254740991)', '😀b😀c'],
  ['data.text.indexOf("b", 99)', -1],
  ['data.text.indexOf("a", -1)', 0],
  ['data.text.lastIndexOf("b", 99)', 2],
  ['data.text.lastIndexOf("c", 0)', -1],
  ['replace(data.plain, ".", "$&")', 'One$&two'],
  ['data.plain.replace("o", "0")', 'One.tw0'],
  ['"aaa".replace("a", "b")', 'bbb'],
  ['"ab".replace("", "-")', '-a-b-'],
  ['"a😀".replace("", "$&")', '$&a$&😀$&'],
  ['"ab".replace("x", "-")', 'ab'],
  ['data.plain.split(".")', ['One', 'two']],
  ['data.text.split("")', ['a', '😀', 'b', '😀', 'c']],
  ['"a,b,c".split(",", 2)', ['a', 'b,c']],
  ['"a,b,c".split(",", 5)', ['a', 'b', 'c']],
  ['"a,b,c".split(",", 0)', []],
  ['"a,b,c".split(",", -1)', ['a', 'b', 'c']],
  ['data.list.join()', 'ab'],
  ['data.list.join("-")', 'a-b'],
  ['" a ".trim()', 'a'],
  ['lower("ÄB")', 'äb'],
  ['upper("äb")', 'ÄB'],
  ['"ÄB".lowerAscii()', 'Äb'],
  ['"äb".upperAscii()', 'äB'],
  ['data.plain.matches("^One\\\\.")', true],
  ['data.plain.matches("^one")', false],
  ['matches(data.plain, "two$")', true],
  ['data.plain.matches(data.pattern)', true],
  ['data.plain.matches("(?i)ONE")', true],
  ['data.text.matches("^a.b.c$")', true],
  ['epoch_ms(data.time)', 1_795_510_798_250],
  ['epoch_ms(data.seconds)', 1_795_510_798_000],
  ['epoch_ms(timestamp(data.time))', 1_795_510_798_250],
  ['epoch_ms("1795510798")', 1_795_510_798_000],
  ['timestamp(data.time)', '2026-11-24T08:59:58.250Z'],
  ['timestamp(0)', '1970-01-01T00:00:00.000Z'],
  ['timestamp(8640000000000000)', '+275760-09-13T00:00:00.000Z'],
  ['timestamp(data.time) + duration("1h")', '2026-11-24T09:59:58.250Z'],
  ['duration("1h") + timestamp(data.time)', '2026-11-24T09:59:58.250Z'],
  ['timestamp(data.time) - duration("58s")', '2026-11-24T08:59:00.250Z'],
  ['timestamp(data.time) - timestamp("2026-11-24T08:59:00Z")', '58.25s'],
  ['timestamp("2026-11-24T08:59:00Z") - timestamp(data.time)', '-58.25s'],
  ['duration("1h30m")', '5400s'],
  ['duration("-1.5s")', '-1.5s'],
  ['duration("50ms")', '0.05s'],
  ['duration("0s")', '0s'],
  ['duration("1s") - duration("1.5s")', '-0.5s'],
  ['duration("0.5s") + duration("0.75s")', '1.25s'],
  ['duration("1ms") < duration("1s")', true],
  ['duration("1000ms") == duration("1s")', true],
  ['timestamp(data.time) > timestamp("2026-01-01")', true],
  ['timestamp(data.time) == timestamp("2026-11-24T09:59:58.250+01:00")', true],
  ['timestamp(data.time).getFullYear()', 2026],
  ['timestamp(data.time).getMonth()', 10],
  ['timestamp(data.time).getDate()', 24],
  ['timestamp(data.time).getDayOfMonth()', 23],
  ['timestamp(data.time).getDayOfWeek()', 2],
  ['timestamp(data.time).getDayOfYear()', 327],
  ['timestamp("2026-01-01").getDayOfYear()', 0],
  ['timestamp("2024-12-31T23:59:59Z").getDayOfYear()', 365],
  ['timestamp("0050-02-01").getDayOfYear()', 31],
  ['timestamp(data.time).getHours()', 8],
  ['timestamp(data.time).getMinutes()', 59],
  ['timestamp(data.time).getSeconds()', 58],
  ['timestamp(data.time).getMilliseconds()', 250],
  ['timestamp(data.time).getHours("America/New_York")', 3],
  ['timestamp(data.time).getHours("+02:00")', 10],
  ['timestamp(data.time).getMinutes("Asia/Kolkata")', 29],
  ['timestamp(data.day).getHours("Europe/Berlin")', 1],
  ['timestamp("2026-03-29T01:30:00Z").getHours("Europe/Berlin")', 3],
  ['timestamp(data.time).getDate("Pacific/Kiritimati")', 24],
  ['timestamp("1800-01-01T00:00:00Z").getSeconds("America/New_York")', 58],
  ['duration("1h30m").getHours()', 1],
  ['duration("1h30m").getMinutes()', 90],
  ['duration("1h").getSeconds()', 3600],
  ['duration("1.5s").getMilliseconds()', 1500],
  ['json(data.after)', { id: 12_345_678_901_234_567n, rate: 0.1 }],
  ['json(data.after).id', 12_345_678_901_234_567n],
  ['json(data.row)', { id: 1 }],
  ['json("[1,2]")', [1, 2]],
  [
    'pairs(data.params, "key", "value")',
    { page: '/b', count: 3, none: null, whole: { string_value: 'x', other: 1 }, plain: 'p' },
  ],
  ['pairs(data.params, "absent", "value")', {}],
  ['pairs(data.params, "key", "absent").count', null],
  ['string(1)', '1'],
  ['string(1.5)', '1.5'],
  ['string(true)', 'true'],
  ['string("a")', 'a'],
  ['string(b"a")', 'a'],
  ['string(timestamp(0))', '1970-01-01T00:00:00.000Z'],
  ['string(duration("90s"))', '90s'],
  ['int("42")', 42],
  ['int("-42")', -42],
  ['int("+42")', 42],
  ['int(1.9)', 1],
  ['int(-1.9)', -1],
  ['int(timestamp(data.time))', 1_795_510_798],
  ['int("9223372036854775807")', 9_223_372_036_854_775_807n],
  ['uint(3)', 3],
  ['2u', 2],
  ['double("1.5")', 1.5],
  ['double("1e3")', 1000],
  ['int("+5")', 5],
  ['uint("0")', 0],
  ['"a,b,c".split(",", 3)', ['a', 'b', 'c']],
  ['"a,b,c".split(",", 2)', ['a', 'b,c']],
  ['"a,b,c".split(",", 0)', []],
  ['"a,b,c".split(",", -1)', ['a', 'b', 'c']],
  ['duration(duration("90s"))', '90s'],
  ['bytes("é") == bytes(data.accent)', true],
  ['double(2)', 2],
  ['double(".5")', 0.5],
  ['bool("true")', true],
  ['bool("f")', false],
  ['bool(true)', true],
  ['dyn(1)', 1],
  ['bytes("é")', 'w6k='],
  ['bytes(b"a")', 'YQ=='],
  ['bytes("é").hex()', 'c3a9'],
  ['bytes("é").base64()', 'w6k='],
  ['b"a" + b"b" == b"ab"', true],
  ['b"a" == b"b"', false],
  ['type(1) == int', true],
  ['type(data.seconds) == double', true],
  ['type("a") == string', true],
  ['type(true) == bool', true],
  ['type(b"") == bytes', true],
  ['type([]) == list', true],
  ['type({}) == map', true],
  ['type(null) == null_type', true],
  ['type(data.absent) == null_type', true],
  ['type(int) == type', true],
  ['type(1) == string', false],
  ['data.list.map(x, x + "!")', ['a!', 'b!']],
  ['data.list.map(x, x == "a", x + "!")', ['a!']],
  ['data.object.map(k, k)', ['a', 'b']],
  ['data.object.filter(k, data.object[k] > 1)', ['b']],
  ['data.list.filter(x, x != "a")', ['b']],
  ['data.list.all(x, x < "c")', true],
  ['data.list.all(x, x < "b")', false],
  ['data.list.exists(x, x == "b")', true],
  ['data.list.exists(x, x == "c")', false],
  ['data.list.exists_one(x, x < "c")', false],
  ['data.list.exists_one(x, x == "a")', true],
  ['data.mixed.exists(x, x > 0)', true],
  ['data.mixed.all(x, x > 1)', false],
  ['[].all(x, false)', true],
  ['cel.bind(x, data.seconds, x - x)', 0],
  ['cel.bind(l, data.list, l.map(x, x + l[0]))', ['aa', 'ba']],
  ['data.list.map(x, cel.bind(y, x + "1", y + x))', ['a1a', 'b1b']],
  ['data.list.map(data, data)', ['a', 'b']],
  ['data.list + ["c"]', ['a', 'b', 'c']],
  ['"a" + "b"', 'ab'],
  ['{"a": 1, "__proto__": 2}.size()', 2],
  ['[1, "a", null, [true]]', [1, 'a', null, [true]]],
  ['data.list[0]', 'a'],
  ['data.list[data.list.size() - 1]', 'b'],
  ['data.list[1.0]', 'b'],
  ['data.object["a"]', 1],
  ['data.object[data.list[1]]', 2],
]

/** Times in other zones, with the part that is asked for. */
const ZONED: readonly (readonly [time: string, zone: string, hours: number, minutes: number])[] = [
  ['2026-11-24T08:59:58Z', 'UTC', 8, 59],
  ['2026-11-24T08:59:58Z', '+05:30', 14, 29],
  ['2026-11-24T08:59:58Z', '-03:30', 5, 29],
  ['2026-11-24T00:10:00Z', '-01:00', 23, 10],
  ['2026-07-24T08:59:58Z', 'America/New_York', 4, 59],
  ['2026-11-24T08:59:58Z', 'America/New_York', 3, 59],
  ['2026-11-24T08:59:58Z', 'Asia/Kathmandu', 14, 44],
  ['1900-01-01T12:00:00Z', 'Europe/Dublin', 11, 34],
  ['1883-01-01T00:00:00Z', 'America/New_York', 19, 3],
]

const FAILING: readonly (readonly [cel: string, text: string])[] = [
  ['data.plain.matches(data.bad)', 'the pattern is not one of RE2'],
  [
    'data.plain.matches(data.counted)',
    'a pattern of an event has 100 characters at most, and no {',
  ],
  ['data.list.matches("a")', 'a text is due here, and this is a list'],
  ['epoch_ms(data.plain)', 'this is not a time'],
  ['epoch_ms(data.list)', 'a time is due here, and this is a list'],
  ['epoch_ms(1e200 * data.seconds)', 'this is not a time'],
  ['epoch_ms(data.seconds * 0 + 8640000000000001)', 'this is not a time'],
  ['timestamp(data.seconds).getHours(data.plain)', 'this is not a time zone'],
  ['data.plain.getHours()', 'a time is due here, and this is a text'],
  ['duration(data.plain)', 'this is not a duration, as 1h30m or 2.5s is'],
  ['timestamp(data.time) + duration("3000000000h")', 'the time is beyond the calendar'],
  ['duration("1s") - timestamp(data.time)', '`-` does not take a duration and a time'],
  ['timestamp(data.time) * 2', '`*` does not take a time and a number'],
  ['timestamp(data.time) * timestamp(data.time)', '`*` does not take a time and a time'],
  ['data.seconds + timestamp(data.time)', '`+` does not take a number and a time'],
  ['duration("1s") + data.seconds', '`+` does not take a duration and a number'],
  ['bytes(data.plain) + data.plain', '`+` does not take bytes and a text'],
  ['json(data.plain)', 'the text is not JSON'],
  ['pairs(data.list, "key", "value")', 'a list of objects is due here, and this is a text'],
  ['pairs(data.params, 1, "value")', 'a text is due here, and this is a number'],
  ['string(data.list)', 'a single value is due here, and this is a list'],
  ['string(data.object)', 'a single value is due here, and this is an object'],
  ['int(data.plain)', 'the text is not a whole number of 64 bits'],
  ['int(data.list)', 'a whole number of 64 bits is due here, and this is a list'],
  ['int(data.seconds * 1e18)', 'a whole number of 64 bits is due here, and this is a number'],
  ['uint(-data.seconds)', 'a number below 0 is not a uint'],
  ['double(data.plain)', 'the text is not a number'],
  ['double(data.list)', 'a number is due here, and this is a list'],
  ['bool(data.plain)', 'the text is not true or false'],
  ['bool(data.seconds)', 'true or false is due here, and this is a number'],
  ['bytes(data.seconds)', 'a text is due here, and this is a number'],
  ['data.plain.hex()', 'bytes is due here, and this is a text'],
  ['size(data.seconds)', 'a text, a list or an object is due here, and this is a number'],
  ['data.mixed.join()', 'a text is due here, and this is a number'],
  ['data.plain.substring(data.plain)', 'a whole number is due here, and this is a text'],
  [
    'data.plain.substring(0.5 * data.seconds + 0.25)',
    'a whole number is due here, and this is a number',
  ],
  ['double(data.truth)', 'a number is due here, and this is true or false'],
  ['bool(data.inherited)', 'the text is not true or false'],
  ['bool(data.list)', 'true or false is due here, and this is a list'],
  ['data.plain.join()', 'a list is due here, and this is a text'],
  ['data.plain.substring(data.truth)', 'a whole number is due here, and this is true or false'],
  ['epoch_ms(data.truth)', 'a time is due here, and this is true or false'],
  ['data.plain.map(x, x)', 'a list or an object is due here, and this is a text'],
  ['data.mixed.all(x, x > 0)', 'a text and a number have no order'],
  ['data.mixed.exists(x, x > 1)', 'a text and a number have no order'],
  ['data.mixed.exists_one(x, x > 0)', 'a text and a number have no order'],
  ['data.list.filter(x, x)', 'true or false is due here, and this is a text'],
  ['{data.seconds: 1}', 'a text is due here, and this is a number'],
  ['{data.absent: 1}', 'a text is due here, and this is null'],
  ['"a" in data.seconds', 'the right side of `in` is neither a list nor an object'],
  ['-data.plain', 'a number is due here, and this is a text'],
  ['data.list + data.object', '`+` does not take a list and an object'],
  ['[type(data.list)]', 'a type has no JSON'],
]

describe('a function of an expression', () => {
  for (const [cel, value] of CASES) {
    it(`gives ${cel} its value`, () => {
      assert.deepEqual(celValue(cel, scope), value)
    })
  }

  for (const [cel, text] of FAILING) {
    it(`refuses ${cel}, and says why`, () => {
      assert.throws(
        () => celValue(cel, scope),
        (error) => {
          assert.ok(error instanceof Error)
          assert.equal(error.name, 'ExpressionError')
          assert.equal(error.message.slice(error.message.lastIndexOf(': ') + 2), text)
          return true
        },
      )
    })
  }

  for (const [time, zone, hours, minutes] of ZONED) {
    it(`knows the time of ${time} in ${zone}`, () => {
      const given = scopeOf(JSON.stringify({ time, zone }))
      const partOf = (name: string) => celValue(`timestamp(data.time).${name}(data.zone)`, given)

      assert.deepEqual([partOf('getHours'), partOf('getMinutes')], [hours, minutes])
    })
  }

  it('looks a zone up once, and remembers 50 zones', (t) => {
    const fifty = Intl.supportedValuesOf('timeZone').slice(-50)
    const offsetMs = createZones()
    const { mock } = t.mock.method(Intl, 'DateTimeFormat')
    const lookUpsOf = (...zones: readonly string[]) => {
      mock.resetCalls()
      for (const zone of zones) offsetMs(new Date(0), zone)
      return mock.callCount()
    }

    assert.deepEqual([lookUpsOf(...fifty), lookUpsOf(...fifty)], [50, 0])
    assert.deepEqual([lookUpsOf('UTC'), lookUpsOf('UTC')], [1, 0])
    assert.deepEqual([lookUpsOf(...fifty), lookUpsOf('UTC')], [50, 1])
  })

  it('compiles a pattern of events once, and remembers 16 patterns', (t) => {
    const sixteen = Array.from({ length: 16 }, (_, at) => `^${at}$`)
    const matches = matchesAnyPattern()
    const { mock } = t.mock.method(RE2JS, 'compile')
    const compilationsOf = (...patterns: readonly string[]) => {
      mock.resetCalls()
      for (const pattern of patterns) {
        matches.apply(['a', pattern], { frame: newFrame(scope), site: createSite('') })
      }
      return mock.callCount()
    }

    assert.deepEqual([compilationsOf(...sixteen), compilationsOf(...sixteen)], [16, 0])
    assert.deepEqual([compilationsOf('a'), compilationsOf('a')], [1, 0])
    assert.deepEqual([compilationsOf(...sixteen), compilationsOf('a')], [16, 1])
  })

  it('knows more zones than it remembers', () => {
    const zones = Intl.supportedValuesOf('timeZone').slice(0, 60)
    const hoursIn = (zone: string) =>
      celValue('timestamp("2026-11-24T12:00:00Z").getHours(data)', scopeOf(JSON.stringify(zone)))

    assert.deepEqual(zones.map(hoursIn), zones.map(hoursIn))
    assert.throws(() => hoursIn('Mars/Olympus'), /this is not a time zone/)
    assert.throws(() => hoursIn(''), /this is not a time zone/)
    assert.throws(() => hoursIn('U'.repeat(100)), /this is not a time zone/)
  })

  it('counts the characters of a text, and a lone half of one as one', () => {
    const unit = fc.constantFrom('a', '\ud7ff', '\ud800', '\udbff', '\udc00', '\udfff', '\ue000')
    const texts = fc.string({ unit, maxLength: 8 })
    const places = fc.integer({ min: -1, max: 9 })

    fc.assert(
      fc.property(texts, places, places, (text, from, to) => {
        const characters = Array.from(text)
        const [first, last] = [from, to].map((at) => Math.max(at, 0))
        const given = scopeOf(JSON.stringify({ text, from, to, part: characters[2] ?? 'x' }))

        assert.equal(celValue('size(data.text)', given), characters.length)
        assert.equal(
          celValue('data.text.substring(int(data.from), int(data.to))', given),
          characters.slice(first, Math.max(last ?? 0, first ?? 0)).join(''),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('reads texts of 100 characters as numbers, and no longer ones', () => {
    const read = (cel: string, text: string) => celValue(cel, scopeOf(JSON.stringify({ text })))
    const small = (length: number) => '7'.padStart(length, '0')

    assert.equal(read('int(data.text)', small(100)), 7)
    assert.throws(() => read('int(data.text)', small(101)), /not a whole number of 64 bits/)
    assert.equal(read('double(data.text)', small(100)), 7)
    assert.throws(() => read('double(data.text)', small(101)), /the text is not a number/)
  })

  it('reads texts of 64 characters as times and durations, and no longer ones', () => {
    const read = (cel: string, text: string) => celValue(cel, scopeOf(JSON.stringify({ text })))
    const long = '1795510798'.padStart(65, '0')
    const duration = (length: number) => `${'1'.padStart(length - 1, '0')}s`

    assert.equal(read('epoch_ms(data.text)', `1970-01-01T00:00:00.${'0'.repeat(43)}Z`), 0)
    assert.throws(() => read('epoch_ms(data.text)', long), /this is not a time/)
    assert.equal(read('duration(data.text)', duration(64)), '1s')
    assert.throws(() => read('duration(data.text)', duration(65)), /this is not a duration/)
  })

  it('takes patterns of events of 100 characters, and no longer ones', () => {
    const matches = (pattern: string) =>
      celValue('"a".matches(data)', scopeOf(JSON.stringify(pattern)))

    assert.equal(matches('a'.repeat(100)), false)
    assert.throws(() => matches('a'.repeat(101)), /100 characters at most/)
  })

  it('leaves the limit of stacks as it is when a text is no duration', (t) => {
    const before = Error.stackTraceLimit
    t.after(() => {
      Error.stackTraceLimit = before
    })
    Error.stackTraceLimit = 7

    assert.throws(() => celValue('duration(data.plain)', scope), /this is not a duration/)
    assert.equal(Error.stackTraceLimit, 7)
  })

  it('makes no more than 10,000 characters of a text', () => {
    const text = scopeOf(JSON.stringify({ most: '😀'.repeat(10_000), more: '😀'.repeat(10_001) }))

    assert.equal(celValue('size(data.most.split(""))', text), 10_000)
    assert.throws(() => celValue('data.more.split("")', text), /more than 10000 parts/)
  })

  it('makes no more than 10,000 parts of a text', () => {
    const text = scopeOf(JSON.stringify({ most: ','.repeat(9_999), more: ','.repeat(10_000) }))

    assert.equal(celValue('size(data.most.split(","))', text), 10_000)
    assert.throws(() => celValue('size(data.more.split(","))', text), /more than 10000 parts/)
    assert.throws(
      () =>
        celValue(
          'size(data.more.split("") + data.more.split("")) > 0 && size((data.more + ",").split("")) > 0',
          text,
        ),
      /more than 10000 parts/,
    )
  })

  it('reads JSON of 500 levels and 20,000 parts', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    const long = (parts: number) => `[${'1,'.repeat(parts - 1)}1]`
    const read = (json: string) =>
      celValue('size(json(data.json))', scopeOf(JSON.stringify({ json })))

    assert.equal(read(nested(500)), 1)
    assert.throws(() => read(nested(501)), /more than 20000 parts or 500 levels/)
    assert.equal(read(long(20_000)), 20_000)
    assert.throws(() => read(long(20_001)), /more than 20000 parts or 500 levels/)
  })

  it('remembers the patterns of events, and forgets them in time', () => {
    const patterns = Array.from({ length: 40 }, (_, index) => `^${index}$`)

    for (const pattern of [...patterns, ...patterns]) {
      const given = scopeOf(JSON.stringify({ pattern, text: pattern.slice(1, -1) }))
      assert.equal(celValue('data.text.matches(data.pattern)', given), true)
    }
  })
})
