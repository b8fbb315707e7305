import { parse } from 'yaml'
import { type Deployment, secondsOf } from './deployment.ts'
import { at, entriesAt, listAt } from './tree.ts'

const KNOWN: readonly string[] = [
  'autoscaling.knative.dev/maxScale',
  'run.googleapis.com/cpu-throttling',
  'run.googleapis.com/execution-environment',
  'serviceAccountName',
  'containerConcurrency',
  'timeoutSeconds',
  'containers',
  'image',
  'ports',
  'resources',
  'startupProbe',
  'livenessProbe',
  'env',
]

/** The deployment that a Knative file declares: a service without its subscription. */
export function deploymentOfKnative(text: string): Deployment {
  const template = at(parse(text), 'spec', 'template')
  const annotation = (name: string) => String(at(template, 'metadata', 'annotations', name))
  const spec = at(template, 'spec')
  const container = at(spec, 'containers')
  const variables = listAt(container, 'env').map((variable) => ({
    name: String(at(variable, 'name')),
    value: String(at(variable, 'value')),
    secret: at(variable, 'valueFrom', 'secretKeyRef'),
  }))
  const plain = variables.filter(({ secret }) => secret === undefined)
  const secret = variables.filter((variable) => variable.secret !== undefined)
  return {
    service: {
      name: String(at(parse(text), 'metadata', 'name')),
      image: String(at(container, 'image')),
      account: String(at(spec, 'serviceAccountName')),
      generation: annotation('run.googleapis.com/execution-environment'),
      cpu: String(at(container, 'resources', 'limits', 'cpu')),
      memory: String(at(container, 'resources', 'limits', 'memory')),
      cpuIdle: annotation('run.googleapis.com/cpu-throttling') === 'true',
      concurrency: Number(at(spec, 'containerConcurrency')),
      timeoutSeconds: secondsOf(at(spec, 'timeoutSeconds')),
      maxInstances: Number(annotation('autoscaling.knative.dev/maxScale')),
      http2: at(container, 'ports', 'name') === 'h2c',
      startupPath: String(at(container, 'startupProbe', 'httpGet', 'path')),
      livenessPath: String(at(container, 'livenessProbe', 'httpGet', 'path')),
      environment: Object.fromEntries(plain.map(({ name, value }) => [name, value])),
      secrets: Object.fromEntries(
        secret.map((one) => [one.name, `${at(one.secret, 'name')}:${at(one.secret, 'key')}`]),
      ),
      volumes: {},
      collector: undefined,
      others: [
        ...Object.keys(Object.fromEntries(entriesAt(template, 'metadata', 'annotations'))),
        ...Object.keys(Object.fromEntries(entriesAt(spec))),
        ...Object.keys(Object.fromEntries(entriesAt(container))),
      ].filter((name) => !KNOWN.includes(name)),
    },
  }
}
