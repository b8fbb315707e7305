import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ServiceProcess } from '../../src/cli/spawn-service.ts'
import { startWorldService } from '../../src/cli/world-service.ts'

/** Processes that end when they are told to, or by themselves. */
function createProcesses() {
  const story: string[] = []
  const ends: ((code: number | undefined) => void)[] = []
  let failure: Error | undefined
  return { story, ends, spawn, failNext }

  function failNext(error: Error): void {
    failure = error
  }

  async function spawn(): Promise<ServiceProcess> {
    const fault = failure
    failure = undefined
    if (fault !== undefined) throw fault
    const pid = ends.length + 1
    const { promise: ended, resolve } = Promise.withResolvers<number | undefined>()
    ends.push(resolve)
    story.push(`${pid} starts`)
    const stop = async (): Promise<number | undefined> => {
      story.push(`${pid} stops`)
      resolve(0)
      return 0
    }
    return { url: `http://${pid}`, pid, logLines: [], ended, stop }
  }
}

describe('the service of a world', () => {
  it('is stopped and started one after the other, in the order of the calls', async () => {
    const { spawn, story } = createProcesses()
    const service = await startWorldService(spawn)

    const [, , , again] = [service.stop(), service.stop(), service.start(), service.start()]
    await again

    assert.deepEqual(story, ['1 starts', '1 stops', '2 starts'])
    assert.deepEqual([service.state(), service.url(), service.pid()], ['running', 'http://2', 2])
  })

  it('has no process while it is stopped, and has not ended by itself', async () => {
    const { spawn } = createProcesses()
    const service = await startWorldService(spawn)
    let hasEnded = false
    void service.ended.then(() => {
      hasEnded = true
    })

    await service.stop()
    await new Promise(setImmediate)

    assert.deepEqual([service.state(), service.pid(), hasEnded], ['stopped', undefined, false])
  })

  it('says how a process ended by itself, also the second one', async () => {
    const { spawn, ends } = createProcesses()
    const service = await startWorldService(spawn)
    await service.stop()
    await service.start()

    ends[1]?.(7)

    assert.equal(await service.ended, 7)
  })

  it('stays stopped when it does not start, and can be started later', async () => {
    const { spawn, failNext } = createProcesses()
    const service = await startWorldService(spawn)
    await service.stop()
    failNext(new Error('no'))

    await assert.rejects(service.start(), /no/)
    assert.equal(service.state(), 'stopped')
    await service.start()

    assert.equal(service.state(), 'running')
  })
})
