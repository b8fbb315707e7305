import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { aFolder } from '../helpers/world.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** `npm test -- FILES`, with two seconds of CPU in the place of two minutes. */
async function runTests(files: string): Promise<{ code: unknown; out: string }> {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`
  const env = { PATH: path, TEST_CPU_SECONDS: '2' }
  const shell = spawn('npm', ['test', '--', files], { cwd: ROOT, env })
  const [out, [code]] = await Promise.all([text(shell.stdout), once(shell, 'exit')])
  return { code, out }
}

for (const [where, code] of Object.entries({
  'in a test': "import { it } from 'node:test'\nit('ends', () => { for (;;); })",
  'beside the tests': 'for (;;);',
  'of promises': "import { it } from 'node:test'\nit('ends', async () => { for (;;) await 0 })",
})) {
  it(`npm test fails, and does not hang, for an endless loop ${where}`, async (t) => {
    const folder = await aFolder(t)
    await writeFile(join(folder, 'endless.test.mjs'), code)
    await writeFile(
      join(folder, 'good.test.mjs'),
      "import { it } from 'node:test'\nit('is', () => {})",
    )

    const { code: exitCode, out } = await runTests(join(folder, '*.test.mjs'))

    assert.equal(exitCode, 1)
    assert.match(out, /^ℹ pass 1$/m)
    assert.match(out, /^ℹ fail 1$/m)
    assert.match(out, /✖ .*endless\.test\.mjs/)
  })
}
