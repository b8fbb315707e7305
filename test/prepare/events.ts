import assert from 'node:assert/strict'
import type { Candidate, PreparedEvent } from '../../src/model/event.ts'
import type { Message } from '../../src/model/message.ts'
import type { Rejected } from '../../src/model/outcome.ts'
import { createPrepare, type PrepareOptions } from '../../src/prepare/prepare.ts'
import { aMessage } from '../helpers/builders.ts'

/** When `aMessage` was published. */
export const PUBLISHED = Date.UTC(2026, 0, 1)
export const BAD_IDS = [
  '00000000-0000-0000-0000-000000000000',
  ...['anon', 'anonymous', 'nil', 'none', 'null', 'n/a', 'na', 'undefined', 'unknown', '<nil>'],
  ...['0', '-1', 'true', 'false', '[]', '{}'],
]

/** Prepares candidates that are all a message has. */
export type Prepare = (
  message: Message,
  candidates: readonly Candidate[],
) => readonly (PreparedEvent | Rejected)[]

export const byMessage = preparing('message')
export const byContent = preparing('content')

function preparing(insertId: PrepareOptions['insertId']): Prepare {
  const prepare = createPrepare({ insertId })
  return (message, candidates) => candidates.map(prepare(message))
}

export function anEvent(properties: Record<string, unknown>): string {
  return JSON.stringify({ event: 'a', properties })
}

export function candidateOf(text: string, index = 0): Candidate {
  return { line: { number: index + 1, text }, child: 0, text, value: JSON.parse(text) }
}

/** The `count` events that a transform makes of a line when it copies its input. */
export function childrenOf(text: string, count: number, number = 1): Candidate[] {
  return siblingsOf(
    Array.from({ length: count }, () => text),
    number,
  )
}

/** The events that a transform made of one line. */
export function siblingsOf(texts: readonly string[], number = 1): Candidate[] {
  const line = { number, text: '{}' }
  return texts.map((text, index) => {
    return { ...candidateOf(text), line, child: texts.length === 1 ? 0 : index + 1 }
  })
}

export function stepOf(text: string, message: Message = aMessage()): PreparedEvent | Rejected {
  const [step] = byMessage(message, [candidateOf(text)])
  assert.ok(step)
  return step
}

export function preparedOf(text: string, message?: Message): PreparedEvent {
  const step = stepOf(text, message)
  assert.ok(step.kind === 'prepared')
  return step
}

export function rejectedOf(text: string, message?: Message): Rejected {
  const step = stepOf(text, message)
  assert.ok(step.kind === 'rejected')
  return step
}

export function insertIdsOf(
  prepare: Prepare,
  candidates: readonly Candidate[],
  message: Message = aMessage(),
): string[] {
  return prepare(message, candidates).map((step) => {
    assert.ok(step.kind === 'prepared')
    return step.insertId
  })
}

export function insertIdOf(
  prepare: Prepare,
  candidate: Partial<Candidate>,
  message?: Message,
): string {
  const [id = ''] = insertIdsOf(prepare, [{ ...candidateOf(anEvent({})), ...candidate }], message)
  return id
}

export function propertiesOf(text: string): Record<string, unknown> {
  return JSON.parse(text).properties
}
