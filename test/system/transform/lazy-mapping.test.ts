import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../../tools/bundle.ts'
import { aFolder } from '../../helpers/world.ts'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
/** Prints the URL of each module that is loaded. */
const TELLS = `
import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { console.error(url); return next(url, context) } })`
const COMPLETE = {
  MIXPANEL_REGION: 'eu',
  MIXPANEL_PROJECT_TOKEN: '0123456789abcdef0123456789ab3f2a',
  PUSH_AUDIENCE: 'https://example.com/push',
  PUSH_SERVICE_ACCOUNT: 'push@example.iam.gserviceaccount.com',
}
const OF_MAPPINGS =
  /\/node_modules\/(?:yaml|re2js|@marcbachmann\/cel-js)\/|\/mapping\/load-mapping\.ts/

describe('the libraries of mapping files', () => {
  it('are loaded with a mapping, and neither without one nor with a module', async (t) => {
    const folder = await aFolder(t)
    await writeFile(
      join(folder, 'mapping.yaml'),
      "version: 1\nrules: [{ name: a, event: '${data.a}' }]\n",
    )
    await writeFile(join(folder, 'module.mjs'), 'export default (input) => input')

    assert.doesNotMatch(loadedBy(folder), OF_MAPPINGS)
    assert.doesNotMatch(loadedBy(folder, 'module.mjs'), OF_MAPPINGS)
    const loaded = loadedBy(folder, 'mapping.yaml')
    for (const name of ['yaml', 're2js', '@marcbachmann/cel-js']) {
      assert.match(loaded, new RegExp(`/node_modules/${name}/`))
    }
  })

  it('are in one file of the bundle, which no command reads before it needs them', async (t) => {
    const folder = await aFolder(t)
    await bundle(folder)

    const holders: string[] = []
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.js')) continue
      const text = await readFile(join(folder, name), 'utf8')
      if (text.includes('node_modules/re2js')) holders.push(name)
    }

    assert.deepEqual(holders, ['load-mapping.js'])
  })
})

/** Returns the URLs of all modules that `check` loads for a configuration. */
function loadedBy(cwd: string, transform?: string): string {
  const hook = `data:text/javascript,${encodeURIComponent(TELLS)}`
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, MAIN, 'check'], {
    cwd,
    encoding: 'utf8',
    env: { ...COMPLETE, ...(transform !== undefined && { TRANSFORM: transform }) },
  })
  assert.equal(status, 0, stderr)
  return stderr
}
