import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { VariableName } from '../../src/config/schema.ts'
import { type Env, load, OFF_CLOUD_RUN, problemsWith, SERVICE_ACCOUNT } from '../helpers/config.ts'

const GOOGLE_KEY = JSON.stringify({
  type: 'service_account',
  project_id: 'p',
  private_key: '-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n',
})
const MIXPANEL_USER = 'hush.abc123.mp-service-account'
const TOKEN = OFF_CLOUD_RUN.MIXPANEL_PROJECT_TOKEN

describe('quotes around a value', () => {
  const values: Env = {
    MIXPANEL_PROJECT_TOKEN: TOKEN,
    MIXPANEL_REGION: 'eu',
    MIXPANEL_URL: 'https://proxy.test',
    PUSH_AUDIENCE: 'https://push.example.com',
    PUSH_SERVICE_ACCOUNT: 'pusher@p.iam.gserviceaccount.com',
    PORT: '8080',
    PUSH_AUTH: 'oidc',
    TRANSFORM: './a.mjs',
    DEAD_LETTER: 'file:./letters',
  }
  for (const [name, value] of Object.entries(values)) {
    for (const quoted of [`"${value}"`, `'${value}'`, ` “${value}” `]) {
      it(`are refused by the variable’s name, and nothing else is: ${name}=${quoted}`, () => {
        assert.deepEqual(problemsWith({ ...OFF_CLOUD_RUN, [name]: quoted }), [quotesIn(name)])
      })
    }
  }

  for (const [name, value] of [
    ['PUSH_AUDIENCE', 'one,"two"'],
    ['PUSH_AUDIENCE', '"one",two'],
    ['PUSH_AUDIENCE', '"one'],
    ['PUSH_SERVICE_ACCOUNT', "'a@b.test',c@d.test"],
    ['DEAD_LETTER', 'file:"./letters"'],
    ['MIXPANEL_PROJECT_TOKEN', `"${TOKEN}"`],
  ] as const) {
    it(`are refused around a part of it: ${name}=${value}`, () => {
      assert.deepEqual(problemsWith({ ...OFF_CLOUD_RUN, [name]: value }), [quotesIn(name)])
    })
  }

  it('hide no other problem', () => {
    const problems = problemsWith({ ...OFF_CLOUD_RUN, MIXPANEL_REGION: '"mars"', PORT: '"http"' })

    assert.deepEqual(problems, [
      quotesIn('PORT'),
      quotesIn('MIXPANEL_REGION'),
      'PORT must be a whole number from 0 to 65535',
      'MIXPANEL_REGION must be one of us, eu, in',
    ])
  })

  it('are kept inside a value', () => {
    assert.equal(load({ TRANSFORM: `./it's "mine".mjs` }).transformPath, `./it's "mine".mjs`)
  })
})

describe('a value that belongs elsewhere', () => {
  for (const [what, changes, problem] of [
    [
      'an IAM member',
      { PUSH_SERVICE_ACCOUNT: 'serviceAccount:hush@p.iam.gserviceaccount.com' },
      'PUSH_SERVICE_ACCOUNT must hold e-mail addresses without serviceAccount: before them',
    ],
    [
      'an IAM member among others',
      { PUSH_SERVICE_ACCOUNT: 'a@b.test, serviceaccount:hush@b.test' },
      'PUSH_SERVICE_ACCOUNT must hold e-mail addresses without serviceAccount: before them',
    ],
    [
      'the resource name of an account',
      { PUSH_SERVICE_ACCOUNT: 'projects/p/serviceAccounts/hush@b.test' },
      'PUSH_SERVICE_ACCOUNT must hold e-mail addresses, comma-separated',
    ],
    [
      'a list in JSON',
      { PUSH_SERVICE_ACCOUNT: '["hush@b.test"]' },
      'PUSH_SERVICE_ACCOUNT must hold e-mail addresses, comma-separated',
    ],
    ['a Google key', { MIXPANEL_PROJECT_TOKEN: GOOGLE_KEY }, keyIn('MIXPANEL_PROJECT_TOKEN')],
    [
      'a Google key in base64',
      { MIXPANEL_PROJECT_TOKEN: Buffer.from(GOOGLE_KEY).toString('base64') },
      keyIn('MIXPANEL_PROJECT_TOKEN'),
    ],
    [
      'the path of a key',
      { MIXPANEL_PROJECT_TOKEN: '/secrets/hush.json' },
      keyIn('MIXPANEL_PROJECT_TOKEN'),
    ],
    [
      'a Google key as a secret',
      { ...SERVICE_ACCOUNT, MIXPANEL_SERVICE_ACCOUNT_SECRET: GOOGLE_KEY },
      keyIn('MIXPANEL_SERVICE_ACCOUNT_SECRET'),
    ],
    [
      'a secret swapped with its user name',
      {
        ...SERVICE_ACCOUNT,
        MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'hush',
        MIXPANEL_SERVICE_ACCOUNT_SECRET: MIXPANEL_USER,
      },
      'MIXPANEL_SERVICE_ACCOUNT_SECRET holds a user name: is it swapped with ' +
        'MIXPANEL_SERVICE_ACCOUNT_USERNAME?',
    ],
    [
      'a user name as a token',
      { MIXPANEL_PROJECT_TOKEN: MIXPANEL_USER },
      'MIXPANEL_PROJECT_TOKEN holds the user name of a service account: set the project token',
    ],
    [
      'a Google account as a user of Mixpanel',
      { ...SERVICE_ACCOUNT, MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'hush@p.iam.gserviceaccount.com' },
      'MIXPANEL_SERVICE_ACCOUNT_USERNAME holds a Google service account: ' +
        'set the user name of a Mixpanel service account',
    ],
    ...['/import', '/import/', '/proxy/IMPORT//'].map((path): [string, Env, string] => [
      `a Mixpanel URL that ends in ${path}`,
      { MIXPANEL_URL: `https://api.mixpanel.com${path}` },
      'MIXPANEL_URL must not end in /import, which the service adds: set the base URL',
    ]),
    ...(['~/a.mjs', '~hush/a.mjs', '$HOME/a.mjs'] as const).map((path): [string, Env, string] => [
      `a path that only a shell expands, ${path}`,
      { TRANSFORM: path },
      'TRANSFORM holds a path with ~ or $, which only a shell replaces: write the whole path',
    ]),
    ...(['file:~', 'file:~/letters', 'file:$HOME/letters'] as const).map(
      (store): [string, Env, string] => [
        `a folder that only a shell expands, ${store}`,
        { DEAD_LETTER: store },
        'DEAD_LETTER holds a path with ~ or $, which only a shell replaces: write the whole path',
      ],
    ),
  ] as readonly (readonly [string, Env, string])[]) {
    it(`is refused by the variable’s name: ${what}`, () => {
      const problems = problemsWith({ ...OFF_CLOUD_RUN, ...changes })

      assert.deepEqual(problems, [problem])
      assert.doesNotMatch(problems.join(), /hush/)
    })
  }

  it('is no path with ~ or $ inside, and no URL with /import inside', () => {
    const config = load({
      TRANSFORM: './a~b/$c.mjs',
      DEAD_LETTER: 'file:./~/letters',
      MIXPANEL_URL: 'https://proxy.test/import/mixpanel',
    })

    assert.equal(config.transformPath, './a~b/$c.mjs')
    assert.deepEqual(config.deadLetter, { kind: 'file', folder: './~/letters' })
    assert.equal(config.mixpanel.baseUrl, 'https://proxy.test/import/mixpanel')
  })
})

