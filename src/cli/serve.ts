import type { Logger } from 'pino'
import { variablesHelp } from '../config/help.ts'
import { inForce } from '../config/in-force.ts'
import {
  type Config,
  findMountedFolder,
  InvalidConfigurationError,
  loadConfig,
} from '../config/load-config.ts'
import { UnresponsiveFolderError } from '../dead-letter/probe-in-time.ts'
import { startMetricsServer } from '../http/metrics-server.ts'
import { namingVariable } from '../http/port-error.ts'
import { systemClock } from '../lib/clock.ts'
import { measureMemoryWithoutFile } from '../lib/memory-usage.ts'
import { maxOpenFiles } from '../lib/open-files.ts'
import { createService } from '../service/create-service.ts'
import { findTracing } from '../service/tracing/find-tracing.ts'
import { createStdoutSink } from '../telemetry/line-sinks.ts'
import { createLogDestination, type LogDestination } from '../telemetry/log-destination.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createProjectId } from '../telemetry/project-id.ts'
import { loadTransform, TransformNotLoadedError } from '../transform/load-transform.ts'
import { isInvalidMapping } from '../transform/mapping/invalid-mapping.ts'
import { VERSION } from '../version.ts'
import { closeOnSignals } from './close-on-signals.ts'
import { defineCommand } from './frame/command.ts'
import type { Io } from './frame/io.ts'
import { thisHost, waitForFolder } from './host.ts'
import { withoutMappingKeys } from './mapping-keys.ts'
import { createRejectionLog } from './unhandled-rejections.ts'

/** The time for a close, below Cloud Run's ten seconds between SIGTERM and SIGKILL. */
const CLOSE_WITHIN_MS = 8_000
/** The time that an exit waits for the reader of the log. */
const FLUSH_WITHIN_MS = 500

/** The service. It is configured by environment variables. */
export const serve = defineCommand({
  name: 'pubsub-mixpanel serve',
  about:
    'Takes the pushes of a Pub/Sub subscription and puts every event into Mixpanel, once each.',
  examples: [
    ['pubsub-mixpanel', 'serve with the variables of the environment'],
    ['PORT=9000 LOG_LEVEL=debug pubsub-mixpanel serve', 'set some of them'],
    ['docker run -p 8080:8080 --env-file .env IMAGE', 'read them from a file, in the image'],
  ],
  flags: {},
  more: variablesHelp(),
  run: async (_, { env }) => {
    await start(env)
    return untilClosed()
  },
})

async function start(env: Io['env']): Promise<void> {
  const config = await configOrExit(env)
  const destination = createLogDestination(createStdoutSink(), systemClock)
  const log = createLogger(config.server.logLevel, destination, config.cloud.serviceContext)
  // A standard error that cannot be written must not count as a bug.
  process.stderr.on('error', () => {})
  try {
    await run(config, env, { log, destination })
  } catch (error) {
    // The owner can correct a start that fails: our message says what to do.
    const text = error instanceof Error ? error.message : 'the service cannot start'
    log.fatal({ event: 'not_started', err: error }, text)
    // The log may not be writable.
    console.error(text)
    await destination.flush(FLUSH_WITHIN_MS)
    endHalfAService(error)
  }
}

/** Never resolves: `closeOnSignals` ends the process. */
function untilClosed(): Promise<never> {
  return new Promise(() => {})
}

/** Ends the process with all that has started, a port perhaps. */
function endHalfAService(error: unknown): never {
  // An exit would wait, perhaps for ever, for the thread that waits for the folder.
  if (error instanceof UnresponsiveFolderError) process.kill(process.pid, 'SIGKILL')
  // A configuration that does not load is wrong use.
  const isWrongUse =
    error instanceof InvalidConfigurationError ||
    error instanceof TransformNotLoadedError ||
    isInvalidMapping(error)
  process.exit(isWrongUse ? 2 : 1)
}

async function configOrExit(env: Io['env']): Promise<Config> {
  try {
    const folder = findMountedFolder(env)
    if (folder !== undefined) await waitForFolder(folder, { clock: systemClock })
    return loadConfig(await withoutMappingKeys(env), thisHost)
  } catch (error) {
    if (!isOwners(error)) throw error
    console.error(error.message)
    return endHalfAService(error)
  }
}

function isOwners(error: unknown): error is Error {
  return error instanceof InvalidConfigurationError || error instanceof UnresponsiveFolderError
}

async function run(
  config: Config,
  env: Io['env'],
  { log, destination }: { log: Logger; destination: LogDestination },
): Promise<void> {
  measureMemoryWithoutFile()
  const { host, port, metricsPort } = config.server
  for (const warning of config.warnings) log.warn({ event: 'configuration' }, warning)
  const projectId = createProjectId(
    { given: config.cloud.projectId, metadataHost: config.cloud.metadataHost },
    systemClock,
  )
  const transform = config.transformPath
    ? await loadTransform(config.transformPath, { env, keys: 'environment' })
    : undefined
  const { app, metrics, start, close } = createService(config, {
    clock: systemClock,
    log,
    random: Math.random,
    cpuMs,
    maxOpenFiles: maxOpenFiles(),
    logLinesDropped: destination.dropped,
    projectId: projectId.id,
    tracing: findTracing(),
    transform,
  })
  const onRejection = transform && createRejectionLog(log, systemClock)
  closeOnSignals({ withinMs: CLOSE_WITHIN_MS, onRejection }, log, async () => {
    await close()
    log.info({ event: 'stopped' }, 'closed')
    await destination.flush(FLUSH_WITHIN_MS)
  })
  // The service takes pushes meanwhile: a line before the answer has the trace without the project.
  void projectId.ask()
  await start()
  if (metricsPort > 0) {
    const listening = startMetricsServer(
      { host, port: metricsPort },
      { clock: systemClock, metrics },
    )
    await namingVariable(listening, { variable: 'METRICS_PORT', port: metricsPort, host })
  }
  const address = await namingVariable(app.listen({ host, port }), { variable: 'PORT', port, host })
  log.info(
    { event: 'started', version: VERSION, address, metricsPort, ...inForce(config) },
    'pubsub-mixpanel takes pushes',
  )
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
