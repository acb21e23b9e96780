import { Module } from '@nestjs/common';
import { HealingModule } from '../healing';
import { AgentCards } from './agent-cards';
import { CardFetcher } from './card-fetcher';

@Module({ imports: [HealingModule], providers: [AgentCards, CardFetcher], exports: [AgentCards] })
export class CardsModule {}
