import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogDestination } from '../../src/telemetry/log-destination.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

function createScene() {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const lines: string[] = []
  const losses: (() => void)[] = []
  const waiters: (() => void)[] = []
  let works = true
  const destination = createLogDestination(
    {
      take(text, lost) {
        if (works) lines.push(text)
        losses.push(lost)
        return works
      },
      whenWritten: (done) => void waiters.push(done),
    },
    clock,
  )
  return {
    clock,
    destination,
    lines,
    losses,
    waiters,
    set works(value: boolean) {
      works = value
    },
  }
}

describe('a log that cannot be written', () => {
  it('drops lines and counts them', () => {
    const scene = createScene()
    scene.works = false

    for (let n = 0; n < 3; n++) scene.destination.write('a line\n')

    assert.equal(scene.destination.dropped(), 3)
  })

  it('counts a line that was taken and is lost later', () => {
    const { destination, losses } = createScene()
    destination.write('a line\n')

    losses[0]?.()

    assert.equal(destination.dropped(), 1)
  })

  it('says in one line how many were dropped when it works again', () => {
    const scene = createScene()
    scene.works = false
    for (let n = 0; n < 3; n++) scene.destination.write('lost\n')

    scene.works = true
    scene.destination.write('first\n')
    scene.destination.write('second\n')

    const [report = '', first] = (scene.lines[0] ?? '').split('\n')
    assert.deepEqual(JSON.parse(report), {
      severity: 'WARNING',
      time: '2026-01-01T00:00:00.000Z',
      event: 'log_lines_dropped',
      lines: 3,
      message: 'log lines were dropped: the log could not be written',
    })
    assert.equal(first, 'first')
    assert.deepEqual(scene.lines.slice(1), ['second\n'])
    assert.equal(scene.destination.dropped(), 3)
  })

  it('is flushed once all is written', async () => {
    const { destination, waiters, clock } = createScene()

    const flushed = destination.flush(500)
    waiters[0]?.()

    await flushed
    assert.equal(clock.pending(), 0)
  })

  it('holds an end up for the time it is given and no longer', async () => {
    const { destination, clock } = createScene()

    const flushed = destination.flush(500)
    await clock.advance(500)

    await flushed
  })
})
