import type { ServerResponse } from 'node:http'

/** The items that pages get, each as JSON, by server-sent events (html.spec.whatwg.org). */
export interface EventStream {
  /** Sends an item to each page, and keeps it for pages that come back. */
  send(item: object): void
  /** Sends an item that the next of its kind replaces, such as counts. A full page does not get it. */
  sendPassing(item: object): void
  /**
   * Answers a request with the items after the one of this id, and then each new one, until the page
   * is gone. An id of another world, or none of any, is answered with an item `anew`. Without an id,
   * there are only new items.
   */
  attach(response: ServerResponse, afterId: string | undefined): void
  /** Returns the id of the last item. */
  lastId(): string
  /** Returns the items that are kept, with the oldest first. */
  kept(): readonly object[]
  /** The number of pages that watch. */
  watchers(): number
}

interface Kept {
  readonly number: number
  readonly item: object
  readonly text: string
}

interface Watcher {
  readonly response: ServerResponse
  /** The items that were not sent because too many bytes waited for this page. */
  missed: number
}

/** The items that are kept for pages that come back, and the most characters of them. */
const MOST_KEPT = 500
const MOST_KEPT_LENGTH = 512 * 1024
/** The bytes that wait for a page before items are dropped. The kernel holds some more. */
const MOST_WAITING_BYTES = 64 * 1024
const RECONNECT_AFTER_MS = 1_000

/**
 * Makes a stream without items. `world` tells the ids of this stream from those of others. A page
 * that reads slowly, or not at all, costs a bounded number of bytes: it is told how many items it
 * did not get.
 */
export function createEventStream(world: string): EventStream {
  const watchers = new Set<Watcher>()
  const kept: Kept[] = []
  let keptLength = 0
  let last = 0

  return {
    send,
    sendPassing,
    attach,
    lastId: () => idOf(last),
    kept: () => kept.map(({ item }) => item),
    watchers: () => watchers.size,
  }

  function send(item: object): void {
    last += 1
    const text = `id: ${idOf(last)}\n${dataOf(item)}`
    keep({ number: last, item, text })
    for (const watcher of watchers) sendOrCount(watcher, text)
  }

  function sendPassing(item: object): void {
    const text = dataOf(item)
    for (const { response } of watchers) if (!isFull(response)) response.write(text)
  }

  function keep(item: Kept): void {
    kept.push(item)
    keptLength += item.text.length
    while (kept.length > MOST_KEPT || keptLength > MOST_KEPT_LENGTH) {
      keptLength -= kept.shift()?.text.length ?? keptLength
    }
  }

  function attach(response: ServerResponse, afterId: string | undefined): void {
    const watcher: Watcher = { response, missed: 0 }
    const missed = afterId === undefined ? '' : textAfter(afterId)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`retry: ${RECONNECT_AFTER_MS}\n\n${missed}`)
    response.on('drain', () => tellMissed(watcher))
    response.on('close', () => watchers.delete(watcher))
    watchers.add(watcher)
  }

  function textAfter(afterId: string): string {
    const number = numberIn(afterId)
    if (number === undefined) return dataOf({ kind: 'anew' })
    const texts = kept.filter((one) => one.number > number).map(({ text }) => text)
    const lost = last - number - texts.length
    return [...(lost > 0 ? [missedText(lost)] : []), ...texts].join('')
  }

  /** Returns the number in an id of this stream; `undefined` for any other text. */
  function numberIn(id: string): number | undefined {
    const [, name, digits] = /^(.*)\.(\d+)$/.exec(id) ?? []
    return name === world && Number(digits) <= last ? Number(digits) : undefined
  }

  function idOf(number: number): string {
    return `${world}.${number}`
  }
}

function sendOrCount(watcher: Watcher, text: string): void {
  if (watcher.missed > 0 || isFull(watcher.response)) watcher.missed += 1
  else watcher.response.write(text)
}

/** Called when a page has read all that waited for it. */
function tellMissed(watcher: Watcher): void {
  if (watcher.missed > 0) watcher.response.write(missedText(watcher.missed))
  watcher.missed = 0
}

function isFull({ writableLength }: ServerResponse): boolean {
  return writableLength > MOST_WAITING_BYTES
}

function missedText(items: number): string {
  return dataOf({ kind: 'missed', items })
}

/** JSON holds no line feed, which would end the item. */
function dataOf(item: object): string {
  return `data: ${JSON.stringify(item)}\n\n`
}
