import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Clock } from '../lib/clock.ts'

export interface ProjectIdOptions {
  /** The id that the owner gave, if any. */
  readonly given: string | undefined
  /** The host of Google's metadata server; absent where there is none. */
  readonly metadataHost: string | undefined
}

/** The id of the Google Cloud project, for the trace of a log line. */
export interface ProjectId {
  /** Returns the id; `undefined` while it is not known. */
  id(): string | undefined
  /**
   * Asks the metadata server, unless the owner gave the id. Resolves when that has ended, after two
   * seconds at most. It never rejects: a line then has the trace without the project.
   */
  ask(): Promise<void>
}

/** A path of the metadata server (https://cloud.google.com/compute/docs/metadata). */
const PATH = '/computeMetadata/v1/project/project-id'
const HEADERS = { 'metadata-flavor': 'Google' }
const WITHIN_MS = 2_000
/** An id may have a domain in front: `example.com:my-project`. */
const PROJECT_ID = /^[a-z][a-z0-9.:-]{1,60}$/

/** Makes the id of the project. It asks for nothing before `ask`. */
export function createProjectId(
  { given, metadataHost }: ProjectIdOptions,
  clock: Pick<Clock, 'after'>,
): ProjectId {
  let known = given
  return { id: () => known, ask }

  async function ask(): Promise<void> {
    if (known !== undefined || metadataHost === undefined) return
    const answer = await answerOf(metadataHost, clock).catch(() => '')
    if (PROJECT_ID.test(answer)) known = answer
  }
}

/** Resolves with the body of the answer. Rejects when there is no good answer in time. */
async function answerOf(host: string, clock: Pick<Clock, 'after'>): Promise<string> {
  const timeUp = new AbortController()
  const cancel = clock.after(WITHIN_MS, () => timeUp.abort())
  try {
    const answer = await get(host, timeUp.signal)
    const isGood = answer.statusCode === 200 && answer.headers['metadata-flavor'] === 'Google'
    if (!isGood) answer.destroy()
    return isGood ? await text(answer) : ''
  } finally {
    cancel()
  }
}

function get(host: string, signal: AbortSignal): Promise<IncomingMessage> {
  const options = { agent: false, headers: HEADERS, signal }
  return new Promise((resolve, reject) => {
    request(`http://${host}${PATH}`, options, resolve).on('error', reject).end()
  })
}
