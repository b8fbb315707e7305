import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const TOOL = fileURLToPath(new URL('../../tools/push-functions.ts', import.meta.url))

/** The most that one warm push may run. A reader who follows it meets all of them. */
const MOST = { functions: 132, files: 40 }

function runTool(...options: string[]): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [TOOL, ...options], { encoding: 'utf8' })
}

describe('tools/push-functions.ts', () => {
  const { status, stdout } = runTool('--list')
  const [summary = '', ...files] = stdout.trimEnd().split('\n\n')
  const names = files.flatMap((file) => file.split('\n').slice(1))

  it('counts the functions and files that it lists', () => {
    assert.equal(status, 0)
    assert.equal(
      summary,
      `${names.length} named functions in ${files.length} files run for one warm push`,
    )
  })

  it('counts no more functions and files than a reader of one push had to follow before', () => {
    const more = `Make a function or a file unnecessary, or raise the most and say why.\n${stdout}`

    assert.ok(names.length <= MOST.functions, more)
    assert.ok(files.length <= MOST.files, more)
  })

  it('lists the pipeline, and what it calls', () => {
    assert.match(stdout, /^pipeline\.ts \(\d+\)\n(?: {2}.*\n)*? {2}settleMessage\b/m)
    assert.match(stdout, /^deliver\/verdict\.ts \(\d+\)\n(?: {2}.*\n)*? {2}verdictOn\b/m)
  })

  it('lists nothing that only the start of the service runs, or that no push of one event needs', () => {
    assert.doesNotMatch(stdout, /^ {2}(createService|loadConfig|createPipeline|start|split)\b/m)
  })

  it('leaves the stand-ins of Pub/Sub and Mixpanel out', () => {
    assert.doesNotMatch(stdout, /^local\//m)
  })

  it('refuses an option that it does not know', () => {
    const { status, stdout } = runTool('--lst')

    assert.equal(status, 2)
    assert.match(stdout, /--list/)
  })
})
