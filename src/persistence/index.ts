export { doubtOf } from './commit-in-doubt';
export { Database, type Tx } from './database';
export { networkFileSystemOf } from './folder-facts';
export { InstanceIdentity } from './instance-identity';
export { InstanceLock, type LockFacts } from './instance-lock';
export { readMigrations } from './migrator';
export { PersistenceModule } from './persistence.module';
export type { Schema } from './schema';
export { WriteQueue, type Work } from './write-queue';
