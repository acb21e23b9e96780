export { AgentCards } from './agent-cards';
export { CardsModule } from './cards.module';
export { importRequestSchema } from './import-request';
export { SUPERVISION_EXTENSION } from './supervised-card';
