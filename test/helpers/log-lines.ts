import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Logger } from 'pino'
import { createLogger } from '../../src/telemetry/logger.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SCHEMA: object = JSON.parse(readFileSync(`${ROOT}docs/logs.schema.json`, 'utf8'))
const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
const isLogLine = ajv.compile(SCHEMA)

/** A header of a JSON Web Token, in base64. */
const TOKEN = /eyJ[\w-]{8}/
/** Shorter words of a payload occur in the texts of the service, too. */
const LEAST_WORD = 4

const faults: string[] = []
const loggedWords = new Map<string, string>()
const payloadWords = new Set<string>()

// All tests of a file run in one process, and write their lines before this.
after(() => {
  assert.deepEqual([...faults, ...leaks()], [])
})

/** Makes a logger whose lines are checked before the process ends. `take` gets each. */
export function createTestLogger(level: string, take: (line: string) => void): Logger {
  return createLogger(level, {
    write: (line) => {
      checkLogLine(line)
      take(line)
    },
  })
}

/** Checks a line of the service, of this process or another, against docs/logs.schema.json. */
export function checkLogLine(line: string): void {
  for (const fault of faultsIn(line)) faults.push(`${fault}: ${line.trim()}`)
  // A payload may hold the present day, too.
  noteWritten(line.trim().replace(/"time":"[^"]*"/, ''))
}

/** Notes a text that leaves the process, and may hold no private word. */
export function noteWritten(text: string): void {
  for (const word of wordsIn(text)) loggedWords.set(word, text)
}

/** The faults of a line by the schema; empty when there is none. */
export function faultsIn(line: string): readonly string[] {
  const fields: unknown = JSON.parse(line)
  const found: string[] = []
  if (!isLogLine(fields)) found.push(ajv.errorsText(isLogLine.errors))
  // A key that is there twice is lost in the object.
  if (JSON.stringify(fields) !== line.trim()) found.push('not the JSON of its object')
  if (TOKEN.test(line)) found.push('holds a token')
  return found
}

/** Notes a text that no log line may hold a word of: a payload, a token or a secret. */
export function notePrivate(text: string): void {
  for (const word of wordsIn(text)) payloadWords.add(word)
}

/** The words that were noted as private, and that a line holds although the service has no such word. */
function leaks(): readonly string[] {
  const found = [...payloadWords].filter((word) => loggedWords.has(word))
  if (found.length === 0) return []
  const own = wordsOfTheService()
  return found
    .filter((word) => !own.has(word))
    .map((word) => `${word} of a payload in: ${loggedWords.get(word)}`)
}

function wordsOfTheService(): ReadonlySet<string> {
  const files = globSync('src/**/*.ts', { cwd: ROOT, exclude: ['src/local/**'] })
  return new Set(files.flatMap((file) => [...wordsIn(readFileSync(`${ROOT}${file}`, 'utf8'))]))
}

function wordsIn(text: string): ReadonlySet<string> {
  const words = text.split(/[^\w$@.+-]+/).map((word) => word.replace(/^[.+-]+|[.+-]+$/g, ''))
  return new Set(words.filter((word) => word.length >= LEAST_WORD && /[a-z]/i.test(word)))
}
