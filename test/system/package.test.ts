import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import packageJson from '../../package.json' with { type: 'json' }
import { aFolder } from '../helpers/world.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The parts of the repository that a package is made from. npm changes the manifest meanwhile. */
const PARTS = ['package.json', 'README.md', 'LICENSE', 'src', 'tools']
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc')
const skip = spawnSync('npm', ['--version']).status !== 0 && 'there is no npm here'

function run(command: string, args: readonly string[], cwd: string) {
  const env = { PATH, HOME: cwd, TMPDIR: cwd }
  return spawnSync(command, args, { cwd, env, encoding: 'utf8' })
}

/** A copy of the repository, and the package that npm has made of it. */
async function packed(t: TestContext) {
  const folder = join(await aFolder(t), 'repository')
  await mkdir(folder)
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const { status, stderr } = run('npm', ['pack'], folder)
  assert.equal(status, 0, stderr)
  return { folder, name: `pubsub-mixpanel-${packageJson.version}.tgz` }
}

describe('the package', { skip }, () => {
  it('runs in an empty folder with nothing installed, and no network', async (t) => {
    const { folder, name } = await packed(t)
    const empty = await aFolder(t)
    await cp(join(folder, name), join(empty, name))

    const args = ['--offline', '--yes', `./${name}`, 'demo', '--once']
    const { status, stdout, stderr } = run('npx', args, empty)

    assert.equal(status, 0, stderr)
    assert.match(stdout, /All as promised/)
  })

  it('holds the bundle, the licences and the README; the repository stays as it was', async (t) => {
    const { folder, name } = await packed(t)

    const names = run('tar', ['-tzf', name], folder).stdout.trim().split('\n')

    const others = names.filter((path) => !/^package\/dist\/[\w-]+\.js$/.test(path))
    assert.deepEqual(others.sort(), [
      'package/LICENSE',
      'package/README.md',
      'package/dist/LICENCES.txt',
      'package/dist/local/page/index.html',
      'package/dist/local/page/page.css',
      'package/dist/local/page/page.js',
      'package/dist/package.json',
      'package/dist/transform.d.ts',
      'package/package.json',
    ])
    assert.ok(names.includes('package/dist/main.js'))
    assert.equal(await manifestIn(folder), await manifestIn(ROOT))
  })

  it('has the types of a module that an owner writes', async (t) => {
    const { folder, name } = await packed(t)
    const owners = await aFolder(t)
    const inside = join(owners, 'node_modules', 'pubsub-mixpanel')
    await mkdir(inside, { recursive: true })
    run('tar', ['-xzf', join(folder, name), '--strip-components=1'], inside)
    await writeFile(join(owners, 'good.mts'), moduleOf('event: String(input)'))
    await writeFile(join(owners, 'bad.mts'), moduleOf('evnt: String(input)'))

    const good = run(TSC, ['--strict', '--noEmit', '--module', 'nodenext', 'good.mts'], owners)
    const bad = run(TSC, ['--strict', '--noEmit', '--module', 'nodenext', 'bad.mts'], owners)

    assert.deepEqual([good.stdout, good.status], ['', 0])
    assert.match(bad.stdout, /^bad\.mts\(3,\d+\): error .*'event' is missing/s)
  })

  it('mends the manifest that a killed run has left', async (t) => {
    const { folder, name } = await packed(t)
    run('node', ['tools/pack.ts', 'before'], folder)
    assert.notEqual(await manifestIn(folder), await manifestIn(ROOT))

    const { status, stderr } = run('npm', ['pack'], folder)

    assert.equal(status, 0, stderr)
    assert.equal(await manifestIn(folder), await manifestIn(ROOT))
    const manifest = JSON.parse(run('tar', ['-xzOf', name, 'package/package.json'], folder).stdout)
    assert.deepEqual([manifest.version, manifest.dependencies], [packageJson.version, undefined])
  })
})

/** The source of a module whose event has this member beside its properties. */
function moduleOf(member: string): string {
  return [
    "import type { TransformEvent } from 'pubsub-mixpanel/transform'",
    'const transform: TransformEvent = (input, { attributes, line }) =>',
    `  ({ ${member}, properties: { line, source: attributes.source } })`,
    'export default transform',
    '',
  ].join('\n')
}

function manifestIn(folder: string): Promise<string> {
  return readFile(join(folder, 'package.json'), 'utf8')
}
