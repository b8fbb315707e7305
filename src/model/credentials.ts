/** The credentials that the service shows Mixpanel. */
export type MixpanelCredentials = Readonly<
  | { kind: 'project_token'; token: string }
  | { kind: 'service_account'; username: string; secret: string; projectId: string }
>
