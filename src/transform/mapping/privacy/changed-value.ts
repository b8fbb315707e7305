import { scalarText } from './names.ts'
import { type Action, removes } from './path-tree.ts'

/** Called for each step with a path that ends at a value. `isRedacted` when the step changes it. */
export type NoteStep = (step: number, isRedacted: boolean) => void

/**
 * Returns the JSON of a value after its actions, in their order; `undefined` when it is removed, and
 * the same text when it stays. Nulls and empty texts stay. An object, which has no text to change, is removed.
 */
export function changedValue(
  raw: string,
  actions: readonly Action[],
  note: NoteStep,
): string | undefined {
  if (raw[0] === '{' || actions.some(removes)) {
    for (const { step } of actions) note(step, true)
    return undefined
  }
  const before = scalarText(raw)
  const after = raw === 'null' ? before : changedText(before, actions, note)
  return after === before ? raw : JSON.stringify(after)
}

function changedText(before: string, actions: readonly Action[], note: NoteStep): string {
  let text = before
  for (const { step, change } of actions) {
    const next = change.kind === 'remove' || text === '' ? text : change.replace(text)
    note(step, next !== text)
    text = next
  }
  return text
}
