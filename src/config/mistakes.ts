import { parseDeadLetter } from './dead-letter-form.ts'
import { CREDENTIALS, VARIABLE_NAMES, type VariableName } from './schema.ts'
import { type Given, LISTS, parseList } from './values.ts'

const QUOTES = `"'\`“”„‘’«»`
const QUOTE_AT_AN_END = new RegExp(`^[${QUOTES}]|[${QUOTES}]$`)
const QUOTES_AROUND = new RegExp(`^[${QUOTES}].*[${QUOTES}]$`, 's')
const EVERY_QUOTE = new RegExp(`[${QUOTES}]`, 'g')

/** The end of the user name of every service account of Mixpanel. */
const MIXPANEL_USER = /\.mp-service-account$/i
const GOOGLE_USER = /@.*\.gserviceaccount\.com$/i
/**
 * The least length of a key. It is longer than any token of Mixpanel: a short text may be the
 * base64 of anything.
 */
const LEAST_KEY_LENGTH = 100

/**
 * Returns the variables with quotes around their value. An env file and a YAML block keep quotes.
 */
export function findQuoted(given: Given): readonly VariableName[] {
  return VARIABLE_NAMES.filter((name) => isQuoted(name, given[name] ?? ''))
}

/** Returns the same variables without these quotes, so that their other problems show, too. */
export function unquoted(given: Given): Given {
  const bare = findQuoted(given).map((name) => [name, given[name]?.replaceAll(EVERY_QUOTE, '')])
  return { ...given, ...Object.fromEntries(bare) }
}

/** Returns the problem that quotes are part of a value. */
export function quotesAround(name: VariableName): string {
  return `${name} holds quotes, which are part of the value: write it without them`
}

/**
 * Returns problems with values that belong elsewhere: in another variable, another product, a
 * shell.
 */
export function findMistakes(given: Given): string[] {
  return [...keys(given), ...users(given), ...unexpandedPaths(given)]
}

function isQuoted(name: VariableName, text: string): boolean {
  if (QUOTES_AROUND.test(text)) return true
  if (LISTS.includes(name)) return parseList(text).some((entry) => QUOTE_AT_AN_END.test(entry))
  return name === 'DEAD_LETTER' && QUOTES_AROUND.test(text.replace(/^\w+:/, ''))
}

function keys(given: Given): string[] {
  return CREDENTIALS.filter((name) => isKey(given[name] ?? '')).map(
    (name) => `${name} holds a key file or the path of one, such as Google's: Mixpanel has none`,
  )
}

/** Tests for a key: JSON or PEM, plain or in base64, or the path of a file. */
function isKey(text: string): boolean {
  if (/^[{[]|-----BEGIN |\.(json|pem)$/i.test(text)) return true
  if (text.length < LEAST_KEY_LENGTH) return false
  return /^\s*\{\s*"|-----BEGIN /.test(Buffer.from(text, 'base64').toString())
}

function users(given: Given): string[] {
  const { MIXPANEL_PROJECT_TOKEN: token = '', MIXPANEL_SERVICE_ACCOUNT_SECRET: secret = '' } = given
  const { MIXPANEL_SERVICE_ACCOUNT_USERNAME: username = '' } = given
  const problems: string[] = []
  if (MIXPANEL_USER.test(token)) {
    problems.push(
      'MIXPANEL_PROJECT_TOKEN holds the user name of a service account: set the project token',
    )
  }
  if (MIXPANEL_USER.test(secret)) {
    problems.push(
      'MIXPANEL_SERVICE_ACCOUNT_SECRET holds a user name: is it swapped with ' +
        'MIXPANEL_SERVICE_ACCOUNT_USERNAME?',
    )
  }
  if (GOOGLE_USER.test(username)) {
    problems.push(
      'MIXPANEL_SERVICE_ACCOUNT_USERNAME holds a Google service account: ' +
        'set the user name of a Mixpanel service account',
    )
  }
  return problems
}

/** Tests paths for characters that only a shell replaces, and only outside quotes. */
function unexpandedPaths({ TRANSFORM = '', DEAD_LETTER = '' }: Given): string[] {
  const form = parseDeadLetter(DEAD_LETTER)
  const paths = [
    ['TRANSFORM', TRANSFORM],
    ['DEAD_LETTER', form.kind === 'file' ? form.folder : ''],
  ] as const
  return paths
    .filter(([, path]) => /^[~$]/.test(path))
    .map(
      ([name]) =>
        `${name} holds a path with ~ or $, which only a shell replaces: write the whole path`,
    )
}
