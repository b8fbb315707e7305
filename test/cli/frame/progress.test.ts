import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { progressText, startProgress, type Work } from '../../../src/cli/frame/progress.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'

const CLEAR = '\r\u001b[2K'

/** A progress whose work is as far as `done.count`. */
function aScene(terminal: boolean) {
  const io = createFakeIo({ terminal })
  const done = { count: 0 }
  const work = (): Work => ({ done: done.count, total: 4_000, noun: 'events' })
  return { ...io, done, progress: startProgress({ ...io, work }) }
}

describe('the progress of a command', () => {
  it('is one line of a terminal, redrawn four times a second', async () => {
    const { clock, done, err } = aScene(true)

    done.count = 250
    await clock.advance(250)
    done.count = 500
    await clock.advance(250)
    await clock.advance(249)

    const first = `${CLEAR}250 of 4,000 events · 1,000 a second · 4 s left`
    assert.equal(err(), `${first}${CLEAR}500 of 4,000 events · 1,000 a second · 4 s left`)
  })

  it('is a line each ten seconds elsewhere', async () => {
    const { clock, done, err } = aScene(false)

    done.count = 1_000
    await clock.advance(10_000)
    assert.equal(err(), '1,000 of 4,000 events · 100 a second · 30 s left\n')
    await clock.advance(10_000)

    assert.equal(err().split('\n').length, 3)
  })

  it('leaves the terminal before something else is printed, and comes back', async () => {
    const { clock, progress, err } = aScene(true)
    await clock.advance(250)
    const before = err().length

    progress.hide()
    progress.hide()
    assert.equal(err().slice(before), CLEAR)
    await clock.advance(250)

    assert.match(err().slice(before), /events/)
  })

  it('ends, and leaves nothing on the terminal', async () => {
    const { clock, progress, err } = aScene(true)
    await clock.advance(250)

    progress.close()
    const said = err()
    await clock.advance(10_000)

    assert.ok(said.endsWith(CLEAR))
    assert.equal(err(), said)
    assert.equal(clock.pending(), 0)
  })

  it('is never wider than the terminal', async () => {
    const io = createFakeIo({ terminal: true })
    startProgress({ ...io, work: () => ({ done: 1, noun: 'events '.repeat(20) }) })

    await io.clock.advance(250)

    assert.equal(io.err().slice(CLEAR.length).length, 79)
  })

  for (const [text, work, elapsedMs] of [
    ['0 of 10 lines · 0.0 a second', { done: 0, total: 10, noun: 'lines' }, 0],
    ['12 MB · 0.4 a second', { done: 12, noun: 'MB' }, 30_000],
    ['10 lines · 5.0 a second', { done: 10, noun: 'lines' }, 2_000],
    ['1 of 201 x · 1.0 a second · 3 min 20 s left', { done: 1, total: 201, noun: 'x' }, 1_000],
    ['1 of 7,501 x · 1.0 a second · 2 h 5 min left', { done: 1, total: 7_501, noun: 'x' }, 1_000],
    ['5 of 4 x · 5.0 a second · 0 s left', { done: 5, total: 4, noun: 'x' }, 1_000],
  ] as const) {
    it(`is legible: ${text}`, () => {
      assert.equal(progressText(work, elapsedMs), text)
    })
  }
})
