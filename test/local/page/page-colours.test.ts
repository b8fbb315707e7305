import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const CSS = readFileSync(new URL('../../../src/local/page/page.css', import.meta.url), 'utf8')

type Palette = ReadonlyMap<string, string>

/** The colours of the first block, or of the one for dark. */
function paletteOf(scheme: 'light' | 'dark'): Palette {
  const [light = '', dark = ''] = [...CSS.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block)
  const block = scheme === 'light' ? light : dark
  return new Map(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [
      name,
      hex,
    ]),
  )
}

/** https://www.w3.org/TR/WCAG21/#dfn-relative-luminance */
function luminanceOf(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio */
function contrastOf(one: string, other: string): number {
  const [low = 0, high = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

/** Each text, and each of the grounds that it stands on. */
const TEXTS = [
  ...['text', 'quiet', 'good', 'bad', 'letter'].flatMap((text) =>
    ['pane', 'hover'].map((ground) => [text, ground] as const),
  ),
  ['text', 'ground'],
  ['quiet', 'ground'],
  ['bad', 'ground'],
  ['on-accent', 'accent'],
  ['on-mark', 'mark'],
] as const
/** Edges of controls and the mark of the focus (https://www.w3.org/TR/WCAG21/#non-text-contrast). */
const EDGES = [
  ['edge', 'pane'],
  ['accent', 'pane'],
  ['bad', 'pane'],
] as const

describe('the colours of the page', () => {
  it('measure black on white as the guidelines do', () => {
    assert.equal(contrastOf('#000000', '#ffffff'), 21)
    assert.equal(contrastOf('#777777', '#ffffff').toFixed(2), '4.48')
  })

  for (const scheme of ['light', 'dark'] as const) {
    const palette = paletteOf(scheme)
    for (const [list, least] of [
      [TEXTS, 4.5],
      [EDGES, 3],
    ] as const) {
      for (const [front, ground] of list) {
        it(`have a contrast of at least ${least} for ${front} on ${ground} in ${scheme}`, () => {
          const contrast = contrastOf(palette.get(front) ?? '', palette.get(ground) ?? '')

          assert.ok(contrast >= least, `${contrast}`)
        })
      }
    }
  }

  it('are all of the two palettes', () => {
    const rules = CSS.replaceAll(/:root \{[^}]*\}/g, '')

    assert.deepEqual(rules.match(/#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(/gi), null)
    assert.deepEqual([...paletteOf('light').keys()], [...paletteOf('dark').keys()])
  })
})
