import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createEventFeed } from '../../src/cli/event-feed.ts'
import type { FeedEvent } from '../../src/cli/event-line.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const PUBLISHED: FeedEvent = { kind: 'published', messageId: '1', bytes: 51 }
const SWITCHED: FeedEvent = { kind: 'switched', what: 'faults', to: 'none' }
const NACKED: FeedEvent = {
  kind: 'delivered',
  messageId: '1',
  answer: '503',
  settlement: 'nack',
  attempt: 1,
  again: 'first',
  tookMs: 5,
}

function createScene() {
  const clock = createFakeClock(Date.UTC(2026, 0, 1, 13, 5, 7, 89))
  const lines: string[] = []
  const feed = createEventFeed({ clock, write: (line) => lines.push(line) })
  return { clock, lines, feed, printTimes }

  function printTimes(times: number, event: FeedEvent): void {
    for (let printed = 0; printed < times; printed++) feed.print(event)
  }
}

describe('the event feed', () => {
  it('has a line for each event, with its time', () => {
    const { lines, feed } = createScene()

    feed.print(PUBLISHED)

    assert.deepEqual(lines, ['13:05:07.089  published    1                   51 bytes'])
  })

  it('sums up what comes after the twentieth line in a second', async () => {
    const { clock, lines, printTimes } = createScene()

    printTimes(1_020, PUBLISHED)
    printTimes(3, NACKED)
    assert.equal(lines.length, 20)
    await clock.advance(1_000)

    assert.equal(lines.length, 21)
    assert.equal(lines[20], '13:05:08.089  …and         1,000 published, 3 nacked')
  })

  it('starts anew with each second', async () => {
    const { clock, lines, printTimes } = createScene()

    printTimes(20, PUBLISHED)
    await clock.advance(1_000)
    printTimes(20, PUBLISHED)
    await clock.advance(1_000)

    assert.equal(lines.length, 40)
    assert.equal(clock.pending(), 0)
  })

  it('always tells what somebody switches', () => {
    const { lines, feed, printTimes } = createScene()

    printTimes(500, PUBLISHED)
    feed.print(SWITCHED)

    assert.match(lines.at(-1) ?? '', /switched +faults: none$/)
  })

  it('sums up what is left when it closes', () => {
    const { lines, feed, printTimes } = createScene()

    printTimes(21, PUBLISHED)
    feed.close()

    assert.match(lines.at(-1) ?? '', /…and +1 published$/)
  })
})
