import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js'
import { Fault } from './fault.ts'

/** The parts of the longest expression. They bound the time of one turn of a macro. */
const MOST_PARTS = 500
const MOST_DEPTH = 50

const EMPTY = 'the expression is empty'
const UNCLOSED = '`${` has no `}`'

const cel = new Environment({ limits: { maxAstNodes: MOST_PARTS, maxDepth: MOST_DEPTH } })

/** The tokens of the parser in the words of an error text. */
const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a text',
  BOOLEAN: 'true or false',
  NULL: '`null`',
  IDENTIFIER: 'a name',
  PLUS: '`+`',
  MINUS: '`-`',
  MULTIPLY: '`*`',
  DIVIDE: '`/`',
  MODULO: '`%`',
  EQ: '`==`',
  NE: '`!=`',
  LT: '`<`',
  LE: '`<=`',
  GT: '`>`',
  GE: '`>=`',
  AND: '`&&`',
  OR: '`||`',
  NOT: '`!`',
  IN: '`in`',
  LPAREN: '`(`',
  RPAREN: '`)`',
  LBRACKET: '`[`',
  RBRACKET: '`]`',
  LBRACE: '`{`',
  RBRACE: '`}`',
  DOT: '`.`',
  COMMA: '`,`',
  COLON: '`:`',
  QUESTION: '`?`',
  BYTES: 'bytes',
}

/** The texts for limits of the parser, by its codes. */
const LIMITS: Readonly<Record<string, string>> = {
  limit_exceeded: `an expression has at most ${MOST_PARTS} parts and ${MOST_DEPTH} levels`,
  invalid_macro_argument: 'the name of a variable is due here',
}

/** The words and signs of other languages, and what CEL has in their place. */
const OTHERS: Readonly<Record<string, string>> = {
  '=': '`==`',
  '&': '`&&`',
  '|': '`||`',
  and: '`&&`',
  or: '`||`',
  is: '`==`',
  AND: '`&&`',
  OR: '`||`',
}

/** Parses an expression. Throws a `Fault`. */
export function parseExpression(source: string): ASTNode {
  if (source.trim() === '') throw new Fault(EMPTY, 0)
  try {
    return cel.parse(source).ast
  } catch (error) {
    throw faultOf(error, source)
  }
}

/**
 * Returns the index of the brace that ends the expression at the start of a text. Throws a `Fault`
 * when there is none, or when the expression is broken before it.
 */
export function endOfExpression(text: string): number {
  try {
    cel.parse(text)
  } catch (error) {
    const at = offsetOf(error)
    if (isAfterExpression(error) && text[at] === '}') return at
    if (at >= text.length) throw new Fault(UNCLOSED, 0)
    const isEmpty = text[at] === '}' && text.slice(0, at).trim() === ''
    throw isEmpty ? new Fault(EMPTY, 0) : faultOf(error, text)
  }
  throw new Fault(UNCLOSED, 0)
}

/** Whether the parser read a whole expression, and found something else after it. */
function isAfterExpression(error: unknown): boolean {
  return error instanceof ParseError && error.code === 'unexpected_character'
}

function faultOf(error: unknown, source: string): Fault {
  if (!(error instanceof ParseError)) return new Fault('the expression is nested too deeply', 0)
  const offset = offsetOf(error)
  if (error.code === 'unexpected_character') {
    return new Fault(unexpectedText(source.slice(offset, error.range?.end)), offset)
  }
  return new Fault(LIMITS[error.code] ?? inWords(error.summary), offset)
}

function offsetOf(error: unknown): number {
  return error instanceof ParseError ? (error.range?.start ?? 0) : 0
}

function unexpectedText(found: string): string {
  const meant = Object.hasOwn(OTHERS, found) ? OTHERS[found] : undefined
  return meant === undefined
    ? `\`${found}\` is not expected here`
    : `write ${meant} for \`${found}\``
}

function inWords(summary: string): string {
  const [, code = '', wanted = '', got = ''] =
    /^(?:(Unexpected token): |Expected (\w+), got )(\w+)$/.exec(summary) ?? []
  if (code !== '') return `${tokenOf(got)} is not expected here`
  if (wanted !== '') return `${tokenOf(wanted)} is expected here, not ${tokenOf(got)}`
  return `${summary.charAt(0).toLowerCase()}${summary.slice(1)}`
}

function tokenOf(name: string): string {
  return TOKENS[name] ?? name
}
