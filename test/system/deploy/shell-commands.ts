import { spawnSync } from 'node:child_process'
import { PROJECT_NUMBER, URL_OF_SERVICE } from './deployment.ts'

/** One call of gcloud: its words and its flags by name. A flag without a value has an empty one. */
export interface Command {
  /** As it was called, with what it got on standard input at the end. */
  readonly args: readonly string[]
  readonly words: readonly string[]
  readonly flags: Readonly<Record<string, string>>
}

/** Takes the place of gcloud: writes each call to descriptor 3, and answers as a new project would. */
const RECORDER = `
set -u
gcloud() {
  printf '%s\\0' "$@" >&3
  case "$*" in *--data-file=-*) printf 'stdin=%s\\0' "$(cat)" >&3 ;; esac
  printf '\\n\\0' >&3
  case "$*" in
    *' describe '*value\\(projectNumber\\)*) echo ${PROJECT_NUMBER} ;;
    *' describe '*value\\(status.url\\)*) echo ${URL_OF_SERVICE} ;;
    'config get account') echo me@example.com ;;
  esac
}
`

/** Runs lines of bash with a gcloud that only notes what it is asked. Throws when bash fails. */
export function commandsOf(script: string): readonly Command[] {
  const { status, stderr, output } = spawnSync('bash', ['-c', `${RECORDER}${script}`], {
    input: 'the-token\n',
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  })
  if (status !== 0) throw new Error(`bash ended with ${status}: ${stderr}`)
  const calls = (output[3] ?? '').split('\0\n\0')
  return calls.filter((call) => call !== '').map((call) => commandOf(call.split('\0')))
}

function commandOf(args: readonly string[]): Command {
  const flags = args.filter((arg) => arg.startsWith('--')).map(flagOf)
  const words = args.filter((arg) => !arg.startsWith('--') && !/^(beta$|stdin=)/.test(arg))
  return { args, words, flags: Object.fromEntries(flags) }
}

function flagOf(arg: string): [string, string] {
  const [, name = '', value = ''] = /^--([^=]+)(?:=(.*))?$/.exec(arg) ?? []
  return [name, value]
}
