import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const [HTML = '', CSS = '', JS = ''] = ['index.html', 'page.css', 'page.js'].map((name) =>
  readFileSync(new URL(`../../../src/local/page/${name}`, import.meta.url), 'utf8'),
)

describe('the files of the page', () => {
  it('have 60 KB at most together', () => {
    const bytes = [HTML, CSS, JS].reduce((sum, text) => sum + Buffer.byteLength(text), 0)

    assert.ok(bytes <= 60_000, `${bytes}`)
  })

  it('put texts in as texts alone: the script has no way to make markup or code of them', () => {
    const ways =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|parseFromString|createContextualFragment|srcdoc|\beval\b|new Function|javascript:/

    assert.doesNotMatch(JS, ways)
    assert.doesNotMatch(JS, /setTimeout\(['"`]/)
  })

  it('hold no code and no style outside their files, which the policy would refuse', () => {
    assert.doesNotMatch(HTML, /<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=/i)
    assert.doesNotMatch(JS, /\.setAttribute\('style'|cssText/)
  })

  it('load nothing from elsewhere', () => {
    assert.doesNotMatch(HTML + CSS + JS, /https?:\/\/|@import|url\(/)
  })

  it('have a label for each field, and a name for each section', () => {
    const fields = [...HTML.matchAll(/<(?:input|select|textarea)\b[^>]*\bid="([\w-]+)"/g)]
    const labels = new Set([...HTML.matchAll(/<label\b[^>]*\bfor="([\w-]+)"/g)].map(([, id]) => id))
    const wrapped = /<label\b[^>]*><input id="gzip"/

    const unlabelled = fields.map(([, id]) => id).filter((id) => !labels.has(id))
    assert.deepEqual(unlabelled, ['gzip'])
    assert.match(HTML, wrapped)
    for (const [section] of HTML.matchAll(/<section\b[^>]*>/g)) {
      assert.match(section, /aria-label(ledby)?="/)
    }
    assert.ok(fields.length > 5)
  })

  it('have one element of each id, for each reference', () => {
    const ids = [...HTML.matchAll(/\bid="([\w-]+)"/g)].map(([, id = '']) => id)
    const references = [...HTML.matchAll(/\b(?:for|aria-labelledby|aria-describedby)="([\w -]+)"/g)]
    const named = references.flatMap(([, names = '']) => names.split(' '))
    const sought = [...JS.matchAll(/byId\('([\w-]+)'\)/g)].map(([, id = '']) => id)

    assert.equal(new Set(ids).size, ids.length)
    assert.deepEqual(
      [...named, ...sought].filter((id) => !ids.includes(id)),
      [],
    )
  })

  it('take no number out of an event: the browser would round it', () => {
    assert.doesNotMatch(JS, /JSON\.parse\((?!text\)|data\))/)
  })
})
