import type { Answer } from '../answer.ts'
import type { PresentedCredentials, StandInCredentials } from './credentials.ts'
import type { ImportBody } from './import-body.ts'
import type { Admission, RequestSize } from './quota.ts'
import type { Row } from './row-store.ts'
import type { Switches } from './switches.ts'

/** A project: its credentials, its quota, and its switches. */
export interface Project {
  readonly credentials: StandInCredentials
  readonly switches: Switches
  /** Counts the request against the quota. */
  admit(size: RequestSize): Admission
  /** A new insert id, for an event that came without one. */
  generateId(): string
}

/** One request to `/import`, with its body read. */
export interface ImportRequest {
  readonly presented: PresentedCredentials
  readonly body: ImportBody
  readonly strict: boolean
  readonly verbose: boolean
  /** Whether `ip=0` asks Mixpanel not to place its events by the address of the request. */
  readonly unplaced: boolean
  /** Epoch ms. */
  readonly receivedAt: number
}

/** The answer to a request, and the rows it leaves behind. */
export interface Judgement {
  readonly answer: Answer
  readonly rows: readonly Row[]
}

/** Makes a judgement that imports nothing of the request. */
export function refused(answer: Answer): Judgement {
  return { answer, rows: [] }
}
