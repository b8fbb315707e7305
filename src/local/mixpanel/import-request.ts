import type { Answer } from '../answer.ts'
import type { PresentedCredentials, StandInCredentials } from './credentials.ts'
import type { ImportBody } from './import-body.ts'
import type { Admission, RequestSize } from './quota.ts'
import type { Row } from './row-store.ts'
import type { Switches } from './switches.ts'

/** Whom a project lets in, how much it takes, and how it behaves. */
export interface Project {
  readonly credentials: StandInCredentials
  readonly switches: Switches
  /** Counts the request against the quota. */
  admit(size: RequestSize): Admission
  /** A new insert id, for an event that came without one. */
  generateId(): string
}

/** One request to `/import`, its body read. */
export interface ImportRequest {
  readonly presented: PresentedCredentials
  readonly body: ImportBody
  readonly strict: boolean
  readonly verbose: boolean
  /** Whether `ip=0` asks not to place its events where it comes from. */
  readonly unplaced: boolean
  /** Epoch ms. */
  readonly receivedAt: number
}

/** What a request is answered, and the rows it leaves behind. */
export interface Judgement {
  readonly answer: Answer
  readonly rows: readonly Row[]
}

/** Nothing of the request is imported. */
export function refused(answer: Answer): Judgement {
  return { answer, rows: [] }
}
