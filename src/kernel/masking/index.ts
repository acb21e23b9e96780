export { secretsOfHeaders } from './header-secrets';
export { maskedLine, maskSecrets } from './mask';
