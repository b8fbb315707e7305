import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it, type TestContext } from 'node:test'
import { LOCAL_CREDENTIALS } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { blocksIn, sectionOf, textOf } from '../../docs/markdown.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { aFolder, startWorld, type World } from '../../helpers/world.ts'
import { MAIN } from '../cli/run.ts'

const PAGE = textOf('docs/dead-letters.md')
const WALK = sectionOf(PAGE, '### From a rejection to done')
const TOPIC_WALK = sectionOf(PAGE, '### From the topic to done')
const TOPIC = 'projects/p/topics/letters'
const PROMPT = '$ '

it('the page of the dead letters goes from a rejection to its end', async (t) => {
  const folder = await aFolder(t)
  const world = await startRejection(t, folder, { DEAD_LETTER: `file:${folder}/dead-letters` })

  const { printed, shown } = await follow(WALK, folder, environment(world))

  assert.deepEqual(printed, shown)
  assert.equal(shown.filter((line) => line.startsWith(PROMPT)).length, 7)
  assertImported(world)
})

it('the page goes from a letter in a topic to its end', async (t) => {
  const folder = await aFolder(t)
  const pubsub = await startPubsub(t)
  pubsub.createTopic(TOPIC)
  const subscription = 'projects/p/subscriptions/letters'
  pubsub.createPullSubscription(subscription, { topic: TOPIC })
  const store = { DEAD_LETTER: `pubsub:${TOPIC}`, PUBSUB_EMULATOR_HOST: pubsub.host }
  const world = await startRejection(t, folder, store)

  const env = { ...environment(world), ...store }
  const { printed, shown } = await follow(TOPIC_WALK, folder, env)

  assert.deepEqual(printed, shown)
  assert.equal(shown.filter((line) => line.startsWith(PROMPT)).length, 4)
  assertImported(world)
})

/** Starts a service that has rejected the event of the page. The fix of the page lies in the folder. */
async function startRejection(
  t: TestContext,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<World> {
  const world = await startWorld(t, { env })
  const [event = ''] = blocksIn(WALK, 'json')
  const pusher = createPusher({
    endpoint: `${world.url}/push`,
    subscription: 'projects/p/subscriptions/events',
    token: () => world.issuer.token(),
  })
  t.after(() => pusher.close())
  await pusher.push({ messageId: '2070443601311540', data: event.trim() })
  const [fix = ''] = blocksIn(WALK, 'js')
  await writeFile(join(folder, 'fix-time.mjs'), fix)
  return world
}

function environment({ mixpanel }: World): Readonly<Record<string, string>> {
  return { MIXPANEL_URL: mixpanel.url, MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token }
}

/** Runs the commands that a part of the page shows. Times are left out of the lines. */
async function follow(part: string, folder: string, env: Readonly<Record<string, string>>) {
  const shown = blocksIn(part, 'console').flatMap((block) => block.trimEnd().split('\n'))
  const printed: string[] = []
  for (const line of shown.filter((one) => one.startsWith(PROMPT))) {
    printed.push(line, ...(await outputOf(line.slice(PROMPT.length), folder, env)))
  }
  return { printed: printed.map(timeless), shown: shown.map(timeless) }
}

function assertImported({ mixpanel }: World): void {
  const [row, ...others] = mixpanel.rows()
  assert.deepEqual([row?.insertId, others], ['2070443601311540-1', []])
}

/** The lines that a command of the page prints, without blank ones at the end. */
async function outputOf(
  line: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const [program, ...args] = line.split(' ')
  assert.equal(program, 'pubsub-mixpanel')
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env })
  const closed = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  await closed
  assert.equal(err, '')
  return out.trimEnd().split('\n')
}

/** A line without its times, and without the spaces that depend on them. */
function timeless(line: string): string {
  return line.replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, 'TIME')
}
