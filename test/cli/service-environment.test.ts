import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FREE_PORTS } from '../../src/cli/ports.ts'
import { surroundingVariables, variablesGiven } from '../../src/cli/service-environment.ts'
import { SECRETS, VARIABLE_NAMES } from '../../src/config/schema.ts'

const EVERY_ONE = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, 'x']))

describe('the variables of a local service', () => {
  it('are those that a person gave, and none that are of something else', () => {
    const given = { TRANSFORM: './my.mjs', LOG_LEVEL: '', HOME: '/', NODE_OPTIONS: '--inspect' }

    assert.deepEqual(variablesGiven(given), { TRANSFORM: './my.mjs' })
  })

  it('hold nothing of a person’s that ties the service to another world', () => {
    const given = variablesGiven(EVERY_ONE)
    const tied = surroundingVariables({
      ports: FREE_PORTS,
      mixpanel: { url: '' },
      issuer: { issuer: '', jwksUrl: '' },
      pubsub: { host: '' },
    })

    for (const name of [...SECRETS, 'MIXPANEL_REGION', 'K_SERVICE', ...Object.keys(tied)]) {
      assert.equal(given[name], undefined, name)
    }
    for (const name of ['TRANSFORM', 'BATCH_LINGER_MS', 'LOG_LEVEL', 'DEAD_LETTER', 'INSERT_ID']) {
      assert.equal(given[name], 'x', name)
    }
  })
})
