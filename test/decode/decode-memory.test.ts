import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createDecode } from '../../src/decode/decode.ts'
import { footprintOf, tightFootprintOf } from '../../src/decode/footprint.ts'
import { parseLine } from '../../src/decode/parse-line.ts'
import { createByteBudget } from '../../src/lib/byte-budget.ts'
import type { Decoded } from '../../src/model/event.ts'
import { aMessage, base64 } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { until } from '../helpers/until.ts'

const MIB = 1024 * 1024
const EVENT = '{"event":"a"}'
/** Its letter writes each of its characters with six bytes. */
const LONG = '\u0001'.repeat(MIB)
const LONG_SIZE = { bytes: MIB, controls: MIB }
const NEIGHBOURS = `${EVENT}\n${LONG}`

describe('a message whose long line needs more memory than one message may take', () => {
  const extent = { items: 2, longest: LONG_SIZE }
  const footprint = footprintOf(NEIGHBOURS.length, extent)
  const tight = tightFootprintOf(NEIGHBOURS.length, extent)

  it('keeps all of its lines for letters of their own while it fits to the byte', async () => {
    const { decode, budget } = createScene({ maxFootprintBytes: footprint })

    assert.deepEqual(tooLongOf(await decode(NEIGHBOURS)), [undefined, undefined])
    assert.equal(budget.held(), footprint)
  })

  it('keeps its lines, and holds no letter for the long one, from one byte more on', async () => {
    for (const maxFootprintBytes of [footprint - 1, tight]) {
      const { decode, budget } = createScene({ maxFootprintBytes })

      assert.deepEqual(tooLongOf(await decode(NEIGHBOURS)), [undefined, true])
      assert.equal(budget.held(), tight)
    }
  })

  it('is rejected whole when the lines do not fit without that letter either', async () => {
    const { decode, budget } = createScene({ maxFootprintBytes: tight - 1 })

    assert.deepEqual(await decode(NEIGHBOURS), tooLarge(tight - 1))
    assert.equal(budget.held(), 0)
  })

  it('is rejected whole when it has no other line', async () => {
    const maxFootprintBytes = footprintOf(MIB, { items: 1, longest: LONG_SIZE }) - 1
    const { decode, budget } = createScene({ maxFootprintBytes })

    assert.deepEqual(await decode(LONG), tooLarge(maxFootprintBytes))
    assert.equal(budget.held(), 0)
  })
})

describe('a message of more events than are taken', () => {
  it('is rejected whole, says how many are taken, and holds nothing', async () => {
    const { decode, budget } = createScene()

    assert.deepEqual(await decode(`{}${'\n1'.repeat(1_000_000)}`), {
      kind: 'undecodable',
      outcome: {
        kind: 'rejected',
        reason: 'too_large',
        detail: 'the data has more than 1000000 events',
      },
    })
    assert.equal(budget.held(), 0)
  })
})

describe('the longest part of a broken array', () => {
  it('is its rest, when that is longer than each element', async () => {
    const { decode, budget } = createScene()
    const text = `[${EVENT},${LONG}`

    await decode(text)

    assert.equal(budget.held(), footprintOf(text.length, { items: 2, longest: LONG_SIZE }))
  })

  it('is its rest, when that is one byte longer than an element', async () => {
    const { decode, budget } = createScene()
    const element = `{"a":"${'x'.repeat(MIB)}"}`
    const text = `[${element},${'y'.repeat(element.length + 1)}`

    await decode(text)

    const longest = { bytes: element.length + 1, controls: 0 }
    assert.equal(budget.held(), footprintOf(text.length, { items: 2, longest }))
  })

  it('is an element, when that is longer than the rest', async () => {
    const { decode, budget } = createScene()
    const long = `{"a":"${'x'.repeat(MIB)}"}`
    const text = `[${long},${EVENT},x`

    await decode(text)

    const longest = { bytes: long.length, controls: 0 }
    assert.equal(budget.held(), footprintOf(text.length, { items: 3, longest }))
  })
})

