import { SECRETS, VARIABLE_NAMES, VARIABLES, type VariableName } from './schema.ts'

const PREAMBLE = 'Environment variables configure it. It does not start on an incomplete set:'

/** Returns the help of the configuration: every variable with its values, default and meaning. */
export function variablesHelp(): string {
  return [PREAMBLE, ...VARIABLE_NAMES.map(formatEntry)].join('\n')
}

function formatEntry(name: VariableName): string {
  const { type, minimum, maximum, default: fallback, description, enum: choices } = VARIABLES[name]
  const notes = [
    ...(type === 'integer' ? [`${minimum} to ${maximum}`] : []),
    ...(choices ? [`one of ${choices.join(', ')}`] : []),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(SECRETS.includes(name) ? ['secret'] : []),
  ]
  const title = notes.length === 0 ? name : `${name} (${notes.join('; ')})`
  return `  ${title}\n      ${description}`
}
