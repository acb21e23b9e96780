export { MirrorModule } from './mirror.module';
export { MirrorRestore } from './mirror-restore';
export { SupabaseMirror } from './supabase-mirror';
