import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { textOf, withoutCode } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SOURCES = globSync('{src,bench,tools,examples}/**/*.{ts,js,mjs}', { cwd: ROOT })
const PAPERS = globSync(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/*.md'], { cwd: ROOT })

/** A sentence that begins with its object or with a clause, so that a reader must turn it round. */
const INVERTED =
  /(?:^|(?<=[.:;!?] )|(?<=[|(*] ?))(?:Of|What|Who|Whoever|Told|So many|Those|Nobody)\s+[a-z].{0,40}/gm

describe('plain sentences', () => {
  it('are told from inverted ones in comments', () => {
    const source = [
      '/** Of a batch nothing is kept. */',
      '/**',
      ' * Sends a batch. What',
      ' * is left waits.',
      ' */',
      'send() // Told when it is sent.',
      "const text = 'What is a string is no comment'",
      '/** The rest of a batch. */',
    ].join('\n')

    assert.deepEqual(invertedIn(commentsIn(source)), [
      'Of a batch nothing is kept.',
      'What\nis left waits.',
      'Told when it is sent.',
    ])
  })

  it('are told from inverted ones in papers', () => {
    const paper = [
      '## What it costs',
      '- **Who pays** is the owner.',
      '| 429 | Nobody sends |',
      '```',
      'What is code is no sentence',
      '```',
      'All are sent. Those of',
      'a batch travel together.',
    ].join('\n')

    assert.deepEqual(invertedIn(sentencesIn(paper)), [
      'Who pays** is the owner.',
      'Nobody sends |',
      'Those of',
    ])
  })

  for (const path of SOURCES) {
    it(`make the comments of ${path}`, () => {
      assert.deepEqual(invertedIn(commentsIn(textOf(path))), [])
    })
  }

  for (const path of PAPERS) {
    it(`make ${path}`, () => {
      assert.deepEqual(invertedIn(sentencesIn(textOf(path))), [])
    })
  }
})

function invertedIn(text: string): readonly string[] {
  return [...text.matchAll(INVERTED)].map(([found]) => found.trim())
}

/** The comments of a source, without their marks, a line of code leaving a blank line. */
function commentsIn(source: string): string {
  const lines = source.split('\n').map((line) => {
    const [, text] = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/)(.*?)(?:\*\/)?$/.exec(line) ?? []
    return (text ?? / \/\/ (.*)$/.exec(line)?.[1] ?? '').trim()
  })
  return lines.join('\n')
}

/** The sentences of a paper: a heading is none, and neither is code. */
function sentencesIn(paper: string): string {
  return withoutCode(paper).replaceAll(/^#+ .*$/gm, '')
}
