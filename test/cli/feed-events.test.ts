import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventLine, type FeedEvent } from '../../src/cli/event-line.ts'
import { createFeedEvents } from '../../src/cli/feed-events.ts'
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
  const events: FeedEvent[] = []
  const watch = createFeedEvents({ clock, report: (event) => events.push(event) })
  return { clock, events, watch }
}

describe('the feed events of a local world', () => {
  it('have of a message its id and its bytes', () => {
    const { events, watch } = createScene()

    watch.published(LOCAL_TOPIC, [MESSAGE])

    assert.deepEqual(events, [{ kind: 'published', messageId: '1', bytes: 2 }])
  })

  it('have of a delivery how long it took, and which it was', async () => {
    const { clock, events, watch } = createScene()
    const { pushed, answered, duplicate } = watch.deliveries

    for (const attempt of [1, 2, 3, 4]) {
      pushed?.(MESSAGE, attempt)
      await clock.advance(7)
      if (attempt === 1) answered?.(MESSAGE, { kind: 'deadline' }, false)
      else answered?.(MESSAGE, { kind: 'answered', status: 204 }, true)
      if (attempt === 2) duplicate?.(MESSAGE, undefined)
    }

    assert.deepEqual(
      events.map((event) => eventLine(event).replaceAll(/ +/g, ' ')),
      [
        'delivered 1 deadline nack attempt 1 7 ms',
        'delivered 1 204 ack attempt 2 7 ms redelivery',
        'delivered 1 204 ack attempt 3 7 ms duplicate',
        'delivered 1 204 ack attempt 4 7 ms redelivery',
      ],
    )
  })

  it('have of a nack why the service has given it', () => {
    const { events, watch } = createScene()

    watch.deliveries.answered?.(MESSAGE, { kind: 'answered', status: 503, code: 'DEADLINE' }, false)

    assert.match(events.map((event) => eventLine(event)).join(), /503 nack .*DEADLINE$/)
  })

  it('have of a dead letter in a topic what its attributes say', () => {
    const { events, watch } = createScene()
    const attributes = {
      'pubsub-mixpanel-id': '7-2',
      'pubsub-mixpanel-reason': 'invalid_event',
      'pubsub-mixpanel-field': 'event',
      'pubsub-mixpanel-detail': 'no name',
    }

    watch.published(LOCAL_DEAD_LETTER_TOPIC, [{ ...MESSAGE, attributes }, MESSAGE])

    assert.deepEqual(events, [
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
    const { events, watch } = createScene()
    const hang = { kind: 'hang' } as const
    const next = [1, 2].map((times) => ({ behaviour: hang, times }))

    watch.controlled(SETTINGS)
    watch.controlled({ ...SETTINGS, faults: { next, always: 'normally' } })
    watch.controlled({ ...SETTINGS, faults: { next: [], always: hang }, quota: { events: 5 } })
    watch.controlled({ ...SETTINGS, switches: { ...FAVOURED, poison: 'p' } })

    assert.deepEqual(
      events.map((event) => eventLine(event).replaceAll(/ +/g, ' ')),
      [
        'switched faults: {"kind":"hang"} 1 time, then {"kind":"hang"} 2 times, then none',
        'switched faults: {"kind":"hang"}',
        'switched quota: {"events":5}',
        'switched faults: none',
        'switched quota: unlimited',
        'switched poison: "p"',
      ],
    )
  })
})
