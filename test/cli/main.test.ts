import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VARIABLE_NAMES } from '../../src/config-schema.ts'
import { run } from './run.ts'

describe('the service’s command line', () => {
  for (const flag of ['--help', '-h']) {
    it(`teaches every variable with ${flag}, whatever the environment`, async () => {
      const { code, out } = await run('main', [flag])

      assert.equal(code, 0)
      for (const name of VARIABLE_NAMES) assert.ok(out.includes(`  ${name}`), name)
    })
  }

  it('refuses an argument it does not know', async () => {
    const { code, err } = await run('main', ['--port=1'])

    assert.equal(code, 2)
    assert.match(err, /no such argument: --port=1.*--help/)
  })

  it('ends with 1 and names every problem when the environment is not complete', async () => {
    const { code, out, err } = await run('main', [], { PUSH_AUTH: 'none', MIXPANEL_URL: 'x' })

    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(err, /MIXPANEL_PROJECT_TOKEN/)
    assert.match(err, /MIXPANEL_URL/)
  })
})
