import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CHECK_NAMES } from '../../../src/cli/doctor/finding.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'
import { aFolder } from '../../helpers/world.ts'
import { keysAnswer, OF_SERVICE, OF_SUBSCRIPTION, startDoctorScene } from './scene.ts'

describe('doctor', () => {
  it('prints a line for each check, in order, and ends with 0 when nothing failed', async (t) => {
    const scene = await startDoctorScene(t)
    const folder = await aFolder(t)
    const env = { DEAD_LETTER: `file:${folder}` }

    const { code, out, err } = await scene.run([], { env })

    const [google, mixpanel] = [new URL(scene.google.url).host, new URL(scene.mixpanel.url).host]
    assert.equal(code, 0)
    assert.equal(err, '')
    assert.equal(
      out,
      [
        'ok    configuration       7 variables; transform none',
        `ok    clock               0.5 s from that of ${google}`,
        `ok    mixpanel            ${mixpanel} takes this token (0 ms); nothing was stored`,
        `ok    keys                ${google} answers, 1 key`,
        `ok    dead letters        file:${folder}: writable, 50 % full`,
        'nothing failed',
        '',
      ].join('\n'),
    )
  })

  it('adds the checks of a subscription and a service', async (t) => {
    const scene = await startDoctorScene(t)

    const { out } = await scene.run(['--json', ...OF_SUBSCRIPTION, ...OF_SERVICE])

    const { findings }: { findings: { check: string }[] } = JSON.parse(out)
    assert.deepEqual(
      findings.map(({ check }) => check),
      CHECK_NAMES,
    )
  })

  it('ends with 1 when a check failed, and counts', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers('/certs', { ...keysAnswer(), status: 500 })
    const world = { diskUse: async () => 0.95 }
    const env = { DEAD_LETTER: `file:${await aFolder(t)}` }

    const { code, out } = await scene.run([], { world, env })

    assert.equal(code, 1)
    assert.match(out, /\n1 failed, 1 warning\n$/)
  })

  it('ends with 0 when there are only warnings and skipped checks', async (t) => {
    const scene = await startDoctorScene(t)
    const world = { diskUse: async () => 0.95 }
    const env = { DEAD_LETTER: `file:${await aFolder(t)}`, PUSH_AUTH: 'none' }

    const { code, out } = await scene.run(
      ['--only', 'keys', '--only', 'dead-letters,configuration'],
      { world, env },
    )

    assert.equal(code, 0)
    assert.match(
      out,
      /^warn {2}configuration .*\nskip {2}keys .*\nwarn {2}dead letters .*\n2 warnings\n$/,
    )
  })

  it('prints one JSON document with --json', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers('/certs', { ...keysAnswer(), status: 500 })

    const { code, out } = await scene.run(['--json', '--only', 'configuration,keys'])

    const { host } = new URL(scene.google.url)
    assert.equal(code, 1)
    assert.deepEqual(JSON.parse(out), {
      good: false,
      failed: 1,
      warnings: 0,
      findings: [
        { check: 'configuration', kind: 'ok', text: '7 variables; transform none' },
        { check: 'keys', kind: 'fail', text: `${host} answers with status 500, not with keys` },
      ],
    })
  })

  for (const args of [[], ['--json']]) {
    it(`escapes what a terminal would obey in a text of a server: ${args}`, async (t) => {
      const scene = await startDoctorScene(t)
      const error = 'denied\u009b2J\u202e'
      scene.mixpanel.answerAlways({ kind: 'status', status: 401, body: { error } })

      const { out } = await scene.run(['--only', 'mixpanel', ...args])

      assert.ok(out.includes('denied\\u009b2J\\u202e'), out)
    })
  }

  it('prints only what is wrong with --quiet', async (t) => {
    const scene = await startDoctorScene(t)
    const good = await scene.run(['--quiet'])
    scene.google.answers('/certs', { ...keysAnswer(), status: 500 })
    const bad = await scene.run(['--quiet'])

    assert.deepEqual(good, { code: 0, out: '', err: '' })
    assert.equal(bad.code, 1)
    assert.match(bad.out, /^FAIL {2}keys .*\n$/)
  })

  it('colours the words on a terminal', async (t) => {
    const scene = await startDoctorScene(t)
    const io = createFakeIo({ env: scene.env, terminal: true })

    const { out } = await scene.run(['--only', 'configuration'], { io })

    assert.ok(out.startsWith('\u001b[32mok    \u001b[39mconfiguration'), out)
  })

  it('escapes what a terminal would not show in the text of a server', async (t) => {
    const scene = await startDoctorScene(t)
    const error = 'red \u001b[31m \u202e text'
    scene.mixpanel.answerAlways({ kind: 'status', status: 401, body: { error } })

    const { out } = await scene.run(['--only', 'mixpanel'])

    assert.match(out, /red \\u001b\[31m \\u202e text/)
  })

  for (const [args, said] of [
    [['--only', 'mixpanl'], 'there is no check mixpanl; did you mean mixpanel?'],
    [
      ['--only', 'clock,,keys'],
      'there is no check without a name; one of configuration, clock, mixpanel, keys, dead-letters, subscription, grants, service',
    ],
    [['--only', ''], '--only needs a value, and this one is empty'],
    [['--only', 'grants'], '--only grants needs --subscription NAME'],
    [['--only', 'service'], '--only service needs --service NAME --region R'],
    [['--offline', '--only', 'keys'], '--only keys does not work with --offline'],
    [
      ['--offline', ...OF_SUBSCRIPTION],
      '--offline asks nobody: leave out --subscription and --service',
    ],
    [['--offline', '--other-regions'], '--offline asks nobody: leave out --other-regions'],
    [['--subscription', 's'], 'name the project with --project P'],
    [['--subscription', 'a/b'], '--subscription takes a name, or projects/P/subscriptions/S'],
    [['--service', 's', '--project', 'p'], '--service needs --region R, as in europe-west1'],
    [
      ['--service', 'S', '--region', 'r', '--project', 'p'],
      '--service takes the name of a service',
    ],
    [['--region', 'r'], '--region belongs to --service NAME'],
    [['--qiet'], 'there is no flag --qiet; did you mean --quiet?'],
  ] as const) {
    it(`ends with 2 and one line for ${args.join(' ')}`, async (t) => {
      const scene = await startDoctorScene(t)

      const { code, out, err } = await scene.run(args)

      assert.equal(code, 2)
      assert.equal(out, '')
      assert.equal(err, `pubsub-mixpanel doctor: ${said} (see pubsub-mixpanel doctor --help)\n`)
    })
  }
})
