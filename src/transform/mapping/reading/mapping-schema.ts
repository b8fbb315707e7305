/** The keys of a shape. A rule that is a shape itself has them, too. */
const SHAPE_KEYS = {
  base: { $ref: '#/definitions/base' },
  each: { $ref: '#/definitions/template' },
  event: { $ref: '#/definitions/template' },
  distinct_id: { $ref: '#/definitions/template' },
  user_id: { $ref: '#/definitions/template' },
  device_id: { $ref: '#/definitions/template' },
  time: { $ref: '#/definitions/template' },
  insert_id: { $ref: '#/definitions/template' },
  groups: { $ref: '#/definitions/groups' },
  properties: { $ref: '#/definitions/properties' },
} as const

/**
 * The JSON schema of a mapping file, in draft-07 because editors know it. It is published as
 * `docs/mapping.schema.json`. The references `condition` and `template` mark the expressions.
 */
export const MAPPING_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'A mapping file of pubsub-mixpanel',
  description: 'Says what becomes of each event of a Pub/Sub subscription before Mixpanel gets it.',
  type: 'object',
  required: ['version'],
  anyOf: [
    { required: ['rules'] },
    { required: ['preset'] },
    { required: ['privacy'] },
    { required: ['module'] },
  ],
  dependencies: {
    module: { propertyNames: { enum: ['$schema', 'version', 'module', 'privacy', 'cases'] } },
  },
  additionalProperties: false,
  properties: {
    $schema: { description: 'The place of this schema, for editors.', type: 'string' },
    version: { description: 'The version of the form of this file.', const: 1 },
    preset: { $ref: '#/definitions/preset' },
    rules: {
      description: 'The rules, in order. The first that matches an event applies.',
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: { $ref: '#/definitions/rule' },
    },
    otherwise: {
      description:
        'The end of an event that neither the rules nor the preset know: pass (the default) takes ' +
        'it as it was published, drop leaves it out, reject makes it a dead letter.',
      enum: ['pass', 'drop', 'reject'],
    },
    privacy: {
      description: 'Steps that are applied to every event after the rules, in order.',
      type: 'array',
      minItems: 1,
      items: { $ref: '#/definitions/privacyStep' },
    },
    cases: {
      description: 'Tests of this file. The command `pubsub-mixpanel test` runs them.',
      type: 'array',
      items: { $ref: '#/definitions/case' },
    },
    module: {
      description:
        'The path of a JavaScript or TypeScript module in the place of the rules. A relative path ' +
        'starts at the folder of this file.',
      type: 'string',
      minLength: 1,
    },
  },
  definitions: {
    condition: {
      description: 'A CEL expression that is true or false. Put it in single quotes.',
      type: 'string',
      minLength: 1,
    },
    template: {
      description:
        `A text in which \${…} is a CEL expression. One that stands alone keeps its type. Put the ` +
        'text in single quotes.',
      type: 'string',
      minLength: 1,
    },
    preset: {
      description: 'The form of the events that no rule matches: a name, or a name with options.',
      if: { type: 'string' },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema.
      then: { $ref: '#/definitions/presetName' },
      else: {
        type: 'object',
        required: ['name'],
        properties: { name: { $ref: '#/definitions/presetName' } },
      },
    },
    presetName: {
      type: 'string',
      minLength: 1,
      examples: ['segment', 'cloudevents', 'sgtm', 'ga4', 'snowplow'],
    },
    rule: {
      title: 'A rule',
      description: 'Drops or rejects the events that it matches, or makes events of them.',
      type: 'object',
      required: ['name'],
      anyOf: [
        { required: ['drop'] },
        { required: ['reject'] },
        { required: ['events'] },
        { required: ['event'] },
        { required: ['base'] },
      ],
      dependencies: {
        drop: { propertyNames: { enum: ['name', 'when', 'drop'] } },
        reject: { propertyNames: { enum: ['name', 'when', 'reject'] } },
        events: { propertyNames: { enum: ['name', 'when', 'events'] } },
      },
      additionalProperties: false,
      properties: {
        name: {
          description: 'The name of the rule in metrics and error texts.',
          type: 'string',
          minLength: 1,
          maxLength: 100,
        },
        when: { $ref: '#/definitions/condition' },
        drop: { description: 'Leaves out the events that match.', const: true },
        reject: {
          description: 'Makes the events that match dead letters, with this text.',
          type: 'string',
          minLength: 1,
        },
        events: {
          description: 'The forms of several events that are made of one.',
          type: 'array',
          minItems: 1,
          items: { $ref: '#/definitions/shape' },
        },
        ...SHAPE_KEYS,
      },
    },
    shape: {
      title: 'The form of one event',
      type: 'object',
      anyOf: [{ required: ['event'] }, { required: ['base'] }],
      additionalProperties: false,
      properties: SHAPE_KEYS,
    },
    base: { description: 'Starts with the event that the preset makes.', const: 'preset' },
    groups: {
      description: 'The ids of the groups that the event belongs to, by their group keys.',
      type: 'object',
      minProperties: 1,
      additionalProperties: { $ref: '#/definitions/template' },
    },
    properties: {
      title: 'The properties of the event',
      description: 'The keys apply in this order, whatever their order in the file.',
      type: 'object',
      minProperties: 1,
      not: { required: ['pick', 'omit'] },
      additionalProperties: false,
      properties: {
        from: { $ref: '#/definitions/template' },
        pick: {
          description: 'The only names that are taken over.',
          $ref: '#/definitions/names',
        },
        omit: { description: 'The names that are not taken over.', $ref: '#/definitions/names' },
        flatten: {
          description: 'The levels of objects that stay. Deeper ones become dotted names.',
          type: 'integer',
          minimum: 1,
          maximum: 100,
        },
        rename: {
          description: 'New names of properties, by their old names.',
          type: 'object',
          minProperties: 1,
          additionalProperties: { type: 'string', minLength: 1 },
        },
        attributes: {
          description: 'The attributes of the message that become properties: names, or ce-*.',
          $ref: '#/definitions/names',
        },
        set: {
          description: 'Values by their names.',
          type: 'object',
          minProperties: 1,
          additionalProperties: { $ref: '#/definitions/value' },
        },
      },
    },
    value: { description: 'Any value. Each text in it is a template.' },
    names: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1 },
    },
    privacyStep: {
      title: 'A privacy step',
      type: 'object',
      oneOf: [
        { required: ['remove'] },
        { required: ['hash'] },
        { required: ['mask'] },
        { required: ['truncate'] },
        { required: ['ip'] },
      ],
      dependencies: { hash: ['key'], key: ['hash'] },
      additionalProperties: false,
      properties: {
        remove: { description: 'The paths that are removed.', $ref: '#/definitions/names' },
        hash: {
          description: 'ids, which are all names of identity, or the paths that are hashed.',
          if: { type: 'string' },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema.
          then: { type: 'string', const: 'ids' },
          else: { $ref: '#/definitions/names' },
        },
        key: {
          description: 'The name of the environment variable that holds the key of the hash.',
          type: 'string',
          pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
        },
        mask: {
          description: 'The number of last characters that stay, by path.',
          type: 'object',
          minProperties: 1,
          additionalProperties: { type: 'integer', minimum: 0 },
        },
        truncate: {
          description: 'The number of first characters that stay, by path.',
          type: 'object',
          minProperties: 1,
          additionalProperties: { type: 'integer', minimum: 0 },
        },
        ip: {
          description:
            'drop removes the address, keep leaves it, geo lets Mixpanel place the user and keep ' +
            'no address.',
          enum: ['drop', 'keep', 'geo'],
        },
      },
    },
    case: {
      title: 'A test case',
      type: 'object',
      required: ['name', 'expect'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', minLength: 1 },
        message: {
          description: 'The facts about the message besides its data.',
          type: 'object',
          additionalProperties: false,
          properties: {
            messageId: { type: 'string', minLength: 1 },
            publishTime: {
              description: 'RFC 3339.',
              type: 'string',
              pattern:
                '^\\d{4}-\\d\\d-\\d\\dT([01]\\d|2[0-3]):\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
            },
            subscription: { type: 'string' },
            orderingKey: { type: 'string' },
            attributes: { type: 'object', additionalProperties: { type: 'string' } },
          },
        },
        input: {
          description:
            'The data of the message. A text is published as it is, any other value as JSON. ' +
            'Without it the message has no data.',
        },
        expect: {
          description:
            'The events that Mixpanel gets: all their properties. [] when the input is dropped; ' +
            'reject with a part of the detail when it is rejected.',
          if: { type: 'array' },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema.
          then: { type: 'array', items: { $ref: '#/definitions/expected' } },
          else: { $ref: '#/definitions/rejection' },
        },
      },
    },
    expected: {
      title: 'An event, or a rejection',
      type: 'object',
      oneOf: [{ required: ['event', 'properties'] }, { required: ['reject'] }],
      additionalProperties: false,
      properties: {
        event: { type: 'string' },
        properties: {
          description: '{ $hashed: TEXT } stands for the hash of a text.',
          type: 'object',
        },
        reject: { type: 'string', minLength: 1 },
      },
    },
    rejection: {
      type: 'object',
      required: ['reject'],
      additionalProperties: false,
      properties: {
        reject: { description: 'A part of the detail.', type: 'string', minLength: 1 },
      },
    },
  },
} as const
