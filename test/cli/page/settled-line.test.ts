import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { settledIn } from '../../../src/cli/page/settled-line.ts'
import { createLogger } from '../../../src/telemetry/logger.ts'

it('reads the settlement of a message from the line that the service logs', () => {
  const lines: string[] = []
  const log = createLogger('debug', { write: (line) => void lines.push(line) })

  log.debug({ event: 'settled', messageId: '7', settlement: 'ack', reason: 'imported', ms: 1 }, 'm')

  assert.deepEqual(lines.map(settledIn), [{ kind: 'settled', messageId: '7', reason: 'imported' }])
})

it('reads nothing from any other line', () => {
  for (const line of [
    '',
    '{"settlement":',
    'x "settlement"',
    '{"settlement":"ack"}',
    '["settlement"]',
  ]) {
    assert.equal(settledIn(line), undefined)
  }
  fc.assert(fc.property(fc.string(), (text) => settledIn(`${text}"settlement"`) === undefined))
})
