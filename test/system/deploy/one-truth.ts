import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { VARIABLE_NAMES } from '../../../src/config/schema.ts'
import { blocksIn, sectionOf } from '../../docs/markdown.ts'
import type { Deployment } from './deployment.ts'
import { differences, faultsOf, type Truth } from './faults.ts'
import { deploymentOfCommands } from './from-commands.ts'
import { deploymentOfKnative } from './from-knative.ts'
import { deploymentOfModule } from './from-terraform.ts'
import { argumentsOf, faultsOfModule, variablesOf } from './module-files.ts'
import { commandsOf } from './shell-commands.ts'
import { at, entriesAt } from './tree.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const MODULE_FILES = ['main', 'variables', 'outputs', 'versions'].map(
  (name) => `deploy/terraform/${name}.tf`,
)
const EXAMPLES = ['private', 'public', 'letters-in-bucket', 'tenants']

/** The files that describe the deployment, and what they must agree with. */
export const FILES: readonly string[] = [
  'README.md',
  'docs/deploy-cloud-run.md',
  'deploy/gcloud.sh',
  'deploy/cloud-run/service.yaml',
  'openapi.yaml',
  'package.json',
  ...MODULE_FILES,
  ...EXAMPLES.map(exampleFile),
]

/** The variable that the examples of a mapping name for their key. */
const KEY = 'PRIVACY_KEY'

const A_SECRET = { secret: 'privacy-key', version: 'latest' }

/** The texts of the files by path. */
export type Texts = Readonly<Record<string, string>>

/** Each fault in each description of the deployment, and each difference between two of them. */
export async function allFaults(texts: Texts): Promise<readonly string[]> {
  const truth = truthOf(texts)
  const files = moduleFiles(texts)
  const variants = await variantsOf(texts)
  const private_ = variants.find(({ name }) => name === 'README.md')
  return [
    ...variants.flatMap(({ name, deployment, isReadme, isHttp2 }) => [
      ...faultsOf(deployment, truth).map((fault) => `${name}: ${fault}`),
      ...(private_ && (isReadme || isHttp2)
        ? differences(deployment, withHttp2(private_.deployment, isHttp2)).map(
            (one) => `${name}: ${one}`,
          )
        : []),
    ]),
    ...(await faultsOfModule(files)),
    ...(await faultsOfExamples(texts, truth)),
    ...overwritable(texts, variants),
  ]
}

function withHttp2({ service, ...others }: Deployment, http2 = false): Deployment {
  return { ...others, service: { ...service, http2: service.http2 || http2 } }
}

interface Variant {
  readonly name: string
  readonly deployment: Deployment
  /** Whether it is the very deployment of README.md. */
  readonly isReadme?: boolean
  /** Whether it differs from README.md by HTTP/2 alone. */
  readonly isHttp2?: boolean
}

async function variantsOf(texts: Texts): Promise<readonly Variant[]> {
  const files = moduleFiles(texts)
  const values = await argumentsOf(texts[exampleFile('private')] ?? '')
  const module = (changes: object) =>
    deploymentOfModule({ files, values: { ...values, ...changes } })
  const mapping = 'version: 1'
  return [
    { name: 'README.md', deployment: deploymentOfCommands(commandsOf(readmeScript(texts))) },
    {
      name: 'gcloud.sh',
      deployment: deploymentOfCommands(commandsOf(dryRun(texts))),
      isReadme: true,
    },
    {
      name: 'gcloud.sh --http2',
      deployment: deploymentOfCommands(commandsOf(dryRun(texts, { options: '--http2' }))),
      isHttp2: true,
    },
    {
      name: 'service.yaml',
      deployment: deploymentOfKnative(texts['deploy/cloud-run/service.yaml'] ?? ''),
      isReadme: true,
    },
    { name: 'terraform', deployment: await module({}), isReadme: true },
    { name: 'terraform, HTTP/2', deployment: await module({ http2: true }), isHttp2: true },
    { name: 'terraform, public', deployment: await module({ auth: 'oidc', mapping }) },
    {
      name: 'terraform, keys',
      deployment: await module({
        mapping,
        // Two variables may name one secret.
        secret_env: { [KEY]: A_SECRET, GOOGLE_CLOUD_PROJECT: A_SECRET },
      }),
    },
    {
      name: 'terraform, bucket',
      deployment: await module({ dead_letter: { kind: 'bucket' }, mapping }),
    },
    {
      name: 'terraform, policy',
      deployment: await module({ dead_letter: { kind: 'subscription' } }),
    },
    {
      name: 'terraform, collector',
      deployment: await module({ prometheus_sidecar: true, mapping }),
    },
    ...pageVariants(texts['docs/deploy-cloud-run.md'] ?? ''),
  ]
}

