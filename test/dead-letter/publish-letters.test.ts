import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LetterMessage } from '../../src/dead-letter/letter-message.ts'
import { publishLetters } from '../../src/dead-letter/publish-letters.ts'
import type { PublishEnd } from '../../src/dead-letter/topic-answers.ts'

const REFUSED: PublishEnd = { kind: 'refused', code: 'STATUS_400' }
const FAILED: PublishEnd = { kind: 'failed', code: 'STATUS_503' }

/** Publishes messages with these names; a bare one has a `!` behind it. */
async function publish(names: string, endOf: (sent: string) => PublishEnd) {
  const confirmed: string[] = []
  const sent: string[] = []
  const messages = [...names].map(
    (json): LetterMessage => ({ json, bytes: 1, bare: () => `${json}!` }),
  )
  const send = async (some: readonly string[]) => {
    sent.push(some.join(''))
    return endOf(some.join(''))
  }
  const confirm = (some: readonly LetterMessage[]) =>
    confirmed.push(...some.map(({ json }) => json))
  const error = await publishLetters(messages, { send, confirm }).then(
    () => 'none',
    ({ message }: Error) => message,
  )
  return { confirmed: confirmed.join(''), sent, error }
}

describe('letters of a refused request', () => {
  it('are confirmed in halves, and the one at fault without its attributes', async () => {
    const end = await publish('abcd', (sent) =>
      sent.includes('c') && sent !== 'c!' ? REFUSED : { kind: 'confirmed' },
    )

    assert.deepEqual(end.sent, ['abcd', 'ab', 'cd', 'c', 'c!', 'd'])
    assert.deepEqual([end.confirmed, end.error], ['abcd', 'none'])
  })

  it('are not confirmed, and no more is sent, once a bare one fails', async () => {
    const { sent, confirmed, error } = await publish('ab', (sent) =>
      sent === 'a!' ? FAILED : REFUSED,
    )

    assert.deepEqual([sent, confirmed], [['ab', 'a', 'a!'], ''])
    assert.match(error, /the dead-letter topic has not confirmed the letters: STATUS_503/)
  })

  it('are tried to the last when one of them was confirmed', async () => {
    const { sent, confirmed, error } = await publish('abcd', (sent) =>
      sent === 'a' || sent === 'd' ? { kind: 'confirmed' } : REFUSED,
    )

    assert.deepEqual(sent, ['abcd', 'ab', 'a', 'b', 'b!', 'cd', 'c', 'c!', 'd'])
    assert.equal(confirmed, 'ad')
    assert.match(error, /STATUS_400/)
  })
})
