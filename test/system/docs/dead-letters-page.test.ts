import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { LOCAL_CREDENTIALS } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { blocksIn, sectionOf, textOf } from '../../docs/markdown.ts'
import { aFolder, startWorld } from '../../helpers/world.ts'
import { MAIN } from '../cli/run.ts'

const WALK = sectionOf(textOf('docs/dead-letters.md'), '### From a rejection to done')
const PROMPT = '$ '

it('the page of the dead letters goes from a rejection to its end', async (t) => {
  const folder = await aFolder(t)
  const world = await startWorld(t, { env: { DEAD_LETTER: `file:${folder}/dead-letters` } })
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
  const env = {
    MIXPANEL_URL: world.mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
  }
  const shown = blocksIn(WALK, 'console').flatMap((block) => block.trimEnd().split('\n'))

  const printed: string[] = []
  for (const line of shown.filter((one) => one.startsWith(PROMPT))) {
    printed.push(line, ...(await outputOf(line.slice(PROMPT.length), folder, env)))
  }

  assert.deepEqual(printed.map(timeless), shown.map(timeless))
  assert.equal(shown.filter((line) => line.startsWith(PROMPT)).length, 7)
  const [row, ...others] = world.mixpanel.rows()
  assert.deepEqual([row?.insertId, others], ['2070443601311540-1', []])
})

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
