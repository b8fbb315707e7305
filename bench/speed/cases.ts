import { CONTESTANTS, type ContestantName } from './contestant.ts'
import type { Shape } from './workload.ts'

/** One workload, and who is measured on it side by side. */
export interface Case extends Shape {
  readonly connections: number
  /** How long Mixpanel takes for its answer. */
  readonly mixpanelMs: number
  readonly contestants: readonly ContestantName[]
}

const FLOOR_AND_OURS: readonly ContestantName[] = ['bare Fastify', 'this service']

/** Those that the numbers of the design are read from. */
export const CASES: readonly Case[] = [
  { eventsAPush: 1, eventBytes: 300, connections: 256, mixpanelMs: 0, contestants: CONTESTANTS },
  {
    eventsAPush: 10,
    eventBytes: 300,
    connections: 256,
    mixpanelMs: 0,
    contestants: FLOOR_AND_OURS,
  },
  {
    eventsAPush: 10,
    eventBytes: 1_100,
    connections: 256,
    mixpanelMs: 0,
    contestants: FLOOR_AND_OURS,
  },
  {
    eventsAPush: 100,
    eventBytes: 300,
    connections: 256,
    mixpanelMs: 0,
    contestants: FLOOR_AND_OURS,
  },
  {
    eventsAPush: 1,
    eventBytes: 300,
    connections: 1_000,
    mixpanelMs: 50,
    contestants: ['recipe, Node', 'recipe, Python', 'this service'],
  },
]
