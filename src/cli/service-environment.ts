import { VARIABLE_NAMES, type VariableName } from '../config/schema.ts'
import { LOCAL_CREDENTIALS } from '../local/mixpanel-stand-in.ts'
import { LOCAL_AUDIENCE, LOCAL_SERVICE_ACCOUNT } from '../local/token-issuer.ts'
import type { Ports } from './ports.ts'

type Variables = Readonly<Record<string, string>>

/** The servers that the service needs. */
export interface Neighbours {
  readonly mixpanel: { readonly url: string }
  readonly issuer: { readonly issuer: string; readonly jwksUrl: string }
}

/** The parts of a world that the service's variables name. */
export interface Surroundings extends Neighbours {
  readonly ports: Ports
  readonly pubsub: { readonly host: string }
}

/** The variables that tie the service to its world. Other values could send events elsewhere. */
export function surroundingVariables({ ports, pubsub, ...neighbours }: Surroundings): Variables {
  return {
    ...neighbourVariables(neighbours),
    PORT: String(ports.service),
    METRICS_PORT: String(ports.metrics),
    PUBSUB_EMULATOR_HOST: pubsub.host,
  }
}

/** The variables of a service on loopback with these servers, on any port, without metrics. */
export function neighbourVariables({ mixpanel, issuer }: Neighbours): Variables {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_PORT: '0',
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    PUSH_AUTH: 'oidc',
    PUSH_AUDIENCE: LOCAL_AUDIENCE,
    PUSH_SERVICE_ACCOUNT: LOCAL_SERVICE_ACCOUNT,
    PUSH_ISSUER: issuer.issuer,
    PUSH_JWKS_URL: issuer.jwksUrl,
  }
}

/** The variables that a person's environment does not set, for the same reason. */
const TIED: readonly VariableName[] = [
  'HOST',
  'PORT',
  'METRICS_PORT',
  'MIXPANEL_URL',
  'MIXPANEL_REGION',
  'MIXPANEL_PROJECT_TOKEN',
  'MIXPANEL_SERVICE_ACCOUNT_USERNAME',
  'MIXPANEL_SERVICE_ACCOUNT_SECRET',
  'MIXPANEL_PROJECT_ID',
  'PUSH_AUTH',
  'PUSH_AUDIENCE',
  'PUSH_SERVICE_ACCOUNT',
  'PUSH_SUBSCRIPTIONS',
  'PUSH_ISSUER',
  'PUSH_JWKS_URL',
  'PUBSUB_EMULATOR_HOST',
  'K_SERVICE',
]

/** The variables that a person gave for the service of a world. An empty one counts as unset. */
export function variablesGiven(env: Readonly<Record<string, string | undefined>>): Variables {
  const free = VARIABLE_NAMES.filter((name) => !TIED.includes(name))
  return Object.fromEntries(free.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}
