export { adminTokenFile } from './access-tokens';
export { AccessGuard, Needs, Open } from './access.guard';
export { AuthModule } from './auth.module';
export { hostsOfRequest, isAllowedHost } from './host-check';
export { includesRole, type AuthenticatedRequest, type Principal } from './principal';
export { RateGuard } from './rate-limit';
