import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { aFolder } from '../../helpers/world.ts'
import { type LocalScene, startLocal } from '../cli/local-scene.ts'
import { skip, startBrowser } from './browser.ts'

const MAPPING = `version: 1
rules:
  - name: health checks
    when: 'data.event == "health_check"'
    drop: true
  - name: all else
    event: '\${data.event}'
    distinct_id: '\${data.properties.distinct_id}'
    properties: { from: '\${data.properties}', omit: [distinct_id] }
`
/** The picture of the tour is written to this file when the variable is set, for the papers. */
const PICTURE = process.env.TOUR_PICTURE

interface Scene {
  readonly local: LocalScene
  readonly page: Page
  readonly mapping: string
  /** The errors of the page, of its policy among others. */
  readonly errors: readonly string[]
}

/** The page of a world with a mapping, in a browser. */
async function startScene(t: TestContext, viewport = { width: 1440, height: 900 }): Promise<Scene> {
  const mapping = join(await aFolder(t), 'mapping.yaml')
  await writeFile(mapping, MAPPING)
  const local = await startLocal(t, [], { TRANSFORM: mapping })
  const browser = await startBrowser(t)
  const page = await browser.newPage({ viewport, colorScheme: 'light' })
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('dialog', (dialog) => void dialog.accept())
  page.setDefaultTimeout(30_000)
  await page.goto(`http://127.0.0.1:${local.base + 5}/`)
  await page.getByText('Connected', { exact: true }).waitFor()
  return { local, page, mapping, errors }
}

/** Publishes an example; resolves with the id of the message. */
async function publish(page: Page, example: string): Promise<string> {
  await page.getByLabel('Example').selectOption(example)
  const [answer] = await Promise.all([
    page.waitForResponse(/\/do\/publish$/),
    page.getByRole('button', { name: 'Publish' }).click(),
  ])
  const { text } = await answer.json()
  return JSON.parse(text).messageIds[0]
}

const lineOf = (page: Page, messageId: string) => page.locator(`[data-message="${messageId}"]`)

/** Resolves when the line of a message says this. */
async function shows(page: Page, messageId: string, text: string): Promise<void> {
  await lineOf(page, messageId).locator('summary').filter({ hasText: text }).waitFor()
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click()
}

/** Resolves when a switch is on. */
async function isOn(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true, pressed: true }).waitFor()
}

describe('the page in a browser', { skip }, () => {
  it('leads through a good, a bad and a poison event, a failing Mixpanel, a mended letter, another mapping', async (t) => {
    const { page, errors } = await startScene(t)

    const good = await publish(page, 'good')
    await shows(page, good, 'imported')
    const bad = await publish(page, 'a bad time')
    await shows(page, bad, 'dead-lettered')
    await press(page, 'poison')
    await isOn(page, 'poison')
    const poison = await publish(page, 'poison')
    await shows(page, poison, 'dead-lettered')

    await press(page, '503')
    await isOn(page, '503')
    const failed = await publish(page, 'good')
    await shows(page, failed, 'mixpanel_unavailable')
    await press(page, '503')
    await shows(page, failed, 'imported, redelivery')

    await page
      .locator('#letter-list button')
      .filter({ hasText: `${bad}-1` })
      .click()
    await page.locator('#replayed').filter({ hasText: 'would fail again' }).waitFor()
    const text = page.getByLabel('Event of the letter')
    await text.fill((await text.inputValue()).replace('"yesterday"', '1795510800'))
    await press(page, 'Replay')
    await page.locator('#replayed').filter({ hasText: 'imported' }).waitFor()
    await page.locator('#letters-sums').filter({ hasText: '1 open, 1 done' }).waitFor()
    await press(page, 'Close')

    const mapping = page.getByLabel('Mapping file')
    await mapping.fill(MAPPING.replace('health_check', 'signed_up'))
    await page
      .locator('#trial')
      .filter({ hasText: 'would be dropped by rule health checks' })
      .waitFor()
    await press(page, 'Save')
    await page.locator('#saved').filter({ hasText: 'loaded anew' }).waitFor()
    const dropped = await publish(page, 'good')
    await shows(page, dropped, 'dropped')

    await page.locator('#letter-list button').first().click()
    await lineOf(page, dropped).locator('summary').click()
    await lineOf(page, dropped).getByText('by rule health checks').waitFor()
    await page.locator('#rows summary').first().click()
    await page.locator('#books').filter({ hasText: '1 dropped' }).waitFor()
    assert.doesNotMatch((await page.locator('#books').textContent()) ?? '', /not add up/)
    if (PICTURE !== undefined) await page.screenshot({ path: PICTURE })
    assert.deepEqual(errors, [])
  })

  it('shows markup in an event as the text that it is', async (t) => {
    const { page, errors } = await startScene(t)

    const messageId = await publish(page, 'markup in an event')
    await shows(page, messageId, 'imported')
    await lineOf(page, messageId).locator('summary').click()
    await lineOf(page, messageId).getByText('<img src=x onerror').first().waitFor()
    await page.locator('#rows').getByText('<img src=x onerror').first().waitFor()
    await page.locator('#trial').getByText('<script>alert(1)</script>').first().waitFor()

    assert.equal(await page.locator('main img, main script').count(), 0)
    assert.equal(await page.title(), 'A local world · pubsub-mixpanel')
    assert.deepEqual(errors, [])
  })

  it('is reached by the keyboard alone', async (t) => {
    const { page } = await startScene(t)

    await page.getByLabel('Data of the message').focus()
    await page.keyboard.press('Control+Enter')
    await page.locator('#messages summary').filter({ hasText: 'imported' }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).focus()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')

    await page.locator('#messages details[open] .event').getByText('imported').waitFor()
    const order = await page.evaluate(() => {
      const reached = document.querySelectorAll(
        'button, input, select, textarea, summary, [tabindex="0"]',
      )
      return [...reached].map((one) => one.closest('main > section')?.id)
    })
    const panes = order.filter((id, at) => id !== order[at - 1])
    assert.deepEqual(panes, ['publish', 'stream', 'mixpanel', 'letters', 'weather', 'mapping'])
  })

  it('fits a window of 400 pixels, with nothing beside it', async (t) => {
    const { page } = await startScene(t, { width: 400, height: 800 })
    const messageId = await publish(page, 'a hundred events')
    await shows(page, messageId, 'imported')

    const [width, panes] = await page.evaluate(
      () =>
        [
          document.documentElement.scrollWidth,
          [...document.querySelectorAll('main > section')].map((one) => one.clientWidth),
        ] as const,
    )

    assert.equal(width, 400)
    assert.ok(
      panes.every((one) => one > 340 && one <= 400),
      panes.join(),
    )
  })

  it('comes back when the world does, and says when it is gone', async (t) => {
    const { page, local } = await startScene(t)

    local.command.kill('SIGTERM')
    await local.ended()

    await page.locator('#link').filter({ hasText: 'The world does not answer' }).waitFor()
  })
})
