export { ApiModule } from './api.module';
export { configureHttp } from './http-server';
export { openApiDocument } from './openapi';
