import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { LOCAL_TOPIC } from '../../../src/local/push-request.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { settled, until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'
import { begin } from './run.ts'

/** `npm run local`, for one test. */
export interface LocalScene {
  readonly command: ChildProcess
  readonly base: number
  /** Where it keeps what is to be gone when it has ended. */
  readonly folder: string
  /** All that it has said so far. */
  said(): string
  /** Resolves once it has said it; fails when it never does. */
  says(what: RegExp): Promise<void>
  /** Resolves with the id. */
  publish(data: string): Promise<string>
  control(method: string, what: string, body?: object): Promise<void>
  /** Whether anything answers on one of its ports. */
  answers(): Promise<boolean>
  /** Resolves with its exit code. */
  ended(): Promise<number | null>
}

/** Starts one on ports of its own; it ends with the test. */
export async function startLocal(
  t: TestContext,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<LocalScene> {
  const folder = await aFolder(t)
  const base = await freePorts(6)
  // A terminal sends Ctrl-C to the whole group, and the test is not to be in it.
  const all = ['--port-base', String(base), ...args]
  const command = begin('local', all, { TMPDIR: folder, ...env }, 'its_own')
  const closed = once(command, 'close')
  t.after(async () => {
    command.kill('SIGTERM')
    await closed
  })
  let text = ''
  for (const stream of [command.stdout, command.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  await says(/health\/ready\n/)

  return { command, base, folder, said: () => text, says, publish, control, answers, ended }

  function says(what: RegExp): Promise<void> {
    return until(`${what} in:\n${text}`, () => what.test(text))
  }

  async function publish(data: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${base + 4}/v1/${LOCAL_TOPIC}:publish`, {
      method: 'POST',
      body: JSON.stringify({ messages: [{ data: Buffer.from(data).toString('base64') }] }),
    })
    const { messageIds } = JSON.parse(await answer.text())
    return messageIds[0]
  }

  async function control(method: string, what: string, body?: object): Promise<void> {
    const url = `http://127.0.0.1:${base + 2}/control/${what}`
    const answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) })
    assert.equal(answer.status, 200)
  }

  async function answers(): Promise<boolean> {
    const asked = [0, 1, 2, 3, 4, 5].map((place) => fetch(`http://127.0.0.1:${base + place}/`))
    const results = await Promise.allSettled(asked)
    return results.some(({ status }) => status === 'fulfilled')
  }

  async function ended(): Promise<number | null> {
    const [code] = await settled('its end', closed)
    return code
  }
}
