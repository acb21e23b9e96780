export { ApiModule } from './api.module';
export { configureHttp, type StartGate } from './http-server';
export { openApiDocument } from './openapi';
export { Readiness } from './readiness';
