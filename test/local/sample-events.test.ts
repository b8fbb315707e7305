import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { SAMPLE_EVENTS } from '../../src/local/sample-events.ts'

it('the sample events are those of the guide, byte for byte', () => {
  const digest = createHash('sha256').update(SAMPLE_EVENTS.join('\n')).digest('hex')

  assert.equal(SAMPLE_EVENTS.length, 10)
  assert.equal(digest, 'a91a5f8bd0333ae3c457853e73a683e60379247aedb1ab8f8c5a06a6639311b5')
})
