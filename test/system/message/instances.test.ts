import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Course, courseOf, type History } from './instances-simulation.ts'

/** A message of 60,000 events at 3,000/s, where each event stands for a hundred. */
const LARGE = { events: 600, eventsPerSecond: 30 }
const WHOLE = { events: 60_000, eventsPerSecond: 3_000 }

describe('a message that takes longer than an ack deadline, pushed to a random instance each time', () => {
  it('comes to an end on ten instances within five deliveries most often, and eleven at most', async () => {
    const courses = await coursesOf(1_000, { instances: 10, ...LARGE })

    const deliveries = deliveriesIn(courses)
    assert.ok((deliveries[499] ?? 99) <= 5, `median ${deliveries[499]}`)
    assert.ok((deliveries[999] ?? 99) <= 11, `most ${deliveries[999]}`)
    assertWhole(courses, 10 * LARGE.events)
  })

  for (const [instances, most] of [
    [1, 2],
    [3, 4],
    [5, 6],
  ] as const) {
    it(`comes to an end on ${instances} within ${most} deliveries`, async () => {
      const courses = await coursesOf(100, { instances, ...LARGE })

      assert.ok((deliveriesIn(courses)[99] ?? 99) <= most)
      assertWhole(courses, instances * LARGE.events)
    })
  }

  it('comes to an end likewise when it has dead letters to write', async () => {
    const courses = await coursesOf(100, { instances: 10, badShare: 0.05, ...LARGE })

    assert.ok((deliveriesIn(courses)[99] ?? 99) <= 11)
    assertWhole(courses, 10 * LARGE.events)
  })

  it('comes to an end likewise at its real size', async () => {
    const courses = await coursesOf(5, { instances: 10, badShare: 0.01, ...WHOLE })

    assert.ok((deliveriesIn(courses)[4] ?? 99) <= 11)
    assertWhole(courses, 10 * WHOLE.events)
  })

  it('comes to an end, though later, where an instance has CPU only while it answers', async () => {
    const courses = await coursesOf(100, { instances: 10, freezes: true, ...LARGE })

    const deliveries = deliveriesIn(courses)
    assert.ok((deliveries[99] ?? 99) <= 30, `most ${deliveries[99]}`)
    assertWhole(courses, 10 * LARGE.events)
  })
})

async function coursesOf(
  count: number,
  history: Omit<History, 'seed'>,
): Promise<readonly Course[]> {
  const courses: Course[] = []
  for (let seed = 1; seed <= count; seed += 1) courses.push(await courseOf({ ...history, seed }))
  return courses
}

/** The fewest first. */
function deliveriesIn(courses: readonly Course[]): readonly number[] {
  return courses.map(({ deliveries }) => deliveries).sort((one, other) => one - other)
}

function assertWhole(courses: readonly Course[], mostSent: number): void {
  for (const { sent, neverSent, balanced } of courses) {
    assert.ok(sent <= mostSent, `${sent} sent`)
    assert.deepEqual([neverSent, balanced], [0, true])
  }
}
