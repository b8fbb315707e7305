// The bundle puts this module into a file of its own, which is read when a token is needed first.
export { GoogleAuth } from 'google-auth-library'
