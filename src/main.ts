import closeWithGrace from 'close-with-grace'
import type { Logger } from 'pino'
import { helpText } from './cli/help.ts'
import { thisHost } from './cli/host.ts'
import { type Config, InvalidConfigurationError, loadConfig } from './config.ts'
import { inForce } from './config-in-force.ts'
import { UnresponsiveFolderError } from './dead-letter/probe-in-time.ts'
import { startMetricsServer } from './http/metrics-server.ts'
import { namingVariable } from './http/port-error.ts'
import { systemClock } from './lib/clock.ts'
import { measureMemoryWithoutFile } from './lib/memory-usage.ts'
import { maxOpenFiles } from './lib/open-files.ts'
import { createService } from './parts.ts'
import { createLogger } from './telemetry/logger.ts'
import { loadTransform } from './transform/load-transform.ts'
import { VERSION } from './version.ts'

/** Below Cloud Run's ten seconds between SIGTERM and SIGKILL. */
const CLOSE_WITHIN_MS = 8_000

await main()

async function main(): Promise<void> {
  const [argument] = process.argv.slice(2)
  if (argument === '--help' || argument === '-h') return console.log(helpText())
  if (argument !== undefined) return refuseArgument(argument)
  const config = configOrExit()
  const log = createLogger(config.server.logLevel)
  try {
    await run(config, log)
  } catch (error) {
    // A start that fails is the owner's to mend: the message says what to do, and is ours.
    log.fatal({ err: error }, error instanceof Error ? error.message : 'the service cannot start')
    endHalfAService(error)
  }
}

/** Whatever did start, a port perhaps, must not live on. */
function endHalfAService(error: unknown): void {
  // An exit would wait, perhaps for ever, for the thread that waits for the folder.
  if (error instanceof UnresponsiveFolderError) process.kill(process.pid, 'SIGKILL')
  process.exit(1)
}

function refuseArgument(argument: string): void {
  console.error(`no such argument: ${argument}. It is configured by environment variables: --help`)
  process.exitCode = 2
}

function configOrExit(): Config {
  try {
    return loadConfig(process.env, thisHost)
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

async function run(config: Config, log: Logger): Promise<void> {
  measureMemoryWithoutFile()
  const { host, port, metricsPort } = config.server
  for (const warning of config.warnings) log.warn(warning)
  const transform = config.transformPath ? await loadTransform(config.transformPath) : undefined
  const { app, metrics, start, close } = createService(config, {
    clock: systemClock,
    log,
    random: Math.random,
    cpuMs,
    maxOpenFiles: maxOpenFiles(),
    transform,
  })
  closeWithGrace({ delay: CLOSE_WITHIN_MS, logger: log }, async ({ err }) => {
    if (err) log.error({ err }, 'closing after a bug')
    await close()
    log.info('closed')
  })
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
