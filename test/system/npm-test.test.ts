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

/** `npm test -- ARGUMENT`, with two seconds of CPU in the place of two minutes. */
async function runTests(
  argument: string,
  cpuSeconds = '2',
): Promise<{ code: unknown; out: string }> {
  const path = `${dirname(process.execPath)}:${process.env.PATH}`
  const env = { PATH: path, TEST_CPU_SECONDS: cpuSeconds }
  const shell = spawn('npm', ['test', '--', argument], { cwd: ROOT, env })
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

it('npm test runs the in-process tests when it is told no file', async () => {
  const { code, out } = await runTests('--test-name-pattern=no such test', '60')

  assert.equal(code, 0)
  assert.deepEqual(
    [...out.matchAll(/^✔ (\S+)/gm)].map(([, file]) => file),
    ['test/halves/one.ts', 'test/halves/two.ts'],
  )
})
