import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import packageJson from '../../../package.json' with { type: 'json' }
import { textOf } from '../../docs/markdown.ts'
import { PROJECT_NUMBER, URL_OF_SERVICE } from './deployment.ts'
import { dryRun, FILES, readmeScript } from './one-truth.ts'
import { commandsOf } from './shell-commands.ts'

const SCRIPT = fileURLToPath(new URL('../../../deploy/gcloud.sh', import.meta.url))
const TEXTS = Object.fromEntries(FILES.map((path) => [path, textOf(path)]))
const NAMES = {
  PROJECT_ID: 'my-project',
  MIXPANEL_REGION: 'eu',
  MIXPANEL_PROJECT_TOKEN: 'the-token',
}

/** Takes the place of gcloud: keeps the names of what was made in a file, and describes only those. */
const CLOUD = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CLOUD/calls"
words=() ; for one; do case $one in --tag=*) echo "artifacts docker images|\${one#--tag=}" >>"$CLOUD/made" ;; --*) ;; *) words+=("$one") ;; esac; done
kind="\${words[*]:0:\${#words[@]}-2}" name=\${words[-1]} verb=\${words[-2]}
[ "$verb" = deploy ] && { echo "run services|$name" >>"$CLOUD/made"; exit; }
case $* in
  *'value(projectNumber)') echo ${PROJECT_NUMBER}; exit ;;
  *'value(status.url)') echo ${URL_OF_SERVICE}; exit ;;
  *--data-file=-) [ "$(cat)" = the-token ] || exit 9 ;;
esac
[ -e "$CLOUD/broken" ] && { echo 'ERROR: PERMISSION_DENIED' >&2; exit 1; }
[ "$kind" = 'iam service-accounts' ] && name=\${name%@*}
case $verb in
  create) [ "$kind" = 'beta services identity' ] || echo "$kind|$name" >>"$CLOUD/made" ;;
  describe) grep -qxF "$kind|$name" "$CLOUD/made" || { echo 'ERROR: NOT_FOUND' >&2; exit 1; } ;;
  delete) grep -vxF "$kind|$name" "$CLOUD/made" >"$CLOUD/left"; mv "$CLOUD/left" "$CLOUD/made" ;;
