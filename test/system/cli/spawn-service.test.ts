import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { until } from '../../helpers/until.ts'

/** Starts a service that needs nobody else, says which process it is, and leaves it there. */
const LEAVES_IT = `
  const { spawnService } = await import(${JSON.stringify(new URL('../../../src/cli/spawn-service.ts', import.meta.url))})
  const env = { HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0', PUSH_AUTH: 'none' }
  const mixpanel = { MIXPANEL_URL: 'http://127.0.0.1:1', MIXPANEL_PROJECT_TOKEN: 'x' }
  const options = { signals: 'ours_alone' }
  const { pid } = await spawnService({ ...env, ...mixpanel, DEAD_LETTER: 'subscription' }, options)
  console.log(pid)
  process.exit(0)`

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a service in a process of its own', () => {
  it('does not outlive whoever started it', async () => {
    const args = ['--input-type=module', '-e', LEAVES_IT]

    const { stdout } = await promisify(execFile)(process.execPath, args)

    const pid = Number(stdout)
    assert.ok(pid > 0)
    await until('its end', () => !isRunning(pid))
  })
})
