import type { MixpanelCredentials } from '../../model/credentials.ts'

/** Returns the text of a server without the credentials, in any form in which they were sent. */
export function withoutSecrets(text: string, credentials: MixpanelCredentials): string {
  return formsOf(credentials).reduce((left, form) => left.replaceAll(form, '…'), text)
}

function formsOf(credentials: MixpanelCredentials): readonly string[] {
  if (credentials.kind === 'project_token') {
    const { token } = credentials
    return [token, base64(`${token}:`)]
  }
  const { username, secret } = credentials
  return [secret, base64(`${username}:${secret}`)]
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
