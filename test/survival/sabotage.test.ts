import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { SABOTEURS } from '../system/survival/saboteurs.ts'

const SOURCES = new URL('../../src/', import.meta.url)

describe('the text that a saboteur replaces', () => {
  for (const [what, { file, original }] of Object.entries(SABOTEURS)) {
    it(`is in ${file}, for a service that ${what}`, () => {
      assert.ok(readFileSync(new URL(file, SOURCES), 'utf8').includes(original))
    })
  }
})
