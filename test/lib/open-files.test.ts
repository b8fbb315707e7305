import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { maxOpenFiles } from '../../src/lib/open-files.ts'

function limits(soft: string): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             63459                63459                processes ',
    `Max open files            ${soft.padEnd(20)} 1048576              files     `,
    'Max locked memory         8388608              8388608              bytes     ',
  ].join('\n')
}

describe('maxOpenFiles', () => {
  it('is the soft limit of Linux', () => {
    assert.equal(
      maxOpenFiles(() => limits('1024')),
      1_024,
    )
  })

  it('may be without a limit', () => {
    assert.equal(
      maxOpenFiles(() => limits('unlimited')),
      Number.POSITIVE_INFINITY,
    )
  })

  it('is what every system grants where the system does not tell', () => {
    const throws = (): string => {
      throw new Error('no /proc')
    }

    assert.equal(maxOpenFiles(throws), 1_024)
    assert.equal(
      maxOpenFiles(() => 'something else'),
      1_024,
    )
  })

  it('reads the limit of this process', () => {
    assert.ok(maxOpenFiles() > 0)
  })
})
