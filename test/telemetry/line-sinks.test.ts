import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { createFileSink, createStreamSink } from '../../src/telemetry/line-sinks.ts'

const LINE = `${'x'.repeat(1_023)}\n`

/** A stream whose reader reads when it is told to. */
function aPipe() {
  const waiting: { text: string; done: (error?: Error) => void }[] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => void waiting.push({ text, done }),
  })
  const read: string[] = []
  return { stream, read, readOn, breakOff }

  async function readOn(): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      read.push(next.text)
      next.done()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  function breakOff(): void {
    waiting.shift()?.done(new Error('EPIPE'))
  }
}

describe('a stream that nobody reads', () => {
  it('takes a bounded part of the log, and never blocks', () => {
    const { stream } = aPipe()
    const sink = createStreamSink(stream)

    let taken = 0
    while (sink.take(LINE, assert.fail)) taken += 1

    assert.equal(taken, 1_024)
    assert.ok(stream.writableLength <= 1024 * 1024)
  })

  it('takes lines again once all that waited is written', async () => {
    const { stream, readOn } = aPipe()
    const sink = createStreamSink(stream)
    while (sink.take(LINE, assert.fail));

    await readOn()

    assert.equal(sink.take(LINE, assert.fail), true)
  })

  it('takes a line that is longer than what may wait when nothing waits', () => {
    const { stream } = aPipe()

    assert.equal(createStreamSink(stream).take('x'.repeat(2 * 1024 * 1024), assert.fail), true)
  })

  it('says which lines were lost when it breaks, and takes no more', async () => {
    const { stream, breakOff } = aPipe()
    const sink = createStreamSink(stream)
    let lost = 0
    for (let n = 0; n < 3; n++) sink.take(LINE, () => (lost += 1))

    breakOff()
    await new Promise((resolve) => stream.once('close', resolve))

    assert.equal(lost, 3)
    assert.equal(sink.take(LINE, assert.fail), false)
    await new Promise<void>((resolve) => sink.whenWritten(resolve))
  })

  it('says when all is written', async () => {
    const { stream, read, readOn } = aPipe()
    const sink = createStreamSink(stream)
    sink.take(LINE, assert.fail)
    let isWritten = false
    sink.whenWritten(() => {
      isWritten = true
    })

    assert.equal(isWritten, false)
    await readOn()

    assert.equal(isWritten, true)
    assert.equal(read.join(''), LINE)
  })
})

/** A disk with so many bytes left; each write takes at most ten. */
function aDisk(free: number) {
  let text = ''
  let left = free
  return {
    text: () => text,
    release: (bytes: number) => {
      left += bytes
    },
    write(bytes: Uint8Array): number {
      if (left === 0) throw new Error('ENOSPC')
      const some = bytes.subarray(0, Math.min(10, left))
      text += Buffer.from(some).toString()
      left -= some.length
      return some.length
    },
  }
}

describe('a file on a full disk', () => {
  it('takes no line and throws nothing', () => {
    const disk = aDisk(0)

    assert.equal(createFileSink(disk.write).take('a line\n', assert.fail), false)
    assert.equal(disk.text(), '')
  })

  it('begins a new line after a torn one', () => {
    const disk = aDisk(25)
    const sink = createFileSink(disk.write)
    const line = '0123456789abcd\n'

    const taken = [sink.take(line, assert.fail), sink.take(line, assert.fail)]
    disk.release(1_000)
    taken.push(sink.take(line, assert.fail), sink.take(line, assert.fail))

    assert.deepEqual(taken, [true, false, true, true])
    assert.equal(disk.text(), `${line}0123456789\n${line}${line}`)
  })

  it('gives up on a device that writes nothing', () => {
    assert.equal(createFileSink(() => 0).take('a line\n', assert.fail), false)
  })
})
