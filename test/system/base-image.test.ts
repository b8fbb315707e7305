import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { blocksIn, sectionOf, textOf } from '../docs/markdown.ts'
import { aFolder } from '../helpers/world.ts'

const [COMMAND = 'false'] = blocksIn(
  sectionOf(textOf('docs/development.md'), '### The base image'),
  'sh',
)
const DOCKERFILE = textOf('Dockerfile')
const DIGESTS = ['a', 'b'].map((digit) => `sha256:${digit.repeat(64)}`)

describe('the command of docs/development.md', () => {
  it('pins the base image, and renews the pin', async (t) => {
    const folder = await aRepository(t)
    const [old = '', renewed = ''] = DIGESTS

    const first = run(folder, `echo ${old}`)
    const second = run(folder, `echo ${renewed}`)

    assert.deepEqual(
      [first, second],
      [
        [0, pinned(old)],
        [0, pinned(renewed)],
      ],
    )
    assert.equal(pinned(renewed).match(/^FROM \S+@sha256:b{64}( AS build)?$/gm)?.length, 2)
  })

  for (const [what, docker] of [
    ['there is no registry', 'exit 1'],
    ['docker prints nothing', 'exit 0'],
  ] as const) {
    it(`changes nothing when ${what}`, async (t) => {
      const folder = await aRepository(t)

      const [status, dockerfile] = run(folder, docker)

      assert.notEqual(status, 0)
      assert.equal(dockerfile, DOCKERFILE)
    })
  }
})

/** The Dockerfile with this digest behind the name of each base image. */
function pinned(digest: string): string {
  return DOCKERFILE.replaceAll(/^(FROM [^\s@]+)\S*/gm, `$1@${digest}`)
}

async function aRepository(t: TestContext): Promise<string> {
  const folder = await aFolder(t)
  writeFileSync(join(folder, 'Dockerfile'), DOCKERFILE)
  return folder
}

/** Runs the command with a docker that knows one request. Returns its code, and the Dockerfile. */
function run(folder: string, docker: string): [number | null, string] {
  const script = `#!/bin/sh\n[ "$1 $2 $3" = 'buildx imagetools inspect' ] || exit 2\n${docker}\n`
  writeFileSync(join(folder, 'docker'), script, { mode: 0o755 })
  const { status } = spawnSync('bash', ['-c', COMMAND], {
    cwd: folder,
    env: { PATH: `${folder}:/usr/bin:/bin` },
    encoding: 'utf8',
  })
  return [status, readFileSync(join(folder, 'Dockerfile'), 'utf8')]
}
