import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReleasingMap } from '../../src/message/releasing-map.ts'

describe('createReleasingMap', () => {
  it('holds what was set last under a key, until it is deleted', () => {
    const map = createReleasingMap<{ name: string }>()
    map.set('a', { name: 'first' })
    map.set('b', { name: 'second' })
    map.set('a', { name: 'third' })

    assert.deepEqual(map.get('a'), { name: 'third' })
    assert.deepEqual([...map.values()], [{ name: 'third' }, { name: 'second' }])

    map.delete('a')
    map.delete('never set')

    assert.equal(map.get('a'), undefined)
    assert.deepEqual([...map.values()], [{ name: 'second' }])
  })

  it('leaves out what is deleted while its values are gone through', () => {
    const map = createReleasingMap<{ name: string }>()
    for (const name of ['a', 'b', 'c']) map.set(name, { name })

    const seen: string[] = []
    for (const { name } of map.values()) {
      seen.push(name)
      map.delete('b')
    }

    assert.deepEqual(seen, ['a', 'c'])
  })
})
