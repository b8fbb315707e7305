import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { aFolder } from './helpers/world.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** `npm test` for the files of a folder, with two seconds of CPU in the place of two minutes. */
async function runTests(folder: string): Promise<{ code: unknown; out: string }> {
  const command = String(scripts.test)
    .replace('npm run -s preflight && ', '')
    .replace('ulimit -S -t 120', 'ulimit -S -t 2')
    .replace("'test/**/*.test.ts'", `'${folder}/*.test.mjs'`)
  assert.match(command, /ulimit -S -t 2 /)
  const path = `${dirname(process.execPath)}:${process.env.PATH}`
  const shell = spawn('sh', ['-c', command], { cwd: ROOT, env: { PATH: path } })
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

    const { code: exitCode, out } = await runTests(folder)

    assert.equal(exitCode, 1)
    assert.match(out, /^ℹ pass 1$/m)
    assert.match(out, /^ℹ fail 1$/m)
    assert.match(out, /✖ .*endless\.test\.mjs/)
  })
}
