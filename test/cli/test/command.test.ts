import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { test } from '../../../src/cli/test.ts'
import { createFakeIo, type FakeIoOptions } from '../../helpers/fake-io.ts'
import { aFolder } from '../../helpers/world.ts'

/** Orders and health checks, as docs/cli.md has them. */
const ORDERS = `version: 1
rules:
  - name: health checks
    when: 'data.type == "health_check"'
    drop: true
  - name: orders
    when: 'data.type == "order.placed" && data.total > 0'
    events:
      - event: Order Placed
        distinct_id: '\${data.customer.id}'
        time: '\${data.placed_at}'
        insert_id: '\${data.order_id}'
        properties: { set: { order_total: '\${data.total}' } }
      - each: '\${data.items}'
        event: Item Ordered
        distinct_id: '\${data.customer.id}'
        time: '\${data.placed_at}'
        insert_id: '\${data.order_id}-\${item.sku}'
  - name: all else
    reject: no rule for this type
privacy:
  - { hash: ids, key: PRIVACY_KEY }
cases:
`
const AN_ORDER = `  - name: an order
    input: { type: order.placed, order_id: o-17, placed_at: '2026-11-24T08:59:58Z', total: 12.5,
             customer: { id: u-1 }, items: [{ sku: a }] }
    expect:
      - event: Order Placed
        properties: { distinct_id: { $hashed: u-1 }, time: 1795510798000, $insert_id: o-17, order_total: 12.5 }
      - event: Item Ordered
        properties: { distinct_id: { $hashed: u-1 }, time: 1795510798000, $insert_id: o-17-a, sku: a }
`
const A_CHECK = '  - { name: a health check, input: { type: health_check }, expect: [] }\n'
const A_WRONG_CHECK =
  '  - name: a health check\n    input: { kind: health_check }\n    expect: []\n'
const AN_UNKNOWN = `  - { name: an unknown type, input: 7, expect: { reject: 'no rule' } }\n`

/** A mapping that passes events on, and gives each a time. */
const PASSING = `version: 1
rules:
  - name: all
    event: '\${data.event}'
    time: '\${message.publishTime}'
    insert_id: i
    properties: { from: '\${data.properties}' }
cases:
`

