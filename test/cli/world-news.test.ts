import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type News, newsLine } from '../../src/cli/news.ts'
import { createWorldNews } from '../../src/cli/world-news.ts'
import { FAVOURED } from '../../src/local/mixpanel/switches.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../src/local/pubsub-stand-in.ts'
import { LOCAL_TOPIC } from '../../src/local/push-request.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const MESSAGE = { messageId: '1', publishTime: '', data: Buffer.from('é'), attributes: {} }
const SETTINGS = {
  switches: FAVOURED,
  faults: { next: [], always: 'normally' },
  quota: 'unlimited',
} as const

function createScene() {
  const clock = createFakeClock()
  const news: News[] = []
  const watch = createWorldNews({ clock, tell: (one) => news.push(one) })
  return { clock, news, watch }
}

describe('the news of a world', () => {
  it('have of a message its id and its bytes', () => {
    const { news, watch } = createScene()

    watch.published(LOCAL_TOPIC, [MESSAGE])

    assert.deepEqual(news, [{ kind: 'published', messageId: '1', bytes: 2 }])
  })

  it('have of a delivery how long it took, and which it was', async () => {
    const { clock, news, watch } = createScene()
    const { pushed, answered, duplicate } = watch.deliveries

    for (const attempt of [1, 2, 3, 4]) {
      pushed?.(MESSAGE, attempt)
      await clock.advance(7)
      if (attempt === 1) answered?.(MESSAGE, { kind: 'deadline' }, false)
      else answered?.(MESSAGE, { kind: 'answered', status: 204 }, true)
      if (attempt === 2) duplicate?.(MESSAGE, undefined)
    }

    assert.deepEqual(
      news.map((one) => newsLine(one).replaceAll(/ +/g, ' ')),
      [
        'delivered 1 deadline nack attempt 1 7 ms',
        'delivered 1 204 ack attempt 2 7 ms redelivery',
        'delivered 1 204 ack attempt 3 7 ms duplicate',
        'delivered 1 204 ack attempt 4 7 ms redelivery',
      ],
    )
  })

  it('have of a dead letter in a topic what its attributes say', () => {
    const { news, watch } = createScene()
    const attributes = {
      'pubsub-mixpanel-id': '7-2',
      'pubsub-mixpanel-reason': 'invalid_event',
      'pubsub-mixpanel-field': 'event',
      'pubsub-mixpanel-detail': 'no name',
    }

    watch.published(LOCAL_DEAD_LETTER_TOPIC, [{ ...MESSAGE, attributes }, MESSAGE])

    assert.deepEqual(news, [
      {
        kind: 'dead_letter',
        id: '7-2',
        reason: 'invalid_event',
        field: 'event',
        detail: 'no name',
      },
      { kind: 'dead_letter', id: '1', reason: 'no reason', detail: '' },
    ])
  })

  it('have of what is switched only what has changed', () => {
    const { news, watch } = createScene()
    const hang = { kind: 'hang' } as const
    const next = [{ behaviour: hang, times: 2 }]

    watch.controlled(SETTINGS)
    watch.controlled({ ...SETTINGS, faults: { next, always: 'normally' } })
    watch.controlled({ ...SETTINGS, faults: { next: [], always: hang }, quota: { events: 5 } })
    watch.controlled({ ...SETTINGS, switches: { ...FAVOURED, poison: 'p' } })

    assert.deepEqual(
      news.map((one) => newsLine(one).replaceAll(/ +/g, ' ')),
      [
        'switched faults: {"kind":"hang"} 2 times, then none',
        'switched faults: {"kind":"hang"}',
        'switched quota: {"events":5}',
        'switched faults: none',
        'switched quota: unlimited',
        'switched poison: "p"',
      ],
    )
  })
})
