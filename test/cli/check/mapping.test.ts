import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { check } from '../../../src/cli/check.ts'
import { createFakeIo, type FakeIoOptions } from '../../helpers/fake-io.ts'
import { aFolder } from '../../helpers/world.ts'

const MAPPING = `version: 1
rules:
  - name: health checks
    when: 'data.type == "health_check"'
    drop: true
  - name: orders
    when: 'data.type == "order"'
    events:
      - { event: Order, time: '\${data.at}', insert_id: o }
      - { event: Item, time: '\${data.at}', insert_id: i }
  - name: all else
    reject: no rule for this type
`
const LINES = '{"type":"health_check"}\n{"type":"order","at":1767225600000}\n{"type":"x"}\n'
const NOT_HEALTH = 'rules[0] health checks did not match: data.type is "order", not "health_check"'

describe('check with a mapping', () => {
  it('names the rule that drops an event, and what rejects one', async (t) => {
    const { code, out } = await run(t, MAPPING, ['-'], { stdin: LINES })

    assert.equal(code, 1)
    assert.deepEqual(out.split('\n').slice(0, -2), [
      'stdin:1     dropped    by health checks',
      'stdin:3     rejected   no rule for this type',
    ])
  })

  it('explains what each rule did, once for each line', async (t) => {
    const { out } = await run(t, MAPPING, ['--explain', '-'], { stdin: LINES })

    assert.deepEqual(
      out.split('\n').filter((line) => /^stdin|^ {2}(rule|dropped|rejected)/.test(line)),
      [
        'stdin:1',
        '  rule  rules[0] health checks matched',
        '  dropped  by health checks',
        'stdin:2 (event 1)',
        `  rule  ${NOT_HEALTH}`,
        '  rule  rules[1] orders matched',
        'stdin:2 (event 2)',
        'stdin:3',
        '  rule  rules[0] health checks did not match: data.type is "x", not "health_check"',
        '  rule  rules[1] orders did not match: data.type is "x", not "order"',
        '  rule  rules[2] all else matched',
        '  rejected  no rule for this type',
      ],
    )
  })

  it('explains the rules in JSON', async (t) => {
    const { out } = await run(t, MAPPING, ['--explain', '--json', '-'], { stdin: LINES })

    const { kind, steps }: Record<string, unknown> = JSON.parse(out.split('\n')[0] ?? '')
    assert.deepEqual(
      [kind, steps],
      ['event', [{ index: 0, name: 'health checks', kind: 'matched' }]],
    )
  })

  it('says that a fixed key stands in for one that is not set', async (t) => {
    const text = `${MAPPING}privacy: [{ hash: ids, key: PRIVACY_KEY }]\n`

    const { err } = await run(t, text, ['-'], { stdin: LINES })

    assert.match(err, /^PRIVACY_KEY is not set: a fixed key stands in for it$/m)
  })

  for (const args of [['-'], ['--explain', '-'], []]) {
    it(`names all mistakes of the mapping, each on its line: check ${args.join(' ')}`, async (t) => {
      const text = 'version: 2\nrules:\n  - name: a\n    evnt: x\n'

      const { code, out, err } = await run(t, text, args, { stdin: LINES, env: COMPLETE })

      assert.deepEqual([code, out], [2, ''])
      assert.deepEqual(err.split('\n'), [
        'mapping.yaml:1:10 version must be the number 1',
        'mapping.yaml:4:5 rules[0].evnt is unknown; did you mean event?',
        '',
      ])
    })
  }

  it('ends with 2 when the mapping is not there', async () => {
    const io = createFakeIo({ env: COMPLETE })

    assert.equal(await check.run(['--transform', '/nowhere/mapping.yaml'], io), 2)
    assert.match(
      io.err(),
      /^pubsub-mixpanel check: TRANSFORM \/nowhere\/mapping\.yaml cannot be loaded: ENOENT/,
    )
  })

  it('says that the mapping loads', async (t) => {
    const { code, out } = await run(t, MAPPING, [], { env: COMPLETE })

    assert.equal(code, 0)
    assert.match(out, /transform mapping\.yaml loads/)
  })
})

/** An environment that `serve` starts with. */
const COMPLETE = {
  MIXPANEL_REGION: 'eu',
  MIXPANEL_PROJECT_TOKEN: '0123456789abcdef0123456789ab3f2a',
  PUSH_AUDIENCE: 'https://example.com/push',
  PUSH_SERVICE_ACCOUNT: 'push@example.iam.gserviceaccount.com',
}

/** Runs `check` with a mapping of this text, which the output names as mapping.yaml. */
async function run(
  t: TestContext,
  text: string,
  args: readonly string[],
  options: FakeIoOptions = {},
) {
  const folder = await aFolder(t)
  const file = join(folder, 'mapping.yaml')
  await writeFile(file, text)
  const io = createFakeIo(options)
  const code = await check.run(['--transform', file, ...args], io)
  const named = (said: string) => said.replaceAll(`${folder}/`, '')
  return { code, out: named(io.out()), err: named(io.err()) }
}
