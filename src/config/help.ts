import { VERSION } from '../version.ts'
import { SECRETS, VARIABLE_NAMES, VARIABLES, type VariableName } from './schema.ts'

const PREAMBLE = `pubsub-mixpanel ${VERSION}
The push endpoint of a Google Cloud Pub/Sub subscription that puts every event into Mixpanel.

It is configured by environment variables alone, and does not start on an incomplete set:`

/** Returns the text that `--help` prints: every variable, with its default and its meaning. */
export function helpText(): string {
  return [PREAMBLE, '', ...VARIABLE_NAMES.map(entryOf)].join('\n')
}

function entryOf(name: VariableName): string {
  const { default: fallback, description, enum: choices } = VARIABLES[name]
  const notes = [
    ...(choices ? [`one of ${choices.join(', ')}`] : []),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(SECRETS.some((secret) => secret === name) ? ['secret'] : []),
  ]
  const title = notes.length === 0 ? name : `${name} (${notes.join(', ')})`
  return `  ${title}\n      ${description}`
}
