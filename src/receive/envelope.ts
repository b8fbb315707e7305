import { Ajv } from 'ajv'
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

/**
 * Limits far above those of Pub/Sub: names of 256 bytes, texts of 1,024 bytes, and 100 attributes.
 */
const TEXT = { minLength: 1, maxLength: 1_024 } as const
const MAX_VALUE_LENGTH = 4_096
const MAX_ATTRIBUTES = 200

const ID = { type: ['string', 'null'], ...TEXT } as const
const OPTIONAL_TEXT = { type: ['string', 'null'], maxLength: TEXT.maxLength } as const

/**
 * The wrapped push envelope, as far as the service reads it: cloud.google.com/pubsub/docs/push.
 * Unknown keys are ignored, because Google may add some. Both spellings of a key occur in
 * production, and either alone is enough. `null` stands for an absent value, as in the JSON of
 * protobuf. A body far beyond Pub/Sub's limits is not a push: no message that Pub/Sub accepted
 * looks so.
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

/**
 * Whether a body is a push envelope. It coerces nothing into shape, and takes nothing away. The
 * schema allows `null` in unions of types. A test checks the schema itself: that takes longer than
 * all the rest of a start.
 */
export const isPushEnvelope = new Ajv({ allowUnionTypes: true, validateSchema: false }).compile(
  PUSH_ENVELOPE,
)
