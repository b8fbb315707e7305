import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { VARIABLE_NAMES } from '../../../src/config/schema.ts'
import { aFolder } from '../../helpers/world.ts'
import { run } from './run.ts'

/** Every new folder waits for a pipe that nobody writes to, as for a volume that is gone. */
const HANGING_DISK = `
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
fs.mkdir = () => fs.open(process.env.PIPE, 'r')
syncBuiltinESMExports()`

describe('the service’s command line', () => {
  for (const flag of ['--help', '-h']) {
    it(`teaches every variable with ${flag}, whatever the environment`, async () => {
      const { code, out } = await run('serve', [flag])

      assert.equal(code, 0)
      for (const name of VARIABLE_NAMES) assert.ok(out.includes(`  ${name}`), name)
    })
  }

  it('refuses an argument it does not know', async () => {
    const { code, err } = await run('main', ['--port=1'])

    assert.equal(code, 2)
    assert.match(err, /there is no flag --port=1 \(see pubsub-mixpanel --help\)$/m)
  })

  it('ends with 2 and names every problem when the environment is not complete', async () => {
    const { code, out, err } = await run('main', [], { PUSH_AUTH: 'none', MIXPANEL_URL: 'x' })

    assert.equal(code, 2)
    assert.equal(out, '')
    assert.match(err, /MIXPANEL_PROJECT_TOKEN/)
    assert.match(err, /MIXPANEL_URL/)
  })

  it('ends with 2 and names every mistake of the mapping, each on its line', async (t) => {
    const mapping = join(await aFolder(t), 'mapping.yaml')
    await writeFile(
      mapping,
      'version: 1\nrules:\n  - { name: a, when: data.x, evnt: x }\notherwise: no\n',
    )

    const { code, out, err } = await run('main', [], {
      PUSH_AUTH: 'none',
      MIXPANEL_URL: 'http://127.0.0.1:9',
      MIXPANEL_PROJECT_TOKEN: 'local-project-token',
      DEAD_LETTER: 'subscription',
      TRANSFORM: mapping,
    })

    assert.equal(code, 2)
    assert.doesNotMatch(out, /listening/)
    assert.deepEqual(err.trim().split('\n'), [
      `${mapping}:3:30 rules[0].evnt is unknown; did you mean event?`,
      `${mapping}:4:12 otherwise must be pass, drop or reject`,
    ])
  })

  for (const name of ['none.yaml', 'none.mjs']) {
    it(`ends with 2 and names TRANSFORM when there is no file ${name}`, async (t) => {
      const { code, err } = await run('main', [], {
        PUSH_AUTH: 'none',
        MIXPANEL_URL: 'http://127.0.0.1:9',
        MIXPANEL_PROJECT_TOKEN: 'local-project-token',
        DEAD_LETTER: 'subscription',
        TRANSFORM: join(await aFolder(t), name),
      })

      assert.equal(code, 2)
      assert.match(err, new RegExp(`^TRANSFORM .*/${name} cannot be loaded: `))
    })
  }

  it('ends with a clear text when the folder of the dead letters does not answer', async (t) => {
    const folder = await aFolder(t)
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])

    const { code, out } = await run('main', [], {
      PUSH_AUTH: 'none',
      MIXPANEL_URL: 'http://127.0.0.1:9',
      MIXPANEL_PROJECT_TOKEN: 'local-project-token',
      DEAD_LETTER: `file:${join(folder, 'letters')}`,
      PIPE: pipe,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(HANGING_DISK)}`,
    })

    assert.notEqual(code, 0)
    assert.match(out, /DEAD_LETTER=file: names a folder that does not answer within 4 seconds/)
  })
})
