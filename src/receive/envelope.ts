import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

/** Far more than Pub/Sub takes: names of 256 bytes, texts of 1,024 bytes, and 100 attributes. */
const TEXT = { minLength: 1, maxLength: 1_024 } as const
const MAX_VALUE_LENGTH = 4_096
const MAX_ATTRIBUTES = 200

const ID = { type: ['string', 'null'], ...TEXT } as const
const OPTIONAL_TEXT = { type: ['string', 'null'], maxLength: TEXT.maxLength } as const

/**
 * The wrapped push envelope, as much of it as is read: cloud.google.com/pubsub/docs/push. Keys
 * unknown to us are ignored, because Google may add some. Both spellings stand beside each other
 * in production; either alone is taken. `null` stands for what is absent, as in the JSON of protobuf.
 * What goes far beyond Pub/Sub's limits is no push: nothing that Pub/Sub took can look so.
 */
export const PUSH_ENVELOPE = {
  type: 'object',
  required: ['message'],
  properties: {
    message: {
      type: 'object',
      anyOf: [
        { required: ['messageId'], properties: { messageId: { type: 'string' } } },
        { required: ['message_id'], properties: { message_id: { type: 'string' } } },
      ],
      properties: {
        messageId: ID,
        message_id: ID,
        data: { type: ['string', 'null'] },
        attributes: {
          type: ['object', 'null'],
          maxProperties: MAX_ATTRIBUTES,
          propertyNames: { maxLength: TEXT.maxLength },
          additionalProperties: { type: 'string', maxLength: MAX_VALUE_LENGTH },
        },
        publishTime: OPTIONAL_TEXT,
        publish_time: OPTIONAL_TEXT,
        orderingKey: OPTIONAL_TEXT,
      },
    },
    subscription: OPTIONAL_TEXT,
    deliveryAttempt: { type: ['integer', 'null'] },
  },
} as const satisfies JSONSchema

export type PushEnvelope = FromSchema<typeof PUSH_ENVELOPE>
