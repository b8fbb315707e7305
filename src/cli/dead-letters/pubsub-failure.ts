import type { PubsubAnswer } from '../../dead-letter/pubsub-client.ts'
import { isDisabled } from '../doctor/google-api.ts'
import { parseName } from '../doctor/resource-name.ts'
import { Failure, UserMistake } from '../frame/io.ts'

export interface FailureContext {
  /** The full name of the subscription. */
  readonly name: string
  readonly emulatorHost: string | undefined
  /** The permission that was needed. */
  readonly permission: string
}

/** Returns the error for an answer that is no success. Its text says what to do. */
export function pubsubFailure(answer: PubsubAnswer, context: FailureContext): Error {
  const { name, emulatorHost, permission } = context
  const { project } = parseName(name)
  const host = emulatorHost === undefined ? 'Pub/Sub' : `${emulatorHost} (PUBSUB_EMULATOR_HOST)`
  if (answer.kind === 'no_access') return noCredentials(answer.code)
  if (answer.kind === 'unanswered') return new Failure(`${host} does not answer: ${answer.code}`)
  switch (answer.status) {
    case 401:
      return noCredentials('STATUS_401')
    case 403:
      return isDisabled(answer.body)
        ? new UserMistake(
            `the Pub/Sub API is not enabled: gcloud services enable pubsub.googleapis.com --project ${project}`,
          )
        : new UserMistake(
            `no permission ${permission} on ${name}: its owner can give you roles/pubsub.viewer and roles/pubsub.subscriber on it`,
          )
    case 404:
      return new UserMistake(
        `there is no subscription ${name}: gcloud pubsub subscriptions list --project ${project} lists them`,
      )
    default:
      return new Failure(`${host} answers ${answer.status}: nothing more was read`)
  }
}

function noCredentials(code: string): UserMistake {
  return new UserMistake(
    `no Google credentials (${code}): run gcloud auth application-default login, or set PUBSUB_EMULATOR_HOST for an emulator`,
  )
}
