import { writeFile } from 'node:fs/promises'
import { type EventSettings, loadEventSettings } from '../config/settings.ts'
import type { LoadedMapping } from '../transform/mapping/load-mapping.ts'
import { defineCommand } from './frame/command.ts'
import { type ExitCode, UserMistake } from './frame/io.ts'
import { createPaint } from './frame/paint.ts'
import { visibleText } from './frame/visible-text.ts'
import { loadMappingFile } from './load-mapping-file.ts'
import { ruleText } from './step-text.ts'
import { junitText } from './test/junit.ts'
import { failuresIn, printJson, printText, type Report } from './test/report.ts'
import { createRunCase } from './test/run-case.ts'
import { judge, type Tested } from './test/tested.ts'

/** Runs the cases of a mapping file. */
export const test = defineCommand({
  name: 'pubsub-mixpanel test',
  operands: 'MAPPING',
  about:
    'Runs the cases of a mapping file through the code of the service, and sends nothing: each input\n' +
    'must become the events that its case expects.',
  examples: [
    ['pubsub-mixpanel test mapping.yaml', 'each case, and the first difference of one that fails'],
    ['pubsub-mixpanel test mapping.yaml --all-rules-reached', 'every rule needs a case, too'],
    ['pubsub-mixpanel test mapping.yaml --junit report.xml', 'a report for a build server'],
  ],
  flags: {
    'all-rules-reached': {
      type: 'boolean',
      default: false,
      meaning: 'end with 1 when no case reaches a rule',
    },
    junit: { type: 'string', value: 'FILE', meaning: 'write the report to FILE as JUnit XML, too' },
    json: { type: 'boolean', default: false, meaning: 'print one JSON object a line' },
  },
  run: async ({ flags, operands }, io) => {
    const path = onlyOne(operands)
    const settings = loadEventSettings(io.env)
    const loaded = await loadMappingFile(path, io)
    if (!loaded.file.cases?.length) io.stderr.print(`${visibleText(path)} has no cases`)
    const report = await runCases(path, loaded, settings)
    const needsAllRules = flags['all-rules-reached']
    if (flags.junit !== undefined) await writeFile(flags.junit, junitText(report, needsAllRules))
    if (flags.json) printJson(report, io.stdout)
    else printText(report, io.stdout, createPaint(io.stdout, io))
    return codeOf(report, needsAllRules)
  },
})

function onlyOne([path, ...others]: readonly string[]): string {
  if (path === undefined) throw new UserMistake('name a mapping file')
  if (others.length > 0) throw new UserMistake('name one mapping file, and no more')
  return path
}

async function runCases(
  path: string,
  { mapping, file, positionOf, privacy }: LoadedMapping,
  settings: EventSettings,
): Promise<Report> {
  const runCase = createRunCase(mapping, settings)
  const hashesOf = privacy?.hashesOf ?? (() => [])
  const cases: Tested[] = []
  for (const [index, one] of (file.cases ?? []).entries()) {
    const { line } = positionOf(['cases', index])
    cases.push(judge(one, await runCase(one), { line, file, hashesOf }))
  }
  return { file: path, cases, unreached: unreachedRules(mapping.rules, cases) }
}

function unreachedRules(names: readonly string[], cases: readonly Tested[]): string[] {
  const steps = cases.flatMap((one) => one.steps)
  const isReached = (index: number) =>
    steps.some((step) => step.index === index && step.kind !== 'not_matched')
  return names.flatMap((name, index) => (isReached(index) ? [] : [ruleText({ index, name })]))
}

function codeOf({ cases, unreached }: Report, needsAllRules: boolean): ExitCode {
  const isGood = cases.length > 0 && failuresIn(cases) === 0
  return isGood && !(needsAllRules && unreached.length > 0) ? 0 : 1
}
