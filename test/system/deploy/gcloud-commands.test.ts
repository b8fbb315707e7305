import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { blocksIn, textOf } from '../../docs/markdown.ts'
import { dryRun, FILES, readmeScript } from './one-truth.ts'
import { commandsOf } from './shell-commands.ts'

const TEXTS = Object.fromEntries(FILES.map((path) => [path, textOf(path)]))
const SCRIPT = fileURLToPath(new URL('../../../deploy/gcloud.sh', import.meta.url))
const [NAMES = ''] = blocksIn(textOf('docs/deploy-cloud-run.md'), 'sh')
/** Takes the place of the commands that are not Google's. */
const OTHERS = `
sleep() { :; }
pubsub-mixpanel() { :; }
`

/** The scripts that people paste or run, each with what it calls. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'README.md': readmeScript(TEXTS),
  'deploy/gcloud.sh': dryRun(TEXTS),
  'deploy/gcloud.sh --destroy': removal(),
  ...Object.fromEntries(
    ['deploy-cloud-run', 'operate', 'runbook'].map((page) => [
      `docs/${page}.md`,
      [
        NAMES,
        'URL=https://a.run.app AUDIENCE=a',
        ...blocksIn(textOf(`docs/${page}.md`), 'sh'),
      ].join('\n'),
    ]),
  ),
}
const gcloud = spawnSync('gcloud', ['version']).status === 0

const UNKNOWN = ['gcloud pubsub topics creat events', 'gcloud run deploy s --cpus=1']

/** Gcloud takes seconds of CPU to read its own commands. */
const timeout = 600_000
const skip = !gcloud && 'there is no gcloud here'

describe('each command of gcloud', { skip, timeout }, () => {
  const asked = Object.entries(SCRIPTS).map(([name, script]): [string, readonly string[]] => {
    return [name, commandsOf(`${OTHERS}${script}`).map(({ args }) => stringOf(args))]
  })
  let faults: ReadonlyMap<string, string>
  before(
    () => {
      faults = lint([...new Set([...asked.flatMap(([, commands]) => commands), ...UNKNOWN])])
    },
    { timeout },
  )

  for (const [name, commands] of asked) {
    it(`is one that gcloud knows, with flags that it knows: ${name}`, () => {
      assert.deepEqual(
        commands.map((command) => `${command}: ${faults.get(command)}`),
        commands.map((command) => `${command}: none`),
      )
      assert.ok(commands.length > 0)
    })
  }

  it('would be found if gcloud did not know it', () => {
    for (const command of UNKNOWN) assert.match(faults.get(command) ?? '', /invalid|unrecognized/i)
  })
})

/** The commands that remove a deployment. */
function removal(): string {
  return spawnSync('bash', [SCRIPT, '--dry-run', '--destroy'], { encoding: 'utf8' }).stdout
}

/** A command as one text, without what it gets on standard input. */
function stringOf(args: readonly string[]): string {
  const words = args.filter((arg) => !arg.startsWith('stdin='))
  return ['gcloud', ...words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`)].join(' ')
}

/**
 * Has gcloud judge commands by its own tree of commands, and gives each with its fault, or `none`. It
 * asks no server, and reads no settings.
 */
function lint(commands: readonly string[]): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'gcloud-'))
  try {
    const file = join(folder, 'commands.json')
    writeFileSync(file, JSON.stringify(commands.map((command) => ({ command_string: command }))))
    const own = { CLOUDSDK_CONFIG: folder, CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1' }
    const { stdout, stderr } = spawnSync(
      'gcloud',
      ['meta', 'lint-gcloud-commands', `--commands-file=${file}`],
      { encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...own } },
    )
    assert.notEqual(stdout, '', stderr)
    const judged: readonly Judged[] = JSON.parse(stdout)
    return new Map(
      judged.map((one) => [one.command_string, one.success ? 'none' : String(one.error_message)]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Judged {
  readonly command_string: string
  readonly success: boolean
  readonly error_message: unknown
}
