import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { findOldSpace } from '../../../src/cli/old-space.ts'

const MIB = 1024 * 1024

describe('the old generation of the heap', () => {
  for (const [flags, mib] of [
    [[], undefined],
    [['--max-semi-space-size=32', '--enable-source-maps'], undefined],
    [['--max-old-space-size=96'], 96],
    [['--max_old_space_size=96', '--max-semi-space-size=32'], 96],
    [['--max-old-space-size=96', '--max-old-space-size=64'], 64],
    [['--max-old-space-size-percentage=50'], 512],
  ] as const) {
    it(`has what the flags say: ${flags.join(' ') || 'none'}`, () => {
      const bytes = findOldSpace(flags, 1024 * MIB)

      assert.equal(bytes, mib === undefined ? undefined : mib * MIB)
    })
  }

  for (const [what, args, env] of [
    ['on the command line', ['--max-old-space-size=96'], {}],
    ['in NODE_OPTIONS', [], { NODE_OPTIONS: '--max-old-space-size=96' }],
    [
      'in both, where the command line counts',
      ['--max-old-space-size=96'],
      { NODE_OPTIONS: '--max-old-space-size=64' },
    ],
  ] as const) {
    it(`is known to the host when it is set ${what}`, () => {
      const host = new URL('../../../src/cli/host.ts', import.meta.url)
      const script = `import(${JSON.stringify(host)}).then(({ thisHost }) => console.log(thisHost.heapLimitBytes))`

      const printed = execFileSync(process.execPath, [...args, '-e', script], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      })

      assert.equal(Number(printed), 96 * MIB)
    })
  }
})
