export { adminTokenFile } from './access-tokens';
export { AccessGuard, Needs, Open, type AuthenticatedRequest } from './access.guard';
export { AuthModule } from './auth.module';
export { hostsNamed, isOurHost } from './host-check';
export { type Principal } from './principal';
export { RateGuard } from './rate.guard';
