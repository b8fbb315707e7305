import { USER_AGENT } from '../version.ts'
import {
  createGoogleCredentials,
  type GoogleCredentials,
  NO_CREDENTIALS,
} from './google-credentials.ts'

/** The place and the credentials of Pub/Sub's REST API. */
export interface PubsubAccess {
  /** The base URL, without a slash at its end. */
  readonly baseUrl: string
  readonly userAgent: string
  readonly credentials: GoogleCredentials
}

/** Returns the access to an emulator at this host and port, or without one to Google. */
export function accessToPubsub(emulatorHost: string | undefined): PubsubAccess {
  if (emulatorHost !== undefined) {
    return { baseUrl: `http://${emulatorHost}`, userAgent: USER_AGENT, credentials: NO_CREDENTIALS }
  }
  const credentials = createGoogleCredentials()
  return { baseUrl: 'https://pubsub.googleapis.com', userAgent: USER_AGENT, credentials }
}