/** The page offers four places for dead letters, two ways to authenticate, and a mapping with its key. */
function pageVariants(page: string): readonly Variant[] {
  const section = (heading: string) => blocksIn(sectionOf(page, heading), 'sh')
  const [names = '', , token = '', ...mapping] = section('## 1. Names, APIs, image')
  const letters = section('## 2. Choose where dead letters go')
  const [env = '', withMapping = '', withKey = '', settings = '', iam = '', oidc = ''] =
    section('## 3. The service')
  const [subscription = ''] = section('## 4. The subscription')
  const [policy = ''] = section('## 5. A dead-letter policy: only with `DEAD_LETTER=subscription`')
  return letters.flatMap((place, at) =>
    [iam, oidc].map((service, way) => {
      const blocks = [
        ...[names, 'MIXPANEL_PROJECT_TOKEN=the-token', token, ...(way === 0 ? [] : mapping)],
        ...[
          place,
          env,
          ...(way === 0 ? [] : [withMapping, withKey]),
          settings,
          service,
          subscription,
        ],
        ...(place.includes('DEAD_LETTER=subscription') ? [policy] : []),
      ]
      return {
        name: `page, letters ${at + 1}, ${way === 0 ? 'private' : 'public'}`,
        deployment: deploymentOfCommands(commandsOf(blocks.join('\n'))),
        isReadme: at === 0 && way === 0,
      }
    }),
  )
}

async function faultsOfExamples(texts: Texts, truth: Truth): Promise<readonly string[]> {
  const files = moduleFiles(texts)
  const { all, required } = await variablesOf(files)
  const faults = EXAMPLES.map(async (name) => {
    const values = await argumentsOf(ofTenant(texts[exampleFile(name)] ?? ''))
    const given = Object.keys(values)
    const unknown = given.filter((one) => !all.includes(one))
    const absent = required.filter((one) => !given.includes(one))
    const deployment = await deploymentOfModule({ files, values })
    return [
      ...[...unknown, ...absent].map((one) => `${one} is unknown, or missing`),
      ...faultsOf(deployment, truth),
    ].map((fault) => `example ${name}: ${fault}`)
  })
  return (await Promise.all(faults)).flat()
}

/** The example of many tenants, with the values of one. */
function ofTenant(example: string): string {
  return example
    .replaceAll(`\${each.key}`, 'acme')
    .replaceAll('each.value.region', '"eu"')
    .replaceAll('each.value.token_secret', '"mixpanel-token-acme"')
}

/** The variables that the module sets, and that its argument `env` could set, too. */
function overwritable(texts: Texts, variants: readonly Variant[]): readonly string[] {
  const all = variants
    .filter(({ name }) => name.startsWith('terraform') && !name.endsWith('keys'))
    .flatMap(({ deployment: { service } }) =>
      Object.keys({ ...service.environment, ...service.secrets }),
    )
  const own = new Set(all.filter((name) => !name.startsWith('/')))
  const variables = texts['deploy/terraform/variables.tf'] ?? ''
  return [...own]
    .filter((name) => !variables.includes(`"${name}"`))
    .map((name) => `env may overwrite ${name}`)
}

/** The four blocks of README.md as one script. */
export function readmeScript(texts: Texts): string {
  return blocksIn(sectionOf(texts['README.md'] ?? '', '## Deploy'), 'sh').join('\n')
}

/**
 * The commands that `gcloud.sh --dry-run` prints, as a script to run with the token set. The names are
 * assignments of bash, and take the place of the usual ones.
 */
export function dryRun(texts: Texts, { names = '', options = '' } = {}): string {
  const script = resolve(ROOT, 'deploy/gcloud.sh')
  const text = quoted(texts['deploy/gcloud.sh'] ?? '')
  const run = `${names} bash -c ${text} ${quoted(script)} --dry-run ${options}`
  return `MIXPANEL_PROJECT_TOKEN=the-token\nprinted=$(${run}) || exit\n. <(printf '%s\\n' "$printed")`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function truthOf(texts: Texts): Truth {
  const routes = entriesAt(parse(texts['openapi.yaml'] ?? ''), 'paths').flatMap(([path, methods]) =>
    entriesAt(methods).map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  const version = String(at(JSON.parse(texts['package.json'] ?? '{}'), 'version'))
  return { routes, variables: VARIABLE_NAMES, keys: [KEY], version }
}

function moduleFiles(texts: Texts): Readonly<Record<string, string>> {
  return Object.fromEntries(MODULE_FILES.map((path) => [path, texts[path] ?? '']))
}

function exampleFile(name: string): string {
  return `deploy/terraform/examples/${name}/main.tf`
}
