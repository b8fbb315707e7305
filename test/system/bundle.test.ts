import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { program } from '../../src/cli/commands.ts'
import { startMixpanelStandIn } from '../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../src/local/pusher.ts'
import { startTokenIssuer } from '../../src/local/token-issuer.ts'
import { bundle } from '../../tools/bundle.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { spawnChecked } from '../helpers/spawn-checked.ts'
import { until } from '../helpers/until.ts'
import { aFolder, environmentOf } from '../helpers/world.ts'

const DOCKERFILE = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8')
/** Debian's `nobody`. Only root may become somebody else; anyone else stays who they are. */
const NOBODY = 65_534
/** Says so when a command handles SIGINT. */
const SAYS_LISTENS = `
process.on('newListener', (name) => { if (name === 'SIGINT') console.error('listens') })`

it('starts from the bundle alone, as nobody, in a folder it cannot write to, with a transform in TypeScript', async (t) => {
  const folder = await aFolder(t)
  const main = join(folder, 'main.js')
  await bundle(folder)
  const transform = join(folder, 'map.ts')
  await writeFile(transform, 'export default (input: object): object => ({ ...input, event: "b" })')
  // The umask may have taken these rights away.
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) await chmod(join(folder, entry.name), 0o444)
  }
  await chmod(folder, 0o555)
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer()
  t.after(() => issuer.close())
  const changes = { DEAD_LETTER: 'subscription', TRANSFORM: 'map.ts' }
  const env = { ...environmentOf(mixpanel, issuer, folder), ...changes }

  const uid = process.getuid?.() === 0 ? NOBODY : undefined
  const service = await spawnChecked(env, { main, cwd: folder, uid })
  t.after(() => service.stop('SIGKILL'))
  const pusher = createPusher({ endpoint: `${service.url}/push`, token: () => issuer.token() })
  t.after(() => pusher.close())
  const answer = await pusher.push({ data: '{"event":"a","properties":{"distinct_id":"u"}}' })

  assert.equal(answer.status, 204)
  assert.deepEqual(
    mixpanel.rows().map(({ event }) => event),
    ['b'],
  )
  assert.equal(await service.stop('SIGTERM'), 0)
})

it('has ASCII alone in its files, which Node holds with one byte a character', async (t) => {
  const folder = await aFolder(t)
  await bundle(folder)

  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  for (const name of names) {
    const bytes = await readFile(join(folder, name))
    assert.ok(
      bytes.every((byte) => byte < 0x80),
      name,
    )
  }
  assert.ok(names.includes('serve.js'))
})

it('ends a command with the code of the signal, and without noise', async (t) => {
  const folder = await aFolder(t)
  await bundle(folder)
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(SAYS_LISTENS)}` }
  const child = spawn(process.execPath, [join(folder, 'main.js'), 'publish', '-'], { env })
  const ended = once(child, 'close')
  const said = Promise.all([child.stdout, child.stderr].map((stream) => text(stream)))
  await once(child.stderr, 'data')

  child.kill('SIGINT')

  assert.deepEqual(await ended, [130, null])
  assert.deepEqual(await said, ['', 'listens\n'])
})

it('says on an old Node that it is too old, and loads no command', async (t) => {
  const folder = await aFolder(t)
  await bundle(folder)
  await rm(join(folder, 'demo.js'))
  const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })"
  const args = ['--import', `data:text/javascript,${encodeURIComponent(old)}`]

  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...args, join(folder, 'main.js'), 'demo', '--once'],
    { encoding: 'utf8' },
  )

  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^pubsub-mixpanel needs Node 24 or newer, and this is v20\.20\.2\./)
})

it('is a file for each module of first need, beside the licences of all, and without a source map', async (t) => {
  const folder = await aFolder(t)

  await bundle(folder)

  const files = await readdir(folder)
  const scripts = files.filter((file) => file.endsWith('.js'))
  const texts = await Promise.all(scripts.map((file) => readFile(join(folder, file), 'utf8')))
  const imported = texts.flatMap((one) => [...one.matchAll(/import\("\.\/([\w-]+\.js)"\)/g)])
  const names = new Set(imported.map(([, name]) => name))
  const others = ['LICENCES.txt', 'local', 'main.js', 'package.json', 'transform.d.ts']
  assert.deepEqual(files.toSorted(), [...others, ...names].toSorted())
  for (const { name } of program.commands) assert.ok(names.has(`${name}.js`))
  const licences = await readFile(join(folder, 'LICENCES.txt'), 'utf8')
  for (const name of ['fastify', '@fastify/under-pressure', 'axios', 'jose', 'ajv']) {
    assert.match(licences, new RegExp(`^${name} [\\d.]+ \\(MIT\\)`, 'm'))
  }
  assert.match(licences, /Permission is hereby granted, free of charge/)
})

it('reads no library at the start that only a dead-letter topic or a mapping needs', async (t) => {
  const folder = await aFolder(t)

  await bundle(folder)

  const serve = await readFile(join(folder, 'serve.js'), 'utf8')
  for (const name of ['google-auth-library', '@marcbachmann/cel-js', 're2js', 'yaml']) {
    assert.ok(!serve.includes(`// node_modules/${name}/`), name)
  }
})

it('has nothing of the page of a local world, or of its tests, in the files of the service', async (t) => {
  const folder = await aFolder(t)

  await bundle(folder)

  const files = await readdir(folder)
  const all = files.filter((name) => name.endsWith('.js'))
  const ofService = await filesFrom(folder, 'serve.js')
  const texts = await Promise.all(ofService.map((name) => readFile(join(folder, name), 'utf8')))
  assert.deepEqual(
    texts.filter((one) => /\/\/ src\/(local|cli\/page)\//.test(one)),
    [],
  )
  assert.deepEqual(
    texts.filter((one) => one.includes('playwright')),
    [],
  )
  assert.ok(all.includes('world-page.js') && !ofService.includes('world-page.js'))
  assert.match(await readFile(join(folder, 'world-page.js'), 'utf8'), /\/\/ src\/local\/page\//)
})

it('leaves the page out of the image, where the world says nothing of it', async (t) => {
  const folder = await aFolder(t)
  await bundle(folder)
  const [, removed = ''] = /node tools\/build\.ts && rm -r (.*)/.exec(DOCKERFILE) ?? []
  const names = removed.split(' ').map((path) => path.replace('dist/', ''))
  for (const name of names) await rm(join(folder, name), { recursive: true })
  const base = await freePorts(6)
  const args = [join(folder, 'main.js'), 'local', '--port-base', String(base)]
  const child = spawn(process.execPath, args, { env: { TMPDIR: folder } })
  const ended = once(child, 'close')
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })

  await until('the world', () => said.includes('health/ready'))

  assert.doesNotMatch(said, /\bpage\b/)
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
})

/** The file of a command with all that it may load. */
async function filesFrom(folder: string, first: string): Promise<readonly string[]> {
  const found = new Set([first])
  for (const name of found) {
    const text = await readFile(join(folder, name), 'utf8')
    for (const [, next = ''] of text.matchAll(/import\("\.\/([\w-]+\.js)"\)/g)) found.add(next)
  }
  return [...found]
}
