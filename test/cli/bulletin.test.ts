import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBulletin } from '../../src/cli/bulletin.ts'
import type { News } from '../../src/cli/news.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const PUBLISHED: News = { kind: 'published', messageId: '1', bytes: 51 }
const SWITCHED: News = { kind: 'switched', what: 'faults', to: 'none' }
const NACKED: News = {
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
  const bulletin = createBulletin({ clock, write: (line) => lines.push(line) })
  return { clock, lines, bulletin, tellTimes }

  function tellTimes(times: number, news: News): void {
    for (let told = 0; told < times; told++) bulletin.tell(news)
  }
}

describe('the bulletin', () => {
  it('has a line for each piece of news, with its time', () => {
    const { lines, bulletin } = createScene()

    bulletin.tell(PUBLISHED)

    assert.deepEqual(lines, ['13:05:07.089  published    1                   51 bytes'])
  })

  it('sums up what comes after the twentieth line in a second', async () => {
    const { clock, lines, tellTimes } = createScene()

    tellTimes(1_020, PUBLISHED)
    tellTimes(3, NACKED)
    assert.equal(lines.length, 20)
    await clock.advance(1_000)

    assert.equal(lines.length, 21)
    assert.equal(lines[20], '13:05:08.089  …and         1,000 published, 3 nacked')
  })

  it('starts anew with each second', async () => {
    const { clock, lines, tellTimes } = createScene()

    tellTimes(20, PUBLISHED)
    await clock.advance(1_000)
    tellTimes(20, PUBLISHED)
    await clock.advance(1_000)

    assert.equal(lines.length, 40)
    assert.equal(clock.pending(), 0)
  })

  it('always tells what somebody switches', () => {
    const { lines, bulletin, tellTimes } = createScene()

    tellTimes(500, PUBLISHED)
    bulletin.tell(SWITCHED)

    assert.match(lines.at(-1) ?? '', /switched +faults: none$/)
  })

  it('sums up what is left when it closes', () => {
    const { lines, bulletin, tellTimes } = createScene()

    tellTimes(21, PUBLISHED)
    bulletin.close()

    assert.match(lines.at(-1) ?? '', /…and +1 published$/)
  })
})