describe('test', () => {
  it('prints each case, and why one fails', async (t) => {
    const { code, out, err } = await run(t, ORDERS + AN_ORDER + A_WRONG_CHECK)

    assert.equal(code, 1)
    assert.deepEqual(out.split('\n'), [
      'ok  an order  rules[1] orders',
      'FAIL  a health check  mapping.yaml:32  rules[0] health checks did not match: data.type is null',
      '        expected  nothing (dropped)',
      '        got  rejected: no rule for this type (rules[2])',
      'reached by no case: rules[0] health checks',
      '2 cases, 1 failed',
      '',
    ])
    assert.equal(err, 'PRIVACY_KEY is not set: a fixed key stands in for it\n')
  })

  it('takes the key of the environment where it is set', async (t) => {
    const hash = '9a1bdad9c76b5d8f8d13cf4dae7ac5a8ed31cd1ce4bc0ac31e4b8a8e7a8ffe3e'
    const cases = AN_ORDER.replaceAll('{ $hashed: u-1 }', hash)
    const env = { PRIVACY_KEY: 'a key of some length' }

    const { out, err } = await run(t, ORDERS + cases, [], { env })

    assert.match(out, /^ {8}got {2}\[0\]\.properties\.distinct_id: "[0-9a-f]{64}"$/m)
    assert.equal(err, '')
    assert.equal((await run(t, ORDERS + AN_ORDER, [], { env })).code, 0)
  })

  const CODES: readonly (readonly [what: string, text: string, args: string[], code: number])[] = [
    ['all cases are good', ORDERS + AN_ORDER + A_CHECK + AN_UNKNOWN, [], 0],
    [
      'all cases are good, and reach all rules',
      ORDERS + AN_ORDER + A_CHECK + AN_UNKNOWN,
      ['--all-rules-reached'],
      0,
    ],
    ['a rule is not reached', ORDERS + AN_ORDER + A_CHECK, [], 0],
    ['a rule is not reached and must be', ORDERS + AN_ORDER + A_CHECK, ['--all-rules-reached'], 1],
    ['a case fails', ORDERS + A_WRONG_CHECK, [], 1],
    ['there is no case', `${ORDERS} []`, [], 1],
    ['the mapping does not load', 'version: 2', [], 2],
    ['two files are named', ORDERS, ['other.yaml'], 2],
    ['the report cannot be written', ORDERS + A_CHECK, ['--junit', '/dev/null/report.xml'], 2],
  ]
  for (const [what, text, args, code] of CODES) {
    it(`ends with ${code} when ${what}`, async (t) => {
      assert.equal((await run(t, text, args)).code, code)
    })
  }

  it('ends with 2 when no file is named, or it is not there', async () => {
    for (const args of [[], ['/nowhere/mapping.yaml']]) {
      const io = createFakeIo()

      assert.equal(await test.run(args, io), 2)
      assert.match(io.err(), /name a mapping file|nowhere.mapping\.yaml: no such file/)
    }
  })

  it('names all mistakes of a mapping, each on its line', async (t) => {
    const { out, err } = await run(
      t,
      'version: 2\nrules:\n  - name: "a\\e"\n    when: >-\n      data.x &&\n      dat\n    drop: true\n',
    )

    assert.equal(out, '')
    assert.deepEqual(err.split('\n'), [
      'mapping.yaml:1:10 version must be the number 1',
      'mapping.yaml:4 rules[0].when: `dat` is not known; did you mean data?',
      '    data.x && dat',
      '              ^',
      '',
    ])
  })

  it('says that a mapping has no cases', async (t) => {
    const { out, err } = await run(t, `version: 1\nprivacy: [{ ip: drop }]\n`)

    assert.deepEqual([out, err], ['0 cases, 0 failed\n', 'mapping.yaml has no cases\n'])
  })

  it('publishes a text as it is, with several lines', async (t) => {
    const { out } = await run(
      t,
      `${PASSING}  - name: two
    message: { publishTime: '2026-01-01T00:00:00Z' }
    input: |
      {"event":"a","properties":{"n":9007199254740993}}
      {"event":
    expect:
      - { event: a, properties: { n: 9007199254740993, distinct_id: '', time: 1767225600000, $insert_id: i } }
      - { reject: line 2 is not JSON }
`,
    )

    assert.equal(out, 'ok  two  rules[0] all\n1 case, 0 failed\n')
  })

  it('gives a rule the facts of the message, and no data where there is no input', async (t) => {
    const { out } = await run(
      t,
      `version: 1
rules:
  - name: facts
    when: 'data == null'
    event: e
    time: '\${message.publishTime}'
    insert_id: '\${message.messageId}'
    properties:
      attributes: ['*']
      set: { key: '\${message.orderingKey}', from: '\${message.subscription}' }
cases:
  - name: facts
    message:
      messageId: '17'
      publishTime: '2026-01-01T00:00:00Z'
      subscription: projects/p/subscriptions/s
      orderingKey: k
      attributes: { a: b }
    expect:
      - event: e
        properties: { a: b, key: k, from: projects/p/subscriptions/s, distinct_id: '', time: 1767225600000, $insert_id: '17' }
`,
    )

    assert.match(out, /^ok {2}facts/)
  })

  const DIFFERENCES: readonly (readonly [
    what: string,
    expect: string,
    expected: string,
    got: string,
  ])[] = [
    [
      'a value',
      '[{ event: a, properties: { n: 1, l: [{ m: 3 }], distinct_id: u, time: 1767225600000, $insert_id: i } }]',
      '[0].properties.l[0].m: 3',
      '[0].properties.l[0].m: 2',
    ],
    [
      'a property that is absent',
      '[{ event: a, properties: { x: 1 } }]',
      '[0].properties.x: 1',
      '[0].properties.x: absent',
    ],
    [
      'a property that is not expected',
      '[{ event: a, properties: { n: 1, l: [{ m: 2 }], distinct_id: u, time: 1767225600000 } }]',
      '[0].properties.$insert_id: absent',
      '[0].properties.$insert_id: "i"',
    ],
    [
      'a list that is longer',
      '[{ event: a, properties: { l: [] } }]',
      '[0].properties.l[0]: absent',
      '[0].properties.l[0]: {"m":2}',
    ],
    [
      'another type',
      '[{ event: a, properties: { n: "1" } }]',
      '[0].properties.n: "1"',
      '[0].properties.n: 1',
    ],
    ['the name of the event', '[{ event: b, properties: {} }]', '[0].event: "b"', '[0].event: "a"'],
    [
      'the number of events',
      '[{ event: a, properties: {} }, { event: b, properties: {} }]',
      '2 events: a, b',
      '1 event: a',
    ],
    ['an event that is not dropped', '[]', 'nothing (dropped)', '1 event: a'],
    ['an event that is not rejected', '{ reject: no }', 'rejected: no', '1 event: a'],
    [
      'a hash of another text',
      '[{ event: a, properties: { n: { $hashed: u } } }]',
      '[0].properties.n: the hash of "u"',
      '[0].properties.n: 1',
    ],
    ['an event among rejections', '[{ reject: no }]', 'rejected: no', '1 event: a'],
  ]
  for (const [what, expect, expected, got] of DIFFERENCES) {
    it(`shows the first difference: ${what}`, async (t) => {
      const { code, out } = await run(
        t,
        `${PASSING}  - name: one
    message: { publishTime: '2026-01-01T00:00:00Z' }
    input: { event: a, properties: { n: 1, l: [{ m: 2 }], distinct_id: u } }
    expect: ${expect}
`,
      )

      assert.equal(code, 1)
      assert.deepEqual(out.split('\n').slice(0, 3), [
        'FAIL  one  mapping.yaml:9  rules[0] all',
        `        expected  ${expected}`,
        `        got  ${got}`,
      ])
    })
  }

  it('tells a rejection of the service from another one, and the field', async (t) => {
    const { out } = await run(
      t,
      `version: 1
rules: [{ name: all, event: a }]
cases:
  - { name: no time, input: {}, expect: { reject: 'has no publish time' } }
  - { name: no text, input: '\\xff', expect: { reject: 'is no JSON' } }
`.replace("'\\xff'", "'{'"),
    )

    assert.deepEqual(out.split('\n').slice(0, 4), [
      'ok  no time  rules[0] all',
      'FAIL  no text  mapping.yaml:5',
      '        expected  rejected: is no JSON',
      '        got  rejected: the data is not JSON: expected a JSON object, one on each line, or a JSON array of them',
    ])
  })

  it('names a rule that fails as it is expected to', async (t) => {
    const { out } = await run(
      t,
      `version: 1
rules: [{ name: named, event: '\${data.name}' }]
cases:
  - { name: no name, input: {}, expect: { reject: data.name is null } }
`,
    )

    assert.equal(out, 'ok  no name  rules[0] named\n1 case, 0 failed\n')
  })

  it('says which rule failed', async (t) => {
    const { out } = await run(
      t,
      `version: 1
rules: [{ name: sums, when: 'data.n + "a" == 1', drop: true }, { name: all, drop: true }]
cases:
  - { name: a number, input: { n: 1 }, expect: [] }
`,
    )

    assert.match(out, /^FAIL {2}a number {2}mapping\.yaml:4 +rules\[0\] sums failed: /)
    assert.match(
      out,
      /^ {8}got {2}rejected: .*mapping\.yaml:2:\d+ rules\[0\]\.when.* \(rules\[0\]\)$/m,
    )
  })

  it('derives ids from the content where INSERT_ID says so', async (t) => {
    const text = `version: 1
rules: [{ name: all, event: a, time: '2026-01-01T00:00:00Z' }]
cases:
  - { name: one, input: {}, expect: [{ event: a, properties: { distinct_id: '', time: 1767225600000, $insert_id: 1000000000000000-1 } }] }
`

    assert.equal((await run(t, text)).code, 0)
    assert.equal((await run(t, text, [], { env: { INSERT_ID: 'content' } })).code, 1)
  })

  it('escapes what a terminal would obey or hide', async (t) => {
    const text = `version: 1
rules: [{ name: "r\\u202e", drop: true }, { name: "s\\e", when: 'data.x', drop: true }]
cases:
  - { name: "a\\e[2J", input: { x: "\\u200b" }, expect: [{ event: "\\e", properties: {} }] }
`.replace('drop: true }, {', 'when: \'data.y == "\\u200b"\', drop: true }, {')

    for (const args of [[], ['--json']]) {
      const { out } = await run(t, text, args)
      assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
      assert.match(out, /FAIL|"ok":false/)
    }
  })

  it('prints one JSON object a line', async (t) => {
    const { out } = await run(t, ORDERS + A_CHECK + A_WRONG_CHECK, ['--json'])

    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        {
          kind: 'case',
          ok: true,
          file: 'mapping.yaml',
          line: 24,
          name: 'a health check',
          rules: 'rules[0] health checks',
          steps: [{ index: 0, name: 'health checks', kind: 'matched' }],
        },
        {
          kind: 'case',
          ok: false,
          file: 'mapping.yaml',
          line: 25,
          name: 'a health check',
          rules: 'rules[0] health checks did not match: data.type is null',
          steps: [
            { index: 0, name: 'health checks', kind: 'not_matched', why: 'data.type is null' },
            { index: 1, name: 'orders', kind: 'not_matched', why: 'data.type is null' },
            { index: 2, name: 'all else', kind: 'matched' },
          ],
          expected: 'nothing (dropped)',
          got: 'rejected: no rule for this type (rules[2])',
        },
        { kind: 'totals', cases: 2, failed: 1, unreached: ['rules[1] orders'] },
      ],
    )
  })
})

