import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { until } from '../../helpers/until.ts'
import { type LocalScene, startLocal } from '../cli/local-scene.ts'

/** The page of a world without a browser: its stream is read, and its actions are asked for. */
export interface PageScene {
  readonly local: LocalScene
  readonly url: string
  /** The items that have come so far. */
  readonly items: readonly Item[]
  /** Resolves with the first item that is like this, once it has come. */
  comes(like: object): Promise<Item>
  /** Resolves with the answer of an action. */
  ask(action: string, input?: object): Promise<{ readonly status: number; readonly body: Item }>
  /** Resolves with the id of the message. */
  publish(text: string, more?: object): Promise<string>
}

// biome-ignore lint/suspicious/noExplicitAny: an answer or item of any shape, which a test looks into
type Item = any

/** Starts a world with a page that is watched; it ends with the test. */
export async function startPage(
  t: TestContext,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<PageScene> {
  const local = await startLocal(t, args, env)
  const url = `http://127.0.0.1:${local.base + 5}`
  const items: Item[] = []
  await watch(t, `${url}/events`, items)

  return { local, url, items, comes, ask, publish }

  async function comes(like: object): Promise<Item> {
    await until(`an item like ${JSON.stringify(like)}`, () => items.some(isLike))
    return items.find(isLike)

    function isLike(item: Item): boolean {
      return Object.entries(like).every(
        ([name, value]) => JSON.stringify(item[name]) === JSON.stringify(value),
      )
    }
  }

  async function ask(action: string, input: object = {}) {
    const answer = await fetch(`${url}/do/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify(input),
    })
    return { status: answer.status, body: await answer.json() }
  }

  async function publish(text: string, more: object = {}): Promise<string> {
    const { status, body } = await ask('publish', { text, ...more })
    assert.deepEqual([status, body.status], [200, 200], body.text)
    return JSON.parse(body.text).messageIds[0]
  }
}

/** Reads a stream of items until the test ends. Resolves when the stream has begun. */
async function watch(t: TestContext, url: string, items: Item[]): Promise<void> {
  const controller = new AbortController()
  const answer = await fetch(url, { signal: controller.signal })
  assert.ok(answer.body)
  const read = readItems(answer.body, items)
  t.after(async () => {
    controller.abort()
    await read
  })
}

async function readItems(body: ReadableStream<Uint8Array>, items: Item[]): Promise<void> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      const ends = text.lastIndexOf('\n\n')
      for (const [, json = ''] of text.slice(0, ends).matchAll(/^data: (.*)$/gm)) {
        items.push(JSON.parse(json))
      }
      text = text.slice(ends)
    }
  } catch {
    // The test, or the world, has ended.
  }
}
