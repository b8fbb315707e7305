import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { LOCAL_TOPIC } from '../../../src/local/push-request.ts'
import { startLocal } from '../cli/local-scene.ts'
import { skip, startBrowser } from './browser.ts'

const MIB = 1024 * 1024
const EVENT = '{"event":"viewed","properties":{"distinct_id":"u-1","page":1}}\n'
/** 10,000 events: each message has ten. */
const MESSAGES = 1_000

it('keeps a tab under 200 MiB while ten thousand events pass', {
  skip: process.platform !== 'linux' ? 'there is no /proc here' : skip,
}, async (t) => {
  const local = await startLocal(t)
  const browser = await startBrowser(t)
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(`http://127.0.0.1:${local.base + 5}/`)
  await page.getByText('Connected', { exact: true }).waitFor()

  const messages = Array.from({ length: MESSAGES / 10 }, () => ({
    data: Buffer.from(EVENT.repeat(10)).toString('base64'),
  }))
  const url = `http://127.0.0.1:${local.base + 4}/v1/${LOCAL_TOPIC}:publish`
  for (let request = 0; request < 10; request++) {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ messages }) })
    assert.equal(answer.status, 200)
  }
  await page.locator('#books').filter({ hasText: '10,000 imported' }).waitFor()
  await page.locator('#mixpanel-sums').filter({ hasText: '10,000 events' }).waitFor()
  await page.locator('#rows summary').nth(99).waitFor()

  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const bytes = await Promise.all(renderers.map(({ id }) => privateBytes(id)))
  assert.ok(bytes.length > 0 && Math.max(...bytes) > 10 * MIB)
  assert.ok(Math.max(...bytes) < 200 * MIB, `${bytes.map((one) => one / MIB).join(', ')} MiB`)
  assert.ok((await page.locator('#messages > *').count()) <= 600)
  t.diagnostic(`the tab has ${Math.round(Math.max(...bytes) / MIB)} MiB`)
})

/**
 * The memory of a process that it shares with no other, as Chromium's task manager shows it: the code
 * of the browser is in the memory of each tab, but only once in that of the machine.
 */
async function privateBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kib = ['RssAnon', 'VmSwap'].map((name) => {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  })
  return kib.reduce((sum, one) => sum + one, 0) * 1024
}
