import { REGION_URLS } from '../config/load-config.ts'
import { createGoogleCredentials } from '../dead-letter/google-credentials.ts'
import { diskUseOf } from './doctor/check-dead-letters.ts'
import { createChecks, type DoctorWorld } from './doctor/checks.ts'
import { CHECK_NAMES, type Check } from './doctor/finding.ts'
import { GOOGLE_HOSTS } from './doctor/google-api.ts'
import { chosenChecks, DOCTOR_FLAGS, optionsFrom } from './doctor/options.ts'
import { documentOf, linesFor, type NamedFinding, summary } from './doctor/report.ts'
import { runCheck } from './doctor/run-check.ts'
import { type Command, defineCommand } from './frame/command.ts'
import type { ExitCode, Io } from './frame/io.ts'
import { createPaint } from './frame/paint.ts'
import { thisHost } from './host.ts'

/** Makes the command for a world. The clock is the one of the command. */
export function createDoctor(worldOf: (io: Pick<Io, 'clock'>) => DoctorWorld): Command {
  return defineCommand({
    name: 'pubsub-mixpanel doctor',
    about: `Checks what the service depends on, and says how to mend what is not good. Each check has
five seconds. It changes nothing, and stores nothing in Mixpanel.`,
    examples: [
      ['pubsub-mixpanel doctor', 'check the configuration of this shell, Mixpanel, and the rest'],
      [
        'pubsub-mixpanel doctor --project p --subscription s --service n --region r',
        'check the pair of a subscription and a service on Cloud Run',
      ],
      ['pubsub-mixpanel doctor --offline', 'open no socket'],
    ],
    flags: DOCTOR_FLAGS,
    more: `Checks: ${CHECK_NAMES.join(', ')}.`,
    async run({ flags }, io) {
      const options = optionsFrom(flags, io.env)
      const only = chosenChecks(flags.only, options)
      const all = await createChecks(options, worldOf(io), io.env)
      const checks = all.filter(({ name }) => only.includes(name))
      return report(checks, { json: flags.json, quiet: flags.quiet }, io)
    },
  })
}

/** Checks the configuration and everything that the service depends on. */
export const doctor = createDoctor(({ clock }) => ({
  clock,
  machine: thisHost,
  hosts: GOOGLE_HOSTS,
  regionUrls: REGION_URLS,
  credentials: createGoogleCredentials('cloud-platform'),
  diskUse: diskUseOf,
}))

/** Runs all checks at once, and prints their findings in order, as soon as they are there. */
async function report(
  checks: readonly Check[],
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  { stdout, clock, env }: Io,
): Promise<ExitCode> {
  const paint = createPaint(stdout, { env })
  const running = checks.map((check) => runCheck(check, clock))
  const findings: NamedFinding[] = []
  for (const [at, { name }] of checks.entries()) {
    for (const finding of (await running[at]) ?? []) {
      const named = { check: name, ...finding }
      findings.push(named)
      const isShown = !quiet || finding.kind === 'warn' || finding.kind === 'fail'
      if (!json && isShown) stdout.print(linesFor(named, paint))
    }
  }
  if (json) stdout.print(documentOf(findings))
  else if (!quiet) stdout.print(summary(findings))
  return findings.some(({ kind }) => kind === 'fail') ? 1 : 0
}
