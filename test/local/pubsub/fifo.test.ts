import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createFifo } from '../../../src/local/pubsub/fifo.ts'

describe('a first-in-first-out queue', () => {
  it('gives as an array would that is pushed to and shifted from', () => {
    const steps = fc.array(fc.constantFrom('push', 'shift'), { maxLength: 60 })
    fc.assert(
      fc.property(fc.array(fc.nat()), steps, (first, taken) => {
        const fifo = createFifo([...first])
        const array = [...first]

        for (const [place, step] of taken.entries()) {
          if (step === 'shift') assert.equal(fifo.shift(), array.shift())
          else {
            fifo.push(place)
            array.push(place)
          }
        }
      }),
    )
  })
})