describe('the case of a value', () => {
  it('does not matter where its meaning has none', () => {
    const config = load({
      MIXPANEL_REGION: 'EU',
      LOG_LEVEL: 'Warn',
      PUSH_AUTH: 'OIDC',
      PUSH_SERVICE_ACCOUNT: 'Pusher@P.iam.gserviceaccount.com',
      INSERT_ID: 'Content',
      DEAD_LETTER: 'Subscription',
    })

    assert.partialDeepStrictEqual(config, {
      server: { logLevel: 'warn' },
      mixpanel: { baseUrl: 'https://api-eu.mixpanel.com' },
      push: { auth: { kind: 'oidc', serviceAccounts: ['pusher@p.iam.gserviceaccount.com'] } },
      insertId: 'content',
      deadLetter: { kind: 'subscription' },
    })
  })

  it('matters in audiences, paths and topics', () => {
    const { push, deadLetter } = load({
      PUSH_AUDIENCE: 'https://Push.test/A',
      DEAD_LETTER: 'FILE:./Letters',
    })

    assert.partialDeepStrictEqual(push.auth, { audiences: ['https://Push.test/A'] })
    assert.deepEqual(deadLetter, { kind: 'file', folder: './Letters' })
    assert.deepEqual(load({ DEAD_LETTER: 'PubSub:projects/p/topics/Dead' }).deadLetter, {
      kind: 'pubsub',
      topic: 'projects/p/topics/Dead',
    })
  })
})

describe('a warning', () => {
  for (const url of ['http://proxy.test', 'http://10.0.0.7:8080', 'HTTP://127.0.0.1.test']) {
    it(`comes for a Mixpanel URL of plain http to another host: ${url}`, () => {
      assert.match(load({ MIXPANEL_URL: url }).warnings.join(), /^MIXPANEL_URL is plain http to an/)
    })
  }

  for (const url of [
    'https://proxy.test',
    'http://127.0.0.1:9',
    'http://localhost',
    'http://LOCALHOST:1',
    'http://mixpanel.localhost',
    'http://[::1]:1',
  ]) {
    it(`does not come for ${url}`, () => {
      assert.deepEqual(load({ MIXPANEL_URL: url, PUSH_JWKS_URL: url }).warnings, [])
    })
  }

  it('comes for keys over plain http, when tokens are verified with them', () => {
    const url = { PUSH_JWKS_URL: 'http://keys.test' }

    assert.match(load(url).warnings.join(), /^PUSH_JWKS_URL is plain http to another host/)
    assert.doesNotMatch(load({ ...url, PUSH_AUTH: 'none' }).warnings.join(), /PUSH_JWKS_URL/)
  })

  for (const [what, changes, warning] of [
    ['a short project token', { MIXPANEL_PROJECT_TOKEN: 'hush' }, /^MIXPANEL_PROJECT_TOKEN does/],
    ['a project id as a token', { MIXPANEL_PROJECT_TOKEN: '2195193' }, /^MIXPANEL_PROJECT_TOKEN/],
    [
      'a project id that is no number',
      { ...SERVICE_ACCOUNT, MIXPANEL_PROJECT_ID: 'hush' },
      /^MIXPANEL_PROJECT_ID does not look like/,
    ],
  ] as readonly (readonly [string, Env, RegExp])[]) {
    it(`comes for ${what}, without its value`, () => {
      const { warnings } = load(changes)

      assert.match(warnings.join(), warning)
      assert.doesNotMatch(warnings.join(), /hush/)
    })

    it(`does not come for ${what} of a stand-in`, () => {
      assert.deepEqual(load({ ...changes, MIXPANEL_URL: 'http://127.0.0.1:1' }).warnings, [])
    })
  }
})

function quotesIn(name: string): string {
  return `${name} holds quotes, which are part of the value: write it without them`
}

function keyIn(name: VariableName): string {
  return `${name} holds a key file or the path of one, such as Google's: Mixpanel has none`
}
