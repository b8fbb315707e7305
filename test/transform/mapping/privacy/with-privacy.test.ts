import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PrivacyStep } from '../../../../src/transform/mapping/mapping-file.ts'
import { compilePrivacy } from '../../../../src/transform/mapping/privacy/compile-privacy.ts'
import { withPrivacy } from '../../../../src/transform/mapping/privacy/with-privacy.ts'
import {
  asPublished,
  createTransform,
  type Transform,
} from '../../../../src/transform/transform.ts'
import { aMessage } from '../../../helpers/builders.ts'

const EVENT = { event: 'a', properties: { email: 'x', n: 1 } }

function privately(transform: Transform, ...steps: PrivacyStep[]): Transform {
  const made = compilePrivacy(steps, { env: {}, keys: 'environment' })
  assert.ok(made.kind === 'compiled')
  return withPrivacy(transform, made.privacy)
}

describe('withPrivacy', () => {
  it('redacts each event that a module makes, with its text and its value', () => {
    const transform = privately(
      createTransform(() => [EVENT, EVENT]),
      { remove: ['email'] },
    )

    const made = transform({}, { number: 1, text: '{}' }, aMessage())

    assert.ok(!('kind' in made))
    assert.deepEqual(
      made.map(({ child, text, value }) => [child, text, value]),
      [1, 2].map((child) => [
        child,
        '{"event":"a","properties":{"n":1}}',
        { event: 'a', properties: { n: 1 } },
      ]),
    )
  })

  it('redacts an event that is passed on, and keeps its exact numbers', () => {
    const text = '{"event":"a","properties":{"email":"x","id":9007199254740993}}'
    const transform = privately(asPublished, { remove: ['email'] })

    const made = transform(JSON.parse(text), { number: 1, text }, aMessage())

    assert.ok(!('kind' in made))
    assert.equal(made[0]?.text, '{"event":"a","properties":{"id":9007199254740993}}')
  })

  it('hands on an event as it is when there is nothing to redact', () => {
    const text = '{ "event": "a", "properties": {"n":1.0} }'
    const line = { number: 1, text }
    const transform = privately(asPublished, { remove: ['email', '**.phone'] })
    const value: unknown = JSON.parse(text)

    assert.deepEqual(transform(value, line, aMessage()), [
      { line, child: 0, text, value, stage: 'mapped', unredacted: text },
    ])
  })

  it('counts the effects of its steps beside those of the transform', () => {
    const counted: string[] = []
    const counting: Transform = (value, line, message, count) => {
      count?.('rules[0] a', 'matched')
      return asPublished(value, line, message)
    }
    const transform = privately(counting, { remove: ['email'] })

    transform(EVENT, { number: 1, text: JSON.stringify(EVENT) }, aMessage(), (rule, effect) => {
      counted.push(`${rule} ${effect}`)
    })

    assert.deepEqual(counted, ['rules[0] a matched', 'privacy[0] remove redacted'])
  })

  it('takes no event from a message that says it is mapped already', () => {
    const letter = { id: '1-1', line: 1, ordinal: 1, replays: 0, pushedAs: '2' }
    const message = aMessage({ replay: { ...letter, isMapped: true } })
    const transform = privately(asPublished, { remove: ['email'] })

    const made = transform(EVENT, { number: 1, text: JSON.stringify(EVENT) }, message)

    assert.deepEqual(made, {
      kind: 'rejected',
      reason: 'invalid_event',
      detail:
        'the message says that its event is mapped already, and the mapping has a privacy section: ' +
        'send the letter with `pubsub-mixpanel dead-letters replay`',
    })
  })

  it('hands on the section for the letters', () => {
    assert.equal(typeof privately(asPublished).redaction?.redactAnywhere, 'function')
    assert.equal(asPublished.redaction, undefined)
  })

  it('hands on what the transform drops or rejects', () => {
    const transform = privately(
      createTransform(() => null),
      { remove: ['email'] },
    )

    assert.deepEqual(transform({}, { number: 1, text: '{}' }, aMessage()), {
      kind: 'dropped',
      rule: 'transform',
    })
  })
})
