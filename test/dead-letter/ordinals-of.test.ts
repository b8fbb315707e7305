import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ordinalsOf } from '../../src/dead-letter/ordinals-of.ts'
import type { Journey } from '../../src/model/journey.ts'
import { aParty } from '../helpers/builders.ts'

const PARTY = aParty()

function aJourney(number: number, text: string, child = 0): Journey {
  return { party: PARTY, child, line: { number, text } }
}

describe('the ordinal of a rejected line', () => {
  it('counts the equal lines before it, rejected or not, wherever they stand in the list', () => {
    const [first, second, other, third] = [
      aJourney(1, 'a'),
      aJourney(2, 'a'),
      aJourney(3, 'b'),
      aJourney(4, 'a'),
    ]

    const ordinals = ordinalsOf([third, second], [third, first, second, other])

    assert.deepEqual(
      [...ordinals.entries()],
      [
        [second.line, 2],
        [third.line, 3],
      ],
    )
  })

  it('is one for all children of the line', () => {
    const line = { number: 1, text: 'a' }
    const children = [1, 2].map((child): Journey => ({ party: PARTY, child, line }))

    assert.equal(ordinalsOf(children, children).size, 0)
  })

  it('is not looked for where the message as a whole was rejected', () => {
    const whole: Journey = { party: PARTY, child: 0 }

    assert.equal(ordinalsOf([whole], [whole]).size, 0)
  })
})
