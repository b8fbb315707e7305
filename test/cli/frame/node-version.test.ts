import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { oldNodeText } from '../../../src/cli/frame/node-version.ts'

describe('the version of Node', () => {
  for (const version of ['20.20.2', '9.11.2', '23.11.1']) {
    it(`is too old: ${version}`, () => {
      const text = oldNodeText(version) ?? ''

      assert.match(
        text,
        new RegExp(`^pubsub-mixpanel needs Node 24 or newer, and this is v${version}\\.`),
      )
      assert.match(text, /Install Node 24/)
    })
  }

  for (const version of ['24.0.0', '24.21.0', '100.1.0', '25.0.0-nightly20251001']) {
    it(`is new enough: ${version}`, () => {
      assert.equal(oldNodeText(version), undefined)
    })
  }
})
