import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { textOf } from '../../docs/markdown.ts'
import { deploymentOfModule } from './from-terraform.ts'
import { argumentsOf } from './module-files.ts'
import { at, listAt } from './tree.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const TERRAFORM = terraform('.', ['version']).status === 0
const skip = !TERRAFORM && 'there is no terraform here'
const { TF_PLUGIN_CACHE_DIR } = process.env
/** The sections of the dashboard that stand in its file. */
const SECTIONS = listAt(
  JSON.parse(textOf('deploy/monitoring/dashboard.json')),
  'mosaicLayout',
  'tiles',
)
  .filter((tile) => at(tile, 'widget', 'sectionHeader') !== undefined)
  .map((tile) => String(at(tile, 'widget', 'title')))
const PROVIDERS = TERRAFORM && TF_PLUGIN_CACHE_DIR !== undefined

describe('the Terraform module', () => {
  it('is formatted', { skip }, () => {
    const { stdout, status } = terraform(join(ROOT, 'deploy'), [
      'fmt',
      '-check',
      '-diff',
      '-recursive',
    ])

    assert.equal(status, 0, stdout)
  })

  for (const [what, changes] of [
    ['private', {}],
    ['public, with a mapping', { auth: 'oidc', mapping: 'version: 1' }],
    ['with a collector', { prometheus_sidecar: true }],
    ['with a bucket', { dead_letter: { kind: 'bucket' } }],
    [
      'with a policy and a variable',
      { dead_letter: { kind: 'subscription' }, env: { INSERT_ID: 'content' } },
    ],
  ] as const) {
    it(`sets the variables that these tests read in it: ${what}`, { skip }, async (t) => {
      const files = {
        main: textOf('deploy/terraform/main.tf'),
        variables: textOf('deploy/terraform/variables.tf'),
      }
      const values = {
        ...(await argumentsOf(textOf('deploy/terraform/examples/private/main.tf'))),
        ...changes,
      }

      const { stdout, stderr } = terraform(
        localsOnly(t, files, values),
        ['console'],
        'jsonencode(local.environment)',
      )

      const { service } = await deploymentOfModule({ files, values })
      assert.notEqual(stdout, '', stderr)
      const evaluated: Record<string, unknown> = JSON.parse(JSON.parse(stdout))
      assert.deepEqual(
        Object.fromEntries(Object.entries(evaluated).map(([name, one]) => [name, String(one)])),
        service.environment,
      )
    })
  }

  for (const [what, sidecar, sections] of [
    ['with the section of Prometheus when there is a collector', true, [...SECTIONS, 'Prometheus']],
    ['without the section of Prometheus when there is no collector', false, SECTIONS],
  ] as const) {
    it(`makes a dashboard ${what}`, { skip }, (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'terraform-'))
      t.after(() => rmSync(folder, { recursive: true }))
      cpSync(join(ROOT, 'deploy/monitoring'), folder, { recursive: true })
      const text = textOf('deploy/monitoring/alerts.tf')
      const blocks = text.match(/^(?:variable "\w+"|locals) \{$.*?^\}$/gms) ?? []
      writeFileSync(join(folder, 'alerts.tf'), blocks.join('\n'))
      const values = {
        project_id: 'p',
        name: 'a-service',
        subscription: 's',
        prometheus_sidecar: sidecar,
      }
      writeFileSync(join(folder, 'values.auto.tfvars.json'), JSON.stringify(values))

      const { stdout, stderr } = terraform(
        folder,
        ['console'],
        'jsonencode([for tile in local.tiles : tile.widget.title if can(tile.widget.sectionHeader)])',
      )

      assert.notEqual(stdout, '', stderr)
      assert.deepEqual(JSON.parse(JSON.parse(stdout)), sections)
    })
  }

  for (const [name, value] of [
    ['mixpanel_region', 'europe-west1'],
    ['auth', 'none'],
    ['name', 'a-name-that-is-longer-than-25'],
    ['dead_letter', { kind: 'file' }],
    ['env', { PUSH_AUTH: 'none' }],
    ['secret_env', { PUSH_AUTH: { secret: 's' } }],
    ['mapping', 'x'.repeat(65_540)],
  ] as const) {
    it(`refuses a wrong ${name}`, { skip }, async (t) => {
      const files = { main: '', variables: textOf('deploy/terraform/variables.tf') }
      const values = {
        ...(await argumentsOf(textOf('deploy/terraform/examples/private/main.tf'))),
        [name]: value,
      }

      const { status, stderr } = terraform(localsOnly(t, files, values), ['plan', '-input=false'])

      assert.equal(status, 1)
      assert.match(stderr, new RegExp(`var\\.${name}\\b`))
    })
  }

  it('refuses the same names in env and in secret_env: all that it sets itself', () => {
    const lists = textOf('deploy/terraform/variables.tf').matchAll(
      /setintersection\(keys\(var\.\w+\), \[([^\]]*)\]/g,
    )
    const main = textOf('deploy/terraform/main.tf')
    const environment = /environment = merge\(.*?\n {2}\)/s.exec(main)?.[0] ?? ''

    const refused = Array.from(lists, ([, list]) => namesIn(list))

    const own = [...namesIn(environment), 'MIXPANEL_PROJECT_TOKEN'].sort()
    assert.deepEqual(refused, [own, own])
  })

  for (const name of ['private', 'public', 'letters-in-bucket', 'tenants']) {
    it(`is valid as the example ${name} calls it`, {
      skip: !PROVIDERS && 'needs terraform, and its google providers in TF_PLUGIN_CACHE_DIR',
    }, (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'terraform-'))
      t.after(() => rmSync(folder, { recursive: true }))
      for (const part of ['deploy', 'examples']) {
        cpSync(join(ROOT, part), join(folder, part), { recursive: true })
      }
      const example = join(folder, 'deploy/terraform/examples', name)

      const started = terraform(example, [
        'init',
        '-backend=false',
        `-plugin-dir=${TF_PLUGIN_CACHE_DIR}`,
      ])
      const { status, stdout, stderr } = terraform(example, ['validate'])

      assert.equal(started.status, 0, started.stderr)
      assert.equal(status, 0, `${stdout}${stderr}`)
    })
  }
})

/** A folder with the module's variables and locals, which need no provider, and the values. */
/** The names of variables in a text, in order. */
function namesIn(text = ''): readonly string[] {
  return Array.from(text.matchAll(/\b[A-Z]+(?:_[A-Z]+)*\b/g), ([name]) => name).sort()
}

function localsOnly(
  t: { after: (end: () => void) => void },
  files: { main: string; variables: string },
  values: object,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'terraform-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [locals = ''] = files.main.split('\n# 1. ')
  const account = '"pubsub-mixpanel-push@my-project.iam.gserviceaccount.com"'
  writeFileSync(
    join(folder, 'main.tf'),
    locals.replaceAll('google_service_account.push.email', account),
  )
  writeFileSync(join(folder, 'variables.tf'), files.variables)
  writeFileSync(join(folder, 'values.auto.tfvars.json'), JSON.stringify(values))
  return folder
}

/** Runs Terraform without the settings of the machine's user, and without a look for a new version. */
function terraform(cwd: string, args: readonly string[], input = '') {
  const own = { TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1', TF_CLI_ARGS: '-no-color' }
  const { TF_CLI_ARGS: _, ...forConsole } = own
  const env = { ...process.env, ...(args[0] === 'console' ? forConsole : own) }
  return spawnSync('terraform', args, { cwd, input, encoding: 'utf8', env })
}
