import type { AxiosRequestConfig } from 'axios'
import type { Config } from '../../config/load-config.ts'
import { CREDENTIALS } from '../../config/schema.ts'
import { basicAuthFor, paramsFor } from '../../deliver/mixpanel-client.ts'
import type { MixpanelCredentials } from '../../model/credentials.ts'
import type { Ask } from './ask.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import { type Reading, readingOf } from './mixpanel-reading.ts'
import { withoutSecrets } from './secrets.ts'
import type { SettingsReader } from './settings.ts'
import { withSettings } from './with-settings.ts'

export interface MixpanelDeps {
  readonly settings: SettingsReader
  readonly ask: Ask
  /** Whether other regions may be asked when this one refuses the credentials. */
  readonly otherRegions: boolean
  /** The base URLs of Mixpanel by region. */
  readonly regionUrls: Readonly<Record<string, string>>
  /** Returns the command line that sets a variable of the service; absent off Cloud Run. */
  readonly setVariable?: ((name: string, value: string) => string) | undefined
}

/**
 * The event. Mixpanel refuses it for its time, 2100-01-01, once it has accepted the credentials. If
 * some server took it, `$ignore` and the empty distinct id would keep it out of every report.
 */
const EVENT = {
  event: 'pubsub-mixpanel doctor',
  properties: {
    time: Date.UTC(2100, 0, 1),
    distinct_id: '',
    $insert_id: 'pubsub-mixpanel-doctor',
    $ignore: true,
  },
}

/** Checks credentials, project and region with one event that Mixpanel cannot store. */
export function checkMixpanel(
  deps: MixpanelDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return withSettings(deps.settings, 'mixpanel', async ({ mixpanel }, origin) => {
    const hidden = CREDENTIALS.filter((name) => origin.hidden.includes(name))
    if (hidden.length > 0) {
      return [
        skip(`not read, because a secret holds it: set ${hidden.join(', ')} here, too, to try it`),
      ]
    }
    return [await findingOn(mixpanel, { ...deps, signal })]
  })
}

type Mixpanel = Config['mixpanel']
type Surroundings = MixpanelDeps & { readonly signal: AbortSignal }

async function findingOn(mixpanel: Mixpanel, around: Surroundings): Promise<Finding> {
  const { credentials, region } = mixpanel
  const baseUrl = baseUrlOf(mixpanel, around.regionUrls)
  const { host } = new URL(baseUrl)
  const what = credentials.kind === 'project_token' ? 'token' : 'service account'
  const { reading, tookMs } = await probe(baseUrl, credentials, around)
  switch (reading.kind) {
    case 'taken':
      return ok(`${host} takes this ${what} (${Math.round(tookMs)} ms); nothing was stored`)
    case 'refused':
      return refused(`${host} refuses this ${what}: ${reading.text}`, mixpanel, around)
    case 'imported': {
      const text = `${host} answers 200 to an event that Mixpanel refuses: it is a proxy or a stand-in`
      return region === undefined ? warn(text) : fail(text)
    }
    case 'throttled':
      return warn(`${host} answers 429: the project is above its rate limit. Try again in a minute`)
    case 'unknown':
      return fail(`${host} gives an answer that proves nothing: ${reading.text}`)
    case 'unanswered':
      return fail(`${host} cannot be reached: ${reading.code}`)
  }
}

/** Sends the event. The texts of the reading hold none of the credentials. */
async function probe(
  baseUrl: string,
  credentials: MixpanelCredentials,
  { ask, signal }: Pick<Surroundings, 'ask' | 'signal'>,
): Promise<{ reading: Reading; tookMs: number }> {
  const asked = await ask(probeRequest(baseUrl, credentials), signal)
  const reading = readingOf(asked)
  const tookMs = asked.kind === 'answered' ? asked.tookMs : 0
  if (!('text' in reading)) return { reading, tookMs }
  return { reading: { ...reading, text: withoutSecrets(reading.text, credentials) }, tookMs }
}

/** Returns the request that sends the event. */
export function probeRequest(
  baseUrl: string,
  credentials: MixpanelCredentials,
): AxiosRequestConfig & { readonly url: string } {
  return {
    method: 'POST',
    url: `${baseUrl}/import`,
    params: paramsFor(credentials),
    auth: basicAuthFor(credentials),
    headers: { 'content-type': 'application/json' },
    data: JSON.stringify([EVENT]),
  }
}

/** Returns the finding on refused credentials. They travel to other regions only when told to. */
async function refused(text: string, mixpanel: Mixpanel, around: Surroundings): Promise<Finding> {
  const { credentials } = mixpanel
  const baseUrl = baseUrlOf(mixpanel, around.regionUrls)
  if (!around.otherRegions) {
    return fail(`${text} (--other-regions asks whether the project lies in another region)`)
  }
  const others = Object.entries(around.regionUrls).filter(([, url]) => url !== baseUrl)
  const readings = await Promise.all(others.map(([, url]) => probe(url, credentials, around)))
  const found = others.find((_, at) => readings[at]?.reading.kind === 'taken')
  if (found === undefined) return fail(`${text}; no other region takes it`)
  const [region, url] = found
  const hint = `but ${new URL(url).host} takes it: set MIXPANEL_REGION=${region}`
  return fail(`${text}; ${hint}`, around.setVariable?.('MIXPANEL_REGION', region))
}

function baseUrlOf({ region, baseUrl }: Mixpanel, regionUrls: MixpanelDeps['regionUrls']): string {
  return (region === undefined ? undefined : regionUrls[region]) ?? baseUrl
}
