import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { textOf, withoutCode } from './markdown.ts'
import { TEXTS_FOR_PEOPLE } from './openapi-document.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** This file quotes inverted sentences, as examples. */
const EXAMPLES = 'test/docs/plain-sentences.test.ts'
const SOURCES = globSync('{src,bench,tools,examples,test}/**/*.{ts,js,mjs}', {
  cwd: ROOT,
  exclude: [EXAMPLES],
})
const PAPERS = globSync(['*.md', '{docs,deploy}/**/*.md', 'bench/*.md'], { cwd: ROOT })

const FIRST_WORDS = 'Of|What|Who|Whoever|Whose|Whatever|Whichever|Told|So many|Those|Nobody'

/** A sentence that begins with its object or with a clause, so that a reader must turn it round. */
const INVERTED = new RegExp(
  `(?:^|(?<=[.:;!?] )|(?<=[|(*] ?))(?:${FIRST_WORDS})\\s+[a-z].{0,40}`,
  'gm',
)
/**
 * The same in a string literal, which may begin in lower case. It has four words at least: `what to
 * do` heads a column. "of" continues the line before.
 */
const INVERTED_TEXT = new RegExp(
  `(?:^|(?<=[.:;!?] ))(?:${FIRST_WORDS.replace('Of|', '')})(?: \\S+){3}.{0,30}`,
  'gim',
)

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

  it('are told from inverted ones in texts and in names of tests', () => {
    const source = [
      "// It's no text: what is a comment.",
      "throw new Error('what is left cannot be read')",
      'log.warn(`the letter is lost: whoever reads it sees nothing`)',
      "it('who has no token is refused', () => {})",
      "it('of two is good', () => kinds.includes('what'))",
      "it('names what is lost', () => {})",
      "tableOf(page, 'what to do')",
    ].join('\n')

    assert.deepEqual(invertedIn(textsIn(source), INVERTED_TEXT), [
      'what is left cannot be read',
      'whoever reads it sees nothing',
      'who has no token is refused',
    ])
  })

  for (const path of SOURCES) {
    it(`make the comments and the texts of ${path}`, () => {
      const source = textOf(path)

      assert.deepEqual(invertedIn(commentsIn(source)), [])
      assert.deepEqual(invertedIn(textsIn(source), INVERTED_TEXT), [])
    })
  }

  it('make the descriptions of openapi.yaml', () => {
    assert.deepEqual(
      TEXTS_FOR_PEOPLE.flatMap((text) => invertedIn(text)),
      [],
    )
    assert.ok(TEXTS_FOR_PEOPLE.length > 30)
  })

  for (const path of PAPERS) {
    it(`make ${path}`, () => {
      assert.deepEqual(invertedIn(sentencesIn(textOf(path))), [])
    })
  }
})

function invertedIn(text: string, pattern = INVERTED): readonly string[] {
  return [...text.matchAll(pattern)].map(([found]) => found.trim())
}

/** The comments of a source, without their marks, a line of code leaving a blank line. */
function commentsIn(source: string): string {
  const lines = source.split('\n').map((line) => {
    const [, text] = /^\s*(?:\/\*\*?|\*(?!\/)|\/\/)(.*?)(?:\*\/)?$/.exec(line) ?? []
    return (text ?? / \/\/ (.*)$/.exec(line)?.[1] ?? '').trim()
  })
  return lines.join('\n')
}

/** The string literals of a source that hold a space, one a line. */
function textsIn(source: string): string {
  const code = source.replaceAll(/^\s*(?:\/\*|\*|\/\/).*$/gm, '')
  const literals = code.matchAll(/(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g)
  return [...literals].map(([, , text = '']) => (text.includes(' ') ? text : '')).join('\n')
}

/** The sentences of a paper: a heading is none, and neither is code. */
function sentencesIn(paper: string): string {
  return withoutCode(paper).replaceAll(/^#+ .*$/gm, '')
}