esac
`

describe('deploy/gcloud.sh', () => {
  it('prints, in a dry run, the commands of README.md one by one', () => {
    const readme = commandsOf(readmeScript(TEXTS)).map(({ args }) => args)

    const printed = commandsOf(dryRun(TEXTS)).map(({ args }) => args)

    assert.deepEqual(printed, readme)
    assert.ok(printed.length >= 20)
  })

  it('prints them for other names, too', () => {
    const names =
      'PROJECT_ID=p-2 REGION=us-east1 MIXPANEL_REGION=us SERVICE=mixpanel TOPIC=clicks SUBSCRIPTION=clicks-push'
    const [, ...rest] = readmeScript(TEXTS).split(/^(?=gcloud config set)/m)

    const readme = commandsOf([names.replaceAll(' ', '\n'), ...rest].join('\n'))

    const args = commandsOf(dryRun(TEXTS, { names })).map((command) => command.args)
    assert.deepEqual(
      args,
      readme.map((command) => command.args),
    )
    assert.match(args.join(' '), /clicks-push/)
  })

  it('runs what it prints, and nothing else but descriptions', (t) => {
    const cloud = aCloud(t)

    const { status, stdout, stderr } = cloud.run([])

    assert.equal(status, 0, stderr)
    const ran = cloud.calls().filter((call) => !/ describe (?!.*--format)/.test(call))
    const wanted = commandsOf(dryRun(TEXTS)).map(({ args }) =>
      args.join(' ').replace(/ stdin=.*/, ''),
    )
    assert.deepEqual(ran, wanted)
    assert.match(stdout, /^gcloud run deploy /m)
    assert.doesNotMatch(stdout + stderr, /the-token/)
  })

  it('makes nothing twice, and brings an old subscription up to date', (t) => {
    const cloud = aCloud(t)
    cloud.run([])
    const first = cloud.calls().length

    const { status, stderr } = cloud.run([])

    assert.equal(status, 0, stderr)
    const again = cloud.calls().slice(first)
    const made = again.filter((call) => / create /.test(call) || /builds submit/.test(call))
    assert.deepEqual(made, ['beta services identity create --service=pubsub.googleapis.com'])
    assert.match(
      again.at(-1) ?? '',
      /^pubsub subscriptions update events-mixpanel --push-endpoint=/,
    )
  })

  it('keeps what the owner has added to the service since', (t) => {
    const cloud = aCloud(t)
    cloud.run([])
    cloud.run([])

    const [first = '', second = ''] = cloud.calls().filter((call) => call.startsWith('run deploy'))

    assert.match(first, / --set-secrets=.* --set-env-vars=/)
    const updated = second.replace(' --remove-env-vars=PUSH_AUDIENCE', '')
    assert.notEqual(updated, second)
    assert.equal(updated, first.replaceAll('--set-', '--update-'))
  })

  it('prints, in a dry run without a token, the command that asks for one', () => {
    const { stdout } = spawnSync('bash', [SCRIPT, '--dry-run'], { encoding: 'utf8' })

    assert.match(
      stdout,
      /^read -rsp .* MIXPANEL_PROJECT_TOKEN\nprintf %s "\$MIXPANEL_PROJECT_TOKEN"/m,
    )
  })

  it('ends when it can’t see whether something exists', (t) => {
    const cloud = aCloud(t)
    writeFileSync(join(cloud.folder, 'broken'), '')

    const { status, stderr } = cloud.run([])

    assert.equal(status, 1)
    assert.match(stderr, /PERMISSION_DENIED/)
  })

  it('removes what it made but for what holds data, once the project’s id is typed', (t) => {
    const cloud = aCloud(t)
    cloud.run([])

    const { status, stderr } = cloud.run(['--destroy'], 'my-project\n')

    assert.equal(status, 0, stderr)
    assert.deepEqual(cloud.made().sort(), [
      `artifacts docker images|europe-west1-docker.pkg.dev/my-project/pubsub-mixpanel/pubsub-mixpanel:${packageJson.version}`,
      'artifacts repositories|pubsub-mixpanel',
      'pubsub subscriptions|events-dead',
      'pubsub topics|events',
      'pubsub topics|events-dead',
      'secrets|mixpanel-project-token',
    ])
  })

  for (const [what, args, input, env] of [
    ['the answer is another', ['--destroy'], 'y\n', NAMES],
    ['there is no answer', ['--destroy'], '', NAMES],
    ['an argument is unknown', ['--destroi'], '', NAMES],
    ['there is no project', [], '', { ...NAMES, PROJECT_ID: '' }],
    ['there is no region of Mixpanel', [], '', { ...NAMES, MIXPANEL_REGION: '' }],
    ['the region of Mixpanel is Google’s', [], '', { ...NAMES, MIXPANEL_REGION: 'europe-west1' }],
    ['a name would run as a command', [], '', { ...NAMES, TOPIC: '$(id)' }],
  ] as const) {
    it(`runs nothing when ${what}`, (t) => {
      const cloud = aCloud(t)

      const { status, stderr } = cloud.run(args, input, env)

      assert.equal(status, 1)
      assert.notEqual(stderr, '')
      assert.deepEqual(cloud.calls(), [])
    })
  }

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0
  it('satisfies shellcheck', { skip: !shellcheck && 'there is no shellcheck here' }, () => {
    const { status, stdout } = spawnSync('shellcheck', [SCRIPT], { encoding: 'utf8' })

    assert.equal(status, 0, stdout)
  })

  it('evaluates no text as code', () => {
    assert.doesNotMatch(textOf('deploy/gcloud.sh'), /\beval\b/)
  })
})

/** A folder with a gcloud that remembers, and a way to run the script with it. */
function aCloud(t: { after: (end: () => void) => void }) {
  const folder = mkdtempSync(join(tmpdir(), 'cloud-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'gcloud'), CLOUD, { mode: 0o755 })
  for (const name of ['calls', 'made']) writeFileSync(join(folder, name), '')
  return {
    folder,
    run: (args: readonly string[], input = '', env: object = NAMES) =>
      spawnSync('bash', [SCRIPT, ...args], {
        input,
        encoding: 'utf8',
        env: { ...env, CLOUD: folder, PATH: `${folder}:${process.env.PATH}` },
      }),
    calls: () => linesOf(join(folder, 'calls')),
    made: () => linesOf(join(folder, 'made')),
  }
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean)
}
