import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { textOf } from '../docs/markdown.ts'
import { aFolder } from '../helpers/world.ts'

const MIB = 1024 * 1024
const V2 = 'sys/fs/cgroup/memory.max'
const V1 = 'sys/fs/cgroup/memory/memory.limit_in_bytes'
const MACHINE = 'proc/meminfo'
const DOCKERFILE = textOf('Dockerfile')
const ENTRY: readonly string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(DOCKERFILE)?.[1] ?? '[]')

describe('the young generation', () => {
  for (const [what, files, megabytes] of [
    ['in 256 MiB', { [V2]: 256 * MIB }, 16],
    ['in 256 MiB, by cgroup v1', { [V1]: 256 * MIB }, 16],
    ['in 512 MiB', { [V2]: 512 * MIB }, 32],
    ['in a machine of 512 MiB, less what its kernel keeps', { [MACHINE]: aMachine(470) }, 32],
    ['in 8 GiB', { [V2]: 8_192 * MIB }, 32],
    ['by the machine when there is no limit', { [V2]: 'max', [MACHINE]: aMachine(300) }, 16],
    [
      'by the machine when the limit of cgroup v1 is none',
      { [V1]: '9223372036854771712', [MACHINE]: aMachine(300) },
      16,
    ],
    ['when nothing says how much memory there is', {}, 32],
    ['when a file is empty', { [V2]: '', [MACHINE]: '' }, 32],
  ] as const) {
    it(`has halves of ${megabytes} MB at most: ${what}`, async (t) => {
      const start = await startIn(t, files)

      const { stdout, stderr } = spawnSync('sh', [start, 'echo'], { encoding: 'utf8' })

      assert.match(stdout, new RegExp(`^--max-semi-space-size=${megabytes} --`))
      assert.equal(stderr, '')
    })
  }
})

describe('the entry point of the image', () => {
  it('runs the bundle with flags that Node knows, and the words after the name of the image', async (t) => {
    const folder = await anImage(t, 'console.log(JSON.stringify([process.execArgv, process.argv]))')

    const { stdout, stderr, status } = spawnSync('sh', [...entryIn(folder), 'check', 'a b', ''], {
      encoding: 'utf8',
    })

    assert.equal(status, 0, stderr)
    const [flags, [, program, ...words]] = JSON.parse(stdout)
    assert.deepEqual(flags.slice(1), ['--no-parallel-scavenge', '--no-allocation-site-pretenuring'])
    assert.match(flags[0], /^--max-semi-space-size=\d+$/)
    assert.equal(program, join(folder, 'dist/main.js'))
    assert.deepEqual(words, ['check', 'a b', ''])
  })

  it('becomes Node: a signal reaches the service, and its code is the code of the container', async (t) => {
    const folder = await anImage(
      t,
      "process.once('SIGTERM', () => process.exit(7)); setTimeout(() => {}, 60_000); console.log(process.pid)",
    )
    const container = spawn('sh', entryIn(folder), { stdio: ['ignore', 'pipe', 'inherit'] })
    const [pid] = await once(container.stdout.setEncoding('utf8'), 'data')

    container.kill('SIGTERM')

    assert.equal(Number(pid), container.pid)
    assert.deepEqual(await once(container, 'exit'), [7, null])
  })

  it('starts Node once', async (t) => {
    const folder = await anImage(t, '')
    const node = join(folder, 'node')
    writeFileSync(node, `#!/bin/sh\necho started >> '${folder}/starts'\n`, { mode: 0o755 })

    spawnSync('sh', entryIn(folder), { env: { PATH: `${folder}:/usr/bin:/bin` } })

    assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), 'started\n')
  })
})

function aMachine(mebibytes: number): string {
  return `MemTotal:       ${mebibytes * 1024} kB\nMemFree:        1024 kB\n`
}

/** The script, in a system that has these files and no others of those it reads. */
async function startIn(t: TestContext, files: Readonly<Record<string, number | string>>) {
  const folder = await aFolder(t)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content === '' ? '' : `${content}\n`)
  }
  const start = join(folder, 'start.sh')
  const system = textOf('tools/start.sh').replaceAll(/ \/(?=sys|proc)|<\/(?=proc)/g, (one) => {
    return `${one.slice(0, -1)}${folder}/`
  })
  writeFileSync(start, system)
  return start
}

/** The folder of the image that the entry point names, with this program for the bundle. */
async function anImage(t: TestContext, program: string): Promise<string> {
  const folder = await aFolder(t)
  assert.match(DOCKERFILE, /^WORKDIR \/app$/m)
  assert.match(DOCKERFILE, /^COPY tools\/start\.sh \.\/$/m)
  cpSync(new URL('../../tools/start.sh', import.meta.url), join(folder, 'start.sh'))
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist/main.js'), program)
  return folder
}

/** The words of the entry point after the shell. */
function entryIn(folder: string): string[] {
  const [shell, ...words] = ENTRY
  assert.equal(shell, 'sh')
  return words.map((word) => word.replace(/^\/app/, folder))
}
