import { isHostAndPort } from '../../config/values.ts'
import { LEASE_SECONDS } from '../../dead-letter/leases.ts'
import { accessToPubsub } from '../../dead-letter/pubsub-access.ts'
import {
  createSubscriptionClient,
  MOST_PULLED,
  type SubscriptionClient,
} from '../../dead-letter/subscription-client.ts'
import {
  createSubscriptionLetters,
  type SubscriptionSeen,
} from '../../dead-letter/subscription-letters.ts'
import { stayAlive } from '../../lib/clock.ts'
import { countText, numberText } from '../frame/count-text.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { judgeSubscription, type LettersSubscription } from './judge-subscription.ts'
import type { LetterSource } from './letter-source.ts'
import { pubsubFailure } from './pubsub-failure.ts'

/** The time after which a command that sends nothing pulls no more. */
const READ_WITHIN_MS = 300_000

/** Makes a source of the letters in a subscription, by its full name. */
export function createSubscriptionSource(name: string, io: Io): LetterSource {
  const emulatorHost = emulatorIn(io.env)
  let judged: LettersSubscription | undefined

  return {
    name,
    place: { subscription: name },
    open: async ({ applies, window }) => {
      // From here on, a signal ends the command after it has given back what it holds.
      const ending = io.ending()
      const { credentials, ...place } = accessToPubsub(emulatorHost)
      const client = createSubscriptionClient({ ...place, name }, { clock: io.clock, credentials })
      judged ??= await askAndTell(client).catch((error: unknown) => {
        client.close()
        throw error
      })
      const letters = createSubscriptionLetters(
        {
          ackDeadlineMs: judged.ackDeadlineMs,
          pull: Math.min(window, MOST_PULLED),
          ...(!applies && { withinMs: READ_WITHIN_MS }),
        },
        { client, clock: io.clock, ending, failure: (answer) => failure(answer, 'consume') },
      )
      // A pause between two pulls would end the process.
      const rest = stayAlive()
      return {
        read: letters.read,
        record: (done) => letters.settle(done.map(({ letter }) => letter)),
        seen: () => seenOf(letters.seen()),
        close: () => letters.close().finally(rest),
      }
    },
  }

  async function askAndTell(client: SubscriptionClient): Promise<LettersSubscription> {
    const answer = await client.describe()
    if (answer.kind !== 'answered' || answer.status !== 200) throw failure(answer, 'get')
    const found = judgeSubscription(name, answer.body)
    for (const line of found.warnings) io.stderr.print(line)
    return found
  }

  function failure(answer: Parameters<typeof pubsubFailure>[0], verb: 'get' | 'consume'): Error {
    return pubsubFailure(answer, { name, emulatorHost, permission: `pubsub.subscriptions.${verb}` })
  }
}

function emulatorIn({ PUBSUB_EMULATOR_HOST: given }: Io['env']): string | undefined {
  const host = given?.trim() || undefined
  if (host === undefined || isHostAndPort(host)) return host
  throw new UserMistake('PUBSUB_EMULATOR_HOST must be a host and a port, such as 127.0.0.1:8085')
}

function seenOf(seen: SubscriptionSeen) {
  const { messages, endedBy, copies, foreign, unreadable } = seen
  const { unanswered, notAcked, notGivenBack } = seen
  const news = [
    endedBy && `${countText(messages, 'message')} ${LOOKED_AT[endedBy]}; there may be more`,
    unanswered > 0 &&
      `pulls that Pub/Sub did not answer, whose messages come again when their leases end: ${numberText(unanswered)}`,
    foreign > 0 && `messages that are no letters, and stay: ${numberText(foreign)}`,
    unreadable > 0 && `letters that cannot be read, and stay: ${numberText(unreadable)}`,
    copies > 0 &&
      `copies of whole messages, whose events get new ids unless they have an $insert_id: ${numberText(copies)}`,
    notAcked > 0 &&
      `messages of done letters that could not be acked, and may come again with the same ids: ${numberText(notAcked)}`,
    notGivenBack > 0 &&
      `messages that come again within ${LEASE_SECONDS} s only: ${numberText(notGivenBack)}`,
  ]
  return {
    news: news.filter((line) => typeof line === 'string'),
    isWhole: !endedBy && unanswered === 0,
    messages,
  }
}

const LOOKED_AT = {
  count: 'looked at, the most that a command holds',
  time: 'looked at in five minutes, the most time that a command takes',
} as const
