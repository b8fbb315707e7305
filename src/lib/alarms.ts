import type { Clock } from './clock.ts'

/** A task and the monotonic instant at which it is due. Only the alarms change it. */
export interface Alarm {
  at: number
  /** Absent when it has run or was cancelled. */
  task: (() => void) | undefined
}

/**
 * Many deadlines on one timer. They are cheap when they are set in about the order in which they
 * are due.
 */
export interface Alarms {
  /** Runs `task` once, at the monotonic instant `at` or as soon after as the event loop turns. */
  set(at: number, task: () => void): Alarm
  /** Cancels an alarm. It does nothing once the task has run. */
  cancel(alarm: Alarm): void
  /**
   * Moves every alarm that is due later than `at` to `at`. Alarms that are set afterwards are not
   * moved.
   */
  pullTo(at: number): void
}

/** Makes alarms in one sorted list, with a single timer for its head. */
export function createAlarms(clock: Clock): Alarms {
  let pending: Alarm[] = []
  let head = 0
  /** The number of alarms that are to run. The others in the list have run or were cancelled. */
  let alive = 0
  let timer: { at: number; callOff: () => void } | undefined

  return { set, cancel, pullTo }

  function set(at: number, task: () => void): Alarm {
    const alarm: Alarm = { at, task }
    let place = pending.length
    while (place > head && (pending[place - 1]?.at ?? 0) > at) place -= 1
    pending.splice(place, 0, alarm)
    alive += 1
    wind()
    return alarm
  }

  function cancel(alarm: Alarm): void {
    if (!alarm.task) return
    // The alarm stays in the list for a while. Its task must not, nor anything that the task refers
    // to.
    alarm.task = undefined
    alive -= 1
    clean()
  }

  /**
   * Removes alarms that are over when they are most of the list. Any number of them may stand behind
   * one that is due late. There is no timer while no alarm is to run.
   */
  function clean(): void {
    if (pending.length <= 2 * alive) return
    pending = pending.filter(({ task }) => task)
    head = 0
    if (alive > 0) return
    timer?.callOff()
    timer = undefined
  }

  function pullTo(at: number): void {
    for (const alarm of pending) alarm.at = Math.min(alarm.at, at)
    wind()
  }

  /**
   * Sets the timer for the next alarm of the list. A timer that is too early stays: it is set again
   * when it fires.
   */
  function wind(): void {
    while (head < pending.length && pending[head]?.task === undefined) head += 1
    const next = pending[head]
    if (!next || (timer && timer.at <= next.at)) return
    timer?.callOff()
    const at = next.at
    timer = { at, callOff: clock.after(Math.max(0, at - clock.monotonic()), ring) }
  }

  function ring(): void {
    timer = undefined
    const now = clock.monotonic()
    for (let next = pending[head]; next && next.at <= now; next = pending[head]) {
      const { task } = next
      head += 1
      if (!task) continue
      next.task = undefined
      alive -= 1
      task()
    }
    clean()
    wind()
  }
}
