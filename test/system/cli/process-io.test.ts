import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { describe, it } from 'node:test'
import { begin, MAIN, textOf } from './run.ts'

describe('a command whose output cannot be written', () => {
  it('ends quietly when its reader has gone', async () => {
    const command = begin('serve', ['--help'])
    const ended = once(command, 'close')
    const said = textOf(command.stderr)

    command.stdout?.destroy()

    assert.deepEqual(await ended, [0, null])
    assert.equal(await said, '')
  })

  it('ends with 1 and says why when the disk is full', {
    skip: !existsSync('/dev/full'),
  }, async (t) => {
    const full = openSync('/dev/full', 'w')
    t.after(() => closeSync(full))
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--help'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })

    assert.equal(status, 1)
    assert.match(stderr, /^stdout: ENOSPC: [^\n]*\n$/)
  })
})
