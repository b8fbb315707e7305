import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { aFolder } from '../helpers/world.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A Node that says it is of this version, and evaluates what it is given. */
const nodeOf = (version: string): string => `
[ "$1" = --version ] && echo 'v${version}' && exit
exec '${process.execPath}' -e "Object.defineProperty(process.versions, 'node', { value: '${version}' }); $2"`

async function writeScript(path: string, script: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}

/**
 * Runs a copy of a script of tools/ among commands that are shell scripts; `installed` is the Node that
 * `npm ci` has brought.
 */
async function runAmong(
  t: TestContext,
  commands: Readonly<Record<string, string>>,
  tool: string,
  installed?: string,
) {
  const [folder, machine] = await Promise.all([aFolder(t), aFolder(t)])
  for (const name of ['tools', 'node_modules/.bin']) {
    await mkdir(join(folder, name), { recursive: true })
  }
  for (const name of ['node.sh', 'check.sh']) {
    await copyFile(join(ROOT, 'tools', name), join(folder, 'tools', name))
  }
  for (const [name, script] of Object.entries(commands)) {
    await writeScript(join(machine, name), script)
  }
  if (installed !== undefined) await writeScript(join(folder, 'node_modules/.bin/node'), installed)
  const env = { PATH: `${machine}:/usr/bin:/bin` }
  return spawnSync('sh', [`tools/${tool}`, 'a.ts'], { cwd: folder, env, encoding: 'utf8' })
}

describe('tools/node.sh', () => {
  it('runs the Node that is installed in the repository when the machine’s is too old', async (t) => {
    const installed = `[ "$1" = a.ts ] && echo installed && exit 7\n${nodeOf('24.0.0')}`

    const { status, stdout } = await runAmong(t, { node: nodeOf('20.20.2') }, 'node.sh', installed)

    assert.deepEqual([status, stdout], [7, 'installed\n'])
  })

  for (const version of ['20.20.2', '9.11.2']) {
    it(`says what to do on Node ${version}, and runs nothing`, async (t) => {
      const { status, stderr } = await runAmong(t, { node: nodeOf(version) }, 'node.sh')

      assert.equal(status, 1)
      assert.match(stderr, new RegExp(`needs Node 24 or newer, and this is v${version}\\.`))
      assert.match(stderr, /Run `npm ci`/)
    })
  }

  for (const version of ['24.0.0', '100.1.0']) {
    it(`runs what it is given on Node ${version}`, async (t) => {
      const node = `[ "$1" = a.ts ] && echo ran && exit 7\n${nodeOf(version)}`

      const { status, stdout } = await runAmong(t, { node }, 'node.sh')

      assert.equal(status, 7)
      assert.equal(stdout, 'ran\n')
    })
  }
})

describe('tools/check.sh', () => {
  const good = Object.fromEntries(
    ['node', 'tsc', 'biome', 'redocly', 'knip', 'lockfile-lint'].map((name) => [name, 'exit 0']),
  )

  it('succeeds when every claim holds', async (t) => {
    const { status, stderr } = await runAmong(t, good, 'check.sh')

    assert.equal(status, 0)
    assert.equal(stderr, '')
  })

  for (const name of Object.keys(good)) {
    it(`fails when ${name} fails, and runs all the others`, async (t) => {
      const { status, stdout } = await runAmong(t, { ...good, [name]: 'exit 3' }, 'check.sh')

      assert.equal(status, 1)
      assert.equal(stdout.match(/^== /gm)?.length, Object.keys(good).length)
    })
  }

  it('names all claims that do not hold at the end', async (t) => {
    const { stderr } = await runAmong(t, { ...good, tsc: 'exit 2', knip: 'exit 1' }, 'check.sh')

    assert.equal(stderr, '\nThese claims do not hold:\n  Types hold\n  Nothing lies unused\n')
  })
})

describe('npm start', () => {
  it('starts the service with the flags of the image', () => {
    const { stdout } = spawnSync('sh', [join(ROOT, 'tools/start.sh'), 'echo'], { encoding: 'utf8' })
    const shown = 'data:text/javascript,console.error(JSON.stringify(process.execArgv))'

    const { status, stderr } = spawnSync('npm', ['start', '--silent', '--', '--help'], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: `--import=${shown}` },
      encoding: 'utf8',
    })

    const flags = stdout.trim().split(' ')
    assert.ok(flags.length > 1)
    assert.equal(status, 0)
    assert.ok(stderr.includes(JSON.stringify(flags)), stderr)
  })
})
