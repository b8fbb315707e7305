import { LOCAL_TOPIC } from '../local/push-request.ts'
import { PORT_BASE, portsFrom } from './ports.ts'

/** The addresses of the parts of a world. */
export interface Addresses {
  readonly service: { readonly url: string; readonly pid: number }
  readonly pubsub: { readonly url: string }
  readonly mixpanel: { readonly url: string }
  readonly issuer: { readonly url: string }
  readonly deadLetterFolder: string | undefined
  readonly logFile: string
  /** The address of the page; absent when there is none. */
  readonly page?: string
  /** The words that call `publish`. */
  readonly publishCommand: string
}

const GOOD_EVENT = '{"event":"hello","properties":{"distinct_id":"me"}}'
const BAD_EVENT = '{"event":"hello","properties":{"distinct_id":"me","time":"yesterday"}}'
/** The name of an event that, once a switch is set, makes Mixpanel refuse its whole batch. */
const POISON = 'poison'
const POISONED = `${GOOD_EVENT}\n${GOOD_EVENT.replace('hello', POISON)}`

/** Describes the whole world: the addresses of its parts, and lines to paste into a shell. */
export function suggestedCommands(world: Addresses, portBase: number): string {
  const { service, pubsub, mixpanel, issuer, deadLetterFolder, logFile, page } = world
  const metrics = `http://127.0.0.1:${portsFrom(portBase).metrics}/metrics`
  const publish = (data: string): string => publishLine(pubsub.url, data)
  return [
    ...section('A whole world on your machine, until Ctrl-C', [
      ...(page === undefined ? [] : [`page          ${page}`]),
      `Pub/Sub       ${pubsub.url}  ${LOCAL_TOPIC}`,
      `service       ${service.url}  process ${service.pid}`,
      `Mixpanel      ${mixpanel.url}`,
      `tokens        ${issuer.url}`,
      `metrics       ${metrics}`,
      `dead letters  ${deadLetterFolder ?? 'not in files; DEAD_LETTER says where'}`,
      `service log   ${logFile}`,
    ]),
    ...section(
      'Publish a good event, a bad one, a good and a poison one in one message, or a file',
      [
        publish(GOOD_EVENT),
        publish(BAD_EVENT),
        publish(POISONED),
        publishFileLine(world.publishCommand, portBase),
      ],
    ),
    ...section('Make Mixpanel fail; each fault replaces the one before it', [
      ...FAULTS.map((fault) => change('PUT', `${mixpanel.url}/control/faults`, fault)),
      change('PUT', `${mixpanel.url}/control/quota`, { events: 5, windowMs: 10_000 }),
      change('PATCH', `${mixpanel.url}/control/switches`, { poison: POISON }),
    ]),
    ...section('End the fault, the quota and the poison; then list all settings', [
      ...['faults', 'quota', 'switches'].map((name) =>
        change('DELETE', `${mixpanel.url}/control/${name}`),
      ),
      `curl -s ${mixpanel.url}/control`,
    ]),
    ...section('Look at events, requests to Mixpanel, dead letters, the subscription, metrics', [
      `curl -s '${mixpanel.url}/events?last=3'`,
      `curl -s ${mixpanel.url}/traffic`,
      ...(deadLetterFolder === undefined ? [] : [`tail -n 3 ${quoted(deadLetterFolder)}/*.ndjson`]),
      `curl -s ${pubsub.url}/local/subscriptions`,
      `curl -s ${metrics} | grep events_settled`,
      `curl -s -w '\\n' ${service.url}/health/ready`,
    ]),
  ].join('\n')
}

const FAULTS: readonly object[] = [
  { kind: 'status', status: 503 },
  { kind: 'throttle', retryInMs: 2_000 },
  { kind: 'hang' },
  { kind: 'shortfall', imported: 1 },
  { kind: 'reset_after_import', times: 3 },
]

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`${title}:`, ...lines.map((line) => `   ${line}`), '']
}

function publishLine(url: string, data: string): string {
  const messages = [{ data: Buffer.from(data).toString('base64') }]
  const body = JSON.stringify({ messages })
  return `curl -s -w '\\n' ${url}/v1/${LOCAL_TOPIC}:publish -d '${body}'`
}

function publishFileLine(command: string, portBase: number): string {
  const option = String(portBase) === PORT_BASE.default ? '' : `--port-base ${portBase} `
  return `${command} ${option}FILE`
}

function change(method: string, url: string, body?: object): string {
  const data = body === undefined ? '' : ` -d '${JSON.stringify(body)}'`
  return `curl -s -o /dev/null -X ${method} ${url}${data}`
}

/** Quotes a text as one word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
