import { PUSH_URLS } from '../../http/push-urls.ts'
import { type Finding, fail, warn } from './finding.ts'
import { gcloud } from './gcloud.ts'
import { textAt, valueAt } from './json-at.ts'
import { parseName } from './resource-name.ts'
import { shownUrl } from './shown-url.ts'
import { type Examined, update } from './subscription-rules.ts'

/** The settings of a push, as they are or as they should be. */
interface Push {
  readonly endpoint: string
  readonly account: string | undefined
  readonly audience: string | undefined
}

/** Returns the faults in the push settings of a subscription. */
export function pushFaults(examined: Examined): readonly Finding[] {
  const { name, subscription } = examined
  const push: Push = {
    endpoint: textAt(subscription, 'pushConfig', 'pushEndpoint') ?? '',
    account: textAt(subscription, 'pushConfig', 'oidcToken', 'serviceAccountEmail'),
    audience: textAt(subscription, 'pushConfig', 'oidcToken', 'audience'),
  }
  if (push.endpoint === '')
    return [fail('it has no push endpoint: it is a pull or an export subscription, or paused')]
  const url = URL.parse(push.endpoint)
  if (url === null) return [fail('its push endpoint is no URL')]
  const wanted = wantedPush(push, url, examined)
  const texts = [...endpointTexts(url, examined), ...tokenTexts(push, examined)]
  const mend = wanted && texts.length > 0 ? modify(name, wanted) : undefined
  return [
    ...unwrapped(examined),
    ...texts.map((text) => fail(text, mend)),
    ...(texts.length > 0 ? [] : cloudRunAudience(push, examined)),
  ]
}

function unwrapped({ name, subscription }: Examined): readonly Finding[] {
  if (valueAt(subscription, 'pushConfig', 'noWrapper') === undefined) return []
  const mend = update(name, { 'clear-push-no-wrapper-config': true })
  return [fail('payload unwrapping is on: the service answers its pushes 400', mend)]
}

function endpointTexts(url: URL, { service }: Examined): readonly string[] {
  const texts = PUSH_URLS.includes(url.pathname)
    ? []
    : [`its push endpoint ends in ${url.pathname}: the service takes pushes at /push`]
  const hosts = service?.urls.map((one) => new URL(one).host)
  if (hosts === undefined || hosts.includes(url.host)) return texts
  // A custom domain may lead to the service, which Cloud Run does not tell.
  if (!url.host.endsWith('.run.app')) return texts
  return [...texts, `it pushes to ${url.host}, which is another service`]
}

function tokenTexts(push: Push, { config }: Examined): readonly string[] {
  const { auth } = config.push
  if (auth.kind === 'none') return []
  const { account } = push
  if (account === undefined) {
    return ['it has no push service account: its pushes carry no token, and the answer is 401']
  }
  const isKnown = auth.serviceAccounts.some((one) => one.toLowerCase() === account.toLowerCase())
  const audience = push.audience ?? push.endpoint
  return [
    ...(isKnown ? [] : [`it pushes as ${account}, which PUSH_SERVICE_ACCOUNT does not name`]),
    ...(auth.audiences.length === 0 || auth.audiences.includes(audience)
      ? []
      : [`the audience of its tokens is ${shownUrl(audience)}, which PUSH_AUDIENCE does not name`]),
  ]
}

/** Behind Cloud Run's IAM, an audience must be a URL of the service or a custom audience. */
function cloudRunAudience(push: Push, { config, service }: Examined): readonly Finding[] {
  if (config.push.auth.kind !== 'cloud_run_iam' || service === undefined) return []
  const audience = push.audience ?? push.endpoint
  const accepted = [...service.urls, ...service.audiences]
  if (accepted.includes(audience)) return []
  const text = `the audience of its tokens is ${shownUrl(audience)}`
  if (accepted.some((one) => audience.startsWith(`${one}/`))) {
    return [warn(`${text}; the URL of the service without a path is safer`)]
  }
  return [fail(`${text}: Cloud Run accepts ${accepted.join(' or ')}, and answers 401 to others`)]
}

/** Returns the settings that the service accepts; `undefined` when they do not follow from it. */
function wantedPush(push: Push, url: URL, { config, service }: Examined): Push | undefined {
  const { auth } = config.push
  const isElsewhere = url.host.endsWith('.run.app') && service !== undefined
  const origin = (isElsewhere ? service.urls[0] : undefined) ?? url.origin
  const pathname = PUSH_URLS.includes(url.pathname) ? url.pathname : '/push'
  const endpoint = `${origin}${pathname}`
  if (auth.kind === 'none') return { ...push, endpoint }
  const { audiences, serviceAccounts } = auth
  const account = kept(push.account, serviceAccounts)
  if (account === undefined) return undefined
  if (auth.kind === 'cloud_run_iam' && audiences.length === 0) {
    return { endpoint, account, audience: push.audience ?? service?.urls[0] ?? origin }
  }
  const audience = kept(push.audience, audiences)
  return audience === undefined ? undefined : { endpoint, account, audience }
}

/** Returns the present value when it is allowed, else the only one that is. */
function kept(value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value !== undefined && allowed.includes(value)) return value
  return allowed.length === 1 ? allowed[0] : undefined
}

/** Pub/Sub resets a push setting that is left out, so the command line has all of them. */
function modify(name: string, { endpoint, account, audience }: Push): string {
  const { project, id } = parseName(name)
  return gcloud(['pubsub', 'subscriptions', 'modify-push-config', id], {
    project,
    'push-endpoint': endpoint,
    ...(account !== undefined && { 'push-auth-service-account': account }),
    ...(audience !== undefined && { 'push-auth-token-audience': audience }),
  })
}