describe('the JUnit file of test', () => {
  it('has a case for each, with its place and the difference', async (t) => {
    assert.equal(
      await junitOf(t, ORDERS + AN_ORDER + A_WRONG_CHECK),
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0">
  <testsuite name="mapping.yaml" tests="2" failures="1" errors="0">
    <testcase name="an order" classname="mapping.yaml" file="mapping.yaml" line="24"/>
    <testcase name="a health check" classname="mapping.yaml" file="mapping.yaml" line="32">
      <failure message="rules[0] health checks did not match: data.type is null; expected  nothing (dropped); got       rejected: no rule for this type (rules[2])">rules[0] health checks did not match: data.type is null
expected  nothing (dropped)
got       rejected: no rule for this type (rules[2])</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
    )
  })

  it('has a failure for rules that no case reached, where they must be', async (t) => {
    const xml = await junitOf(t, ORDERS + AN_ORDER + A_CHECK, ['--all-rules-reached'])

    assert.match(xml, /<testsuites tests="3" failures="1" errors="0">/)
    assert.match(xml, /<failure message="reached by no case: rules\[2\] all else">/)
  })

  it('is XML, whatever the names of cases are', async (t) => {
    const name = '"<a>&\'\\u0000\\e\\uffff\\ud800\\u202e]]>"'

    const xml = await junitOf(
      t,
      `${ORDERS}  - { name: ${name.replace('"<', '"\\"<')}, input: 1, expect: [] }\n`,
    )

    assert.match(xml, /name="&quot;&lt;a&gt;&amp;'\\u0000\\u001b\uFFFD\\ud800\\u202e]]&gt;"/)
    assert.doesNotMatch(xml.replaceAll('\n', ''), /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u)
    const tags = xml.replaceAll(
      /<\??[a-z]+(?: [a-z]+="[^"<&]*(?:&[a-z]+;[^"<&]*)*")*[/?]?>|<\/[a-z]+>/g,
      '',
    )
    assert.doesNotMatch(tags, /[<>]/)
  })
})

async function junitOf(t: TestContext, text: string, args: readonly string[] = []) {
  const file = join(await aFolder(t), 'report.xml')
  await run(t, text, ['--junit', file, ...args])
  return (await readFile(file, 'utf8')).replaceAll(/"[^"]*\/mapping\.yaml"/g, '"mapping.yaml"')
}

/** Runs the command on a mapping file with this text, which the output names as mapping.yaml. */
async function run(
  t: TestContext,
  text: string,
  args: readonly string[] = [],
  options: FakeIoOptions = {},
) {
  const folder = await aFolder(t)
  const file = join(folder, 'mapping.yaml')
  await writeFile(file, text)
  const io = createFakeIo(options)
  const code = await test.run([file, ...args], io)
  // The path of the folder moves the columns.
  const named = (said: string) =>
    said.replaceAll(`${folder}/`, '').replaceAll(/(?<=\S) {2,}/g, '  ')
  return { code, out: named(io.out()), err: named(io.err()) }
}
