import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createPlaces, linesOf } from '../../src/decode/places.ts'
import type { Place } from '../../src/model/event.ts'

describe('places', () => {
  const place = fc
    .tuple(fc.nat(), fc.nat({ max: 1_000 }), fc.nat({ max: 1_000 }))
    .map(([number, start, more]) => ({ number, start, end: start + 1 + more }))

  it('are given back in their order, however many there are, with the first of the longest', () => {
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 40 }), (given) => {
        const places = placesOf(given)

        assert.equal(places.count(), given.length)
        assert.deepEqual(
          given.map((_, at) => places.at(at)),
          given,
        )
        const lengths = given.map(({ start, end }) => end - start)
        assert.deepEqual(places.longest(), given[lengths.indexOf(Math.max(...lengths))])
      }),
    )
  })

  it('are none at first, and the longest of them has no length', () => {
    const places = createPlaces()

    assert.equal(places.count(), 0)
    assert.deepEqual(places.longest(), { number: 0, start: 0, end: 0 })
  })
})

describe('the lines at places', () => {
  const [a, b] = [
    { number: 1, start: 0, end: 2 },
    { number: 2, start: 3, end: 9 },
  ]
  const rest: Place = { number: 3, start: 9, end: 12, isRest: true }

  it('come with the values that are known, and with the rest last', () => {
    const lines = linesOf(placesOf([a, b]), [{ event: 'a' }], rest)

    assert.deepEqual(
      [...lines],
      [{ ...a, parsed: { kind: 'json', value: { event: 'a' } } }, b, rest],
    )
  })

  it('come without their values when they are gone through again', () => {
    const lines = linesOf(placesOf([a, b]), [1, 2])

    assert.equal([...lines].length, 2)
    assert.deepEqual([...lines], [a, b])
  })
})

function placesOf(given: readonly Place[]) {
  const places = createPlaces()
  for (const { number, start, end } of given) places.add(number, start, end)
  return places
}