describe('a text', () => {
  it('of 256 KiB is read at once', () => {
    assert.ok('kind' in createScene().decode(' '.repeat(256 * 1024)))
  })

  it('of more than 256 KiB is read in turns, in which its bytes are reserved', async () => {
    const length = 256 * 1024 + 1
    const heldInTurns: number[] = []
    const { decode } = createScene({ inTurn: (held) => heldInTurns.push(held) })

    await decode(' '.repeat(length))

    assert.ok(heldInTurns.length > 1)
    assert.deepEqual(new Set(heldInTurns), new Set([length]))
  })

  it('waits only when its events take more than 64 KiB', async () => {
    for (const [length, waits] of [
      [21_344, false],
      [21_345, true],
    ] as const) {
      const { decode, budget } = createScene({ budgetBytes: MIB })
      const other = budget.openMessage()
      other.tryReserve(MIB)

      const decoded = decode(`{}\n${'x'.repeat(length - 3)}`)

      assert.equal(decoded instanceof Promise, waits)
      assert.equal(budget.held(), MIB + (waits ? 0 : 64 * 1024))
      other.release()
      assert.equal(tooLongOf(await decoded).length, 2)
    }
  })

  it('of one small event is rejected when it takes more than one message may', async () => {
    const { length } = EVENT
    const footprint = footprintOf(length, { items: 1, longest: { bytes: length, controls: 0 } })
    const fitting = createScene({ maxFootprintBytes: footprint })
    const tight = createScene({ maxFootprintBytes: footprint - 1 })

    assert.equal(tooLongOf(await fitting.decode(EVENT)).length, 1)
    assert.deepEqual(await tight.decode(EVENT), tooLarge(footprint - 1))

    assert.deepEqual([fitting.budget.held(), tight.budget.held()], [footprint, 0])
  })

  it('that waited for its bytes keeps them while others wait', async () => {
    const { decode, budget } = createScene({ budgetBytes: MIB })
    const [before, after] = [budget.openMessage(), budget.openMessage()]
    before.tryReserve(MIB)
    const decoded = decode(`{}\n${'x'.repeat(30_000)}`)
    let isAfterGranted = false
    void after
      .reserve(MIB, () => true)
      .then(() => {
        isAfterGranted = true
      })

    before.release()

    assert.equal(tooLongOf(await decoded).length, 2)
    assert.equal(isAfterGranted, false)
  })

  it('that was inflated waits without its bytes for the room of its events', async () => {
    const { decodeBytes, budget } = createScene({ budgetBytes: 2 * MIB })
    const other = budget.openMessage()
    other.tryReserve(MIB)
    const text = `${EVENT}\n`.repeat(30_000)
    let asked = 0
    const wanted = () => {
      asked += 1
      return true
    }

    const decoded = decodeBytes(gzipSync(text), wanted)
    await until('the events wait for room', () => asked === 2)
    assert.equal(budget.held(), MIB)
    other.release()

    assert.equal(tooLongOf(await decoded).length, 30_000)
  })
})

interface Scene {
  readonly maxFootprintBytes?: number
  readonly budgetBytes?: number
  readonly inTurn?: (held: number) => void
}

function createScene(options: Scene = {}) {
  const { maxFootprintBytes = 128 * MIB, budgetBytes = 128 * MIB, inTurn } = options
  const budget = createByteBudget(budgetBytes)
  const decodeMessage = createDecode({ maxBytes: 64 * MIB, maxFootprintBytes }, async () => {
    inTurn?.(budget.held())
    await settlePromises()
  })

  return { budget, decode: (text: string) => decodeBytes(Buffer.from(text)), decodeBytes }

  function decodeBytes(bytes: Buffer, wanted = () => true) {
    return decodeMessage(aMessage({ data: base64(bytes) }), budget.openMessage(), wanted)
  }
}

/** Whether each line is too long for a letter of its own. */
function tooLongOf(decoded: Decoded): (true | undefined)[] {
  assert.equal(decoded.kind, 'lines')
  const { body, lines } = decoded
  return Array.from(lines, (place) => parseLine(body, place).line.isTooLong)
}

function tooLarge(maxFootprintBytes: number): Decoded {
  return {
    kind: 'undecodable',
    outcome: {
      kind: 'rejected',
      reason: 'too_large',
      detail:
        `the events would take more memory than the ${maxFootprintBytes} bytes that this service ` +
        'gives one message (see PUSH_MAX_BUFFERED_BYTES)',
    },
  }
}
