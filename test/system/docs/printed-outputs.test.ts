import assert from 'node:assert/strict'
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  spawn,
  spawnSync,
} from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sectionOf, textOf } from '../../docs/markdown.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { settled, until } from '../../helpers/until.ts'
import { aFolder } from '../../helpers/world.ts'
import { startLocal } from '../cli/local-scene.ts'
import { begin } from '../cli/run.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const LOCAL_WORLD = textOf('docs/local-world.md')
const TOOLS = ['bash', 'curl', 'jq']
const missing = TOOLS.filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const skip = missing.length > 0 && `there is no ${missing.join(', no ')} here`

/** The ports that the pages name; those of a test follow in the same order. */
const PORTS = [8080, 8081, 8082, 8083, 8084, 8085, 8090]

/** A block of commands, with the block of output that is printed below it. */
interface Step {
  readonly commands: string
  readonly printed: string | undefined
}

/** Where commands run. */
interface Place {
  /** The port that takes the place of the first of `PORTS`. */
  readonly base: number
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

it('the pages print what their commands print, beside the demo', { skip }, async (t) => {
  const folder = await aFolder(t)
  const base = await freePorts(PORTS.length)
  const place = { base, cwd: ROOT, env: { TMPDIR: folder } }
  const [start, ...quickStart] = stepsIn(
    LOCAL_WORLD.split('## A whole world on your machine')[0] ?? '',
  )
  const [startService, tryService] = stepsIn(textOf('docs/transforms.md'))
  assert.ok(start && startService && tryService)

  assertPrinted(start, await startDemo(t, place))
  await assertPrints(quickStart, place)
  await startSecondService(t, startService, place)
  await assertPrints([tryService], place)
})

it('the page of the local world prints the events that its lines make', { skip }, async (t) => {
  const local = await startLocal(t)
  const [step] = stepsIn(partOf(LOCAL_WORLD, '## A whole world on your machine'))
  const lines = step?.commands.trim().split('\n') ?? []
  const end = lines.pop() ?? ''
  const file = join(local.folder, 'events')
  await writeFile(file, '{"event":"hello","properties":{"distinct_id":"me"}}\n'.repeat(2))
  const place = { base: local.base, cwd: ROOT, env: { FILE: file } }

  for (const line of lines) await runBash(line, place)
  await local.says(/delivered .* 503 nack/)
  await runBash(end, place)
  await local.says(/delivered .* redelivery/)

  for (const line of step?.printed?.trim().split('\n') ?? []) {
    assert.match(local.said(), new RegExp(`^${shapeOf(line)}$`, 'm'))
  }
})

/** The text below a heading, without that of the headings in it. */
function partOf(page: string, heading: string): string {
  return sectionOf(page, heading).split(/^#/m)[0] ?? ''
}

function stepsIn(markdown: string): readonly Step[] {
  const blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
  return blocks.flatMap(([, language, commands = ''], at) => {
    if (language !== 'sh') return []
    const [, nextLanguage, next] = blocks[at + 1] ?? []
    return [{ commands, printed: nextLanguage === '' ? next : undefined }]
  })
}

/** Runs the steps in one shell, because later ones use the variables of earlier ones. */
async function assertPrints(steps: readonly Step[], place: Place): Promise<void> {
  const mark = '==== next step ===='
  const script = steps.map(({ commands }) => `${commands}\necho '${mark}'\n`).join('')
  const outputs = (await runBash(script, place)).split(`${mark}\n`)
  for (const [at, step] of steps.entries()) assertPrinted(step, outputs[at] ?? '')
}

function assertPrinted({ commands, printed }: Step, output: string): void {
  if (printed === undefined) return
  assert.match(
    output.replaceAll('\r', '').trimEnd(),
    new RegExp(`^${shapeOf(printed.trimEnd())}$`),
    commands,
  )
}

/** Matches a text with other times, ids and durations; `…` stands for what a page leaves out. */
function shapeOf(printed: string): string {
  return printed
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+\\\.\d{3}Z/g, '[-\\d]{10}T[:.\\d]{12}Z')
    .replaceAll(/\d\d:\d\d:\d\d\\\.\d{3}/g, '[:.\\d]{12}')
    .replaceAll(/\b\d{16}\b/g, '\\d{16}')
    .replaceAll(/\b\d{13}\b/g, '\\d{13}')
    .replaceAll(/\d+ bytes/g, '\\d+ bytes')
    .replaceAll(/ +[\d,]+ ms/g, ' +[\\d,]+ ms')
    .replaceAll('…', '[\\s\\S]*?')
}

async function runBash(script: string, place: Place): Promise<string> {
  const shell = startBash(script, place)
  const [output] = await settled(
    'the end of a script',
    Promise.all([text(shell.stdout), once(shell, 'close')]),
  )
  return output
}

function startBash(script: string, { base, cwd, env }: Place): ChildProcessWithoutNullStreams {
  const ours = PORTS.reduce((all, port, at) => all.replaceAll(`${port}`, `${base + at}`), script)
  const here = ours
    .replaceAll('npm run local:publish --', `node src/main.ts publish --port-base ${base}`)
    .replaceAll('npm start', 'exec node src/main.ts')
    .replaceAll(/\bFILE\b/g, '"$FILE"')
  return spawn('bash', ['-c', here], { cwd, env: { PATH: process.env.PATH ?? '', ...env } })
}

/** Resolves with what the demo has shown of itself. */
async function startDemo(t: TestContext, { base, env }: Place): Promise<string> {
  const demo = begin('demo', ['--port-base', `${base}`], env)
  return whatItSays(t, demo, /([\s\S]*\n)Try next/)
}

async function startSecondService(t: TestContext, { commands }: Step, place: Place): Promise<void> {
  const folder = await aFolder(t)
  const env = { ...place.env, DEAD_LETTER: `file:${folder}` }
  await whatItSays(t, startBash(commands, { ...place, env }), /takes pushes()/)
}

/** Resolves with what a pattern finds in the output; ends the process with the test. */
async function whatItSays(t: TestContext, child: ChildProcess, what: RegExp): Promise<string> {
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGTERM')
    await closed
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
  }
  await until(`${what}`, () => what.test(said))
  return what.exec(said)?.[1] ?? ''
}
