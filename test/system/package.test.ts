import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
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

/** Makes a copy of the repository in a folder that is empty. */
async function copyRepository(folder: string): Promise<void> {
  for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

function pack(folder: string): void {
  const { status, stderr } = run('npm', ['pack'], folder)
  assert.equal(status, 0, stderr)
}

describe('the package', { skip }, () => {
  const name = `pubsub-mixpanel-${packageJson.version}.tgz`
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pubsub-mixpanel-'))
    await copyRepository(folder)
    pack(folder)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('runs in an empty folder with nothing installed, and no network', async (t) => {
    const empty = await aFolder(t)
    await cp(join(folder, name), join(empty, name))

    const args = ['--offline', '--yes', `./${name}`, 'demo', '--once']
    const { status, stdout, stderr } = run('npx', args, empty)

    assert.equal(status, 0, stderr)
    assert.match(stdout, /All as promised/)
  })

  it('holds the bundle, the licences and the README; the repository stays as it was', async () => {
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
    const left = await aFolder(t)
    await copyRepository(left)
    run('node', ['tools/pack.ts', 'before'], left)
    assert.notEqual(await manifestIn(left), await manifestIn(ROOT))

    pack(left)

    assert.equal(await manifestIn(left), await manifestIn(ROOT))
    const manifest = JSON.parse(run('tar', ['-xzOf', name, 'package/package.json'], left).stdout)
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
