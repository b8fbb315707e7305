import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Answer } from '../answer.ts'
import type { ProfileStore } from './profile-store.ts'
import { type ProfileKind, readUpdate } from './profile-updates.ts'
import type { Switches } from './switches.ts'

const MAX_UPDATES = 2000
const NO_DATA = 'data, missing or empty'
const FORM = 'application/x-www-form-urlencoded'

export interface ProfileRouteDeps {
  readonly kind: ProfileKind
  readonly store: ProfileStore
  readonly switches: () => Switches
  /** An update with another token is answered like one that is applied, and is not applied. */
  readonly token: string | undefined
}

/**
 * The route `POST /engage` or `POST /groups`. It asks for no credentials but the `$token` of each
 * update, and answers 200 even when the data is invalid.
 */
export function createProfileRoute(
  deps: ProfileRouteDeps,
): (request: IncomingMessage, url: URL) => Promise<Answer> {
  const { kind, store, switches, token } = deps

  return async function answerUpdates(request, { searchParams }) {
    const errors = applied(parseUpdates(await text(request), request.headers))
    const strict = searchParams.get('strict') === '1'
    return isVerbose(searchParams.get('verbose'))
      ? verboseAnswer(errors, strict)
      : { status: 200, body: textOf(errors) }
  }

  function isVerbose(verbose: string | null): boolean {
    return verbose === '1' || (verbose === '2' && switches().engageVerbose2 === 'as_1')
  }

  /** Applies the updates; for each, the reason it was not applied, or `undefined`. */
  function applied(updates: readonly unknown[]): readonly (string | undefined)[] {
    if (updates.length === 0) return [NO_DATA]
    if (updates.length > MAX_UPDATES) return ['a request has 2000 updates at most']
    return updates.map((update) => apply(update))
  }

  function apply(value: unknown): string | undefined {
    const read = readUpdate(value, kind, switches())
    if (read.kind === 'refused') return read.error
    if (read.update.token !== token) return undefined
    const result = store.apply(read.update)
    return result === 'applied' ? undefined : result.error
  }

  function verboseAnswer(errors: readonly (string | undefined)[], strict: boolean): Answer {
    const status = Number(textOf(errors))
    const error = status === 1 ? null : errors.find((one) => one !== undefined)
    const counted = strict && switches().engageStrict === 'counted'
    const good = counted && { num_good_events: countGood(errors) }
    return { status: 200, body: { error, status, ...good } }
  }

  function textOf(errors: readonly (string | undefined)[]): '0' | '1' {
    const wanted = switches().engageText === 'some_valid' ? 1 : errors.length
    return countGood(errors) >= wanted ? '1' : '0'
  }
}

function countGood(errors: readonly (string | undefined)[]): number {
  return errors.filter((error) => error === undefined).length
}

/** Reads the updates; none when the body cannot be read. These endpoints do not read gzip. */
function parseUpdates(body: string, headers: IncomingMessage['headers']): readonly unknown[] {
  const isForm = headers['content-type']?.startsWith(FORM) ?? false
  const data = isForm ? (new URLSearchParams(body).get('data') ?? '') : body
  const parsed = parsedList(data)
  return parsed.length > 0 || !isForm ? parsed : parsedList(Buffer.from(data, 'base64').toString())
}

function parsedList(json: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(json)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
