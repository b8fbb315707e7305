import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { blocksIn, textOf } from '../../docs/markdown.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PAGES = globSync('docs/*.md', { cwd: ROOT })
const BASH = spawnSync('bash', ['--version']).status === 0

describe('the commands of the papers', { skip: !BASH && 'there is no bash here' }, () => {
  for (const path of ['README.md', 'CONTRIBUTING.md', ...PAGES]) {
    it(`are what bash can read: ${path}`, () => {
      for (const block of blocksIn(textOf(path), 'sh')) {
        const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' })

        assert.equal(status, 0, `${stderr}\n${block}`)
      }
    })
  }
})
